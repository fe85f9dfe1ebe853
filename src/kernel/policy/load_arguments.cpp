// `args`: one rule per argument (rule 6), and its checks.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/constraint/argument_path.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

// Reads the keys of one argument's mapping. `path` and `url` may be written out or be short, with
// their keys directly under the argument.
constexpr std::string_view kPath = "path";
constexpr std::string_view kUnder = "under";
constexpr std::string_view kBase = "base";
constexpr std::string_view kSigns = "signs";
constexpr std::string_view kUrl = "url";
constexpr std::string_view kHost = "host";
constexpr std::string_view kScheme = "scheme";
constexpr std::string_view kQueryMax = "query_max";

class Checks {
 public:
  Checks(Build& build, const yaml::Node& node, ArgumentRule& argument)
      : build_(build), node_(node), argument_(argument) {}

  void read();

  void read_in(const yaml::Entry& key) {
    if (node_.entry(kUnder) != nullptr) {
      build_.reading.mistake(
          key.key_at, "`in` beside `under` is not enforced by this version, so it is refused");
    } else {
      values(CheckKind::in, key);
    }
  }

  void read_not_in(const yaml::Entry& key) {
    if (node_.entry(kUnder) != nullptr || node_.entry(kBase) != nullptr) {
      read_globs(key);
    } else {
      values(CheckKind::not_in, key);
    }
  }

  template <CheckKind Kind>
  void read_texts(const yaml::Entry& key) {
    Check one = check(Kind, key);
    one.named_only = Kind == CheckKind::hosts_in && only_named(key);
    if (!one.named_only) one.texts = texts_of(build_, key);
    if (!one.texts.empty() || one.named_only) add(std::move(one), key);
  }

  void read_matches(const yaml::Entry& key) {
    const auto pattern = build_.reading.text(key.value, key.key);
    if (!pattern) return;
    Check one = check(CheckKind::matches, key);
    one.texts = {*pattern};
    add(std::move(one), key);
  }

  template <CheckKind Kind>
  void read_bound(const yaml::Entry& key) {
    const Rule rule{argument_.rule.path + "/" + key.key, key.key_at};
    if (auto one = bound_check(build_, Kind, key.value, rule)) add(std::move(*one), key);
  }

  template <CheckKind Kind, std::uint64_t Least>
  void read_count(const yaml::Entry& key) {
    const auto number = build_.reading.count(key.value, key.key, {Least, limits::length_max});
    if (!number) return;
    Check one = check(Kind, key);
    one.count = *number;
    add(std::move(one), key);
  }

  void read_max_items(const yaml::Entry& key) {
    read_count<CheckKind::max_items, 0>(key);
    // At most none: then none is what the call must say, by an empty list or by silence.
    if (key.value.as_integer() != 0) return;
    argument_.min_items = 0;
    argument_.required = false;
  }

  void read_min_items(const yaml::Entry& key) {
    const auto number = build_.reading.count(key.value, key.key, {0, limits::length_max});
    if (!number) return;
    argument_.min_items = *number;
    if (*number > 1) read_count<CheckKind::min_items, 0>(key);
  }

  void read_single_line(const yaml::Entry& key) {
    const bool single = build_.reading.boolean(key.value, key.key).value_or(true);
    argument_.lines_allowed = !single;
    if (single) add(check(CheckKind::single_line, key), key);
  }

  void read_path(const yaml::Entry& key);
  void read_url(const yaml::Entry& key);

  void read_under(const yaml::Entry& key) {
    path_.named_only = only_named(key);
    if (path_.named_only) return;
    for (const Placed& directory : build_.lists.texts(build_.reading, key.value, key.key)) {
      if (absolute(directory, key.key)) path_.under.push_back(directory.text);
    }
  }

  void read_base(const yaml::Entry& key) {
    const auto base = build_.reading.text(key.value, key.key);
    if (base && absolute({*base, key.value.at}, key.key)) path_.base = *base;
  }

  void read_signs(const yaml::Entry& key) {
    const auto signs = build_.reading.text(key.value, key.key);
    if (!signs) return;
    if (signs->empty() || signs->find_first_not_of(path_signs) != std::string::npos) {
      build_.reading.mistake(key.value.at, fmt::format("`{}` is `{}`, expected `$`, `%` or `$%`",
                                                       key.key, escape_untrusted(*signs)));
      return;
    }
    for (const char sign : path_signs) {
      if (signs->find(sign) != std::string::npos) path_.signs += sign;
    }
  }

  void read_globs(const yaml::Entry& key) {
    for (Placed& glob : build_.lists.texts(build_.reading, key.value, key.key)) {
      if (!expandable(glob, key.key)) path_.not_in.push_back(std::move(glob.text));
    }
  }

  void read_host(const yaml::Entry& key) {
    url_.named_only = only_named(key);
    if (!url_.named_only) url_.hosts = texts_of(build_, key);
  }
  void read_scheme(const yaml::Entry& key) { url_.schemes = texts_of(build_, key); }
  void read_query_max(const yaml::Entry& key) {
    count<Between{0, limits::length_max}, &UrlCheck::query_max>(build_, url_, key);
  }

  template <auto Read>
  void read_by(const yaml::Entry& key) {
    Read(build_, argument_, key);
  }
  void read_required(const yaml::Entry& key) {
    boolean<&ArgumentRule::required>(build_, argument_, key);
  }

 private:
  // An empty list beside `or_from`: nothing but what comes from there.
  bool only_named(const yaml::Entry& key) const {
    return key.value.is_sequence() && key.value.items.empty() && node_.entry("or_from") != nullptr;
  }

  Check check(CheckKind kind, const yaml::Entry& key) const {
    return check_of(kind, argument_.rule.path + "/" + key.key, key.key_at);
  }

  void values(CheckKind kind, const yaml::Entry& key) {
    Check one = check(kind, key);
    one.values = build_.lists.literals(build_.reading, key.value, key.key);
    if (!one.values.empty()) add(std::move(one), key);
  }

  void add(Check one, const yaml::Entry& key) {
    add_check(build_, argument_, std::move(one), key.value.at);
  }

  // `long_form` written out and its short keys beside it would be two rules for one thing.
  void finish_kind(std::string_view long_form, std::initializer_list<std::string_view> short_keys,
                   const yaml::Entry* written, const std::function<void()>& add_it) {
    const yaml::Entry* first = nullptr;
    for (const std::string_view name : short_keys) {
      const yaml::Entry* key = node_.entry(name);
      if (key == nullptr) continue;
      first = first == nullptr ? key : first;
      if (written != nullptr) {
        build_.reading.mistake(key->key_at, fmt::format("`{}` belongs into `{}` of line {}", name,
                                                        long_form, written->key_at.line));
      }
    }
    if (written == nullptr && first == nullptr) return;
    at_ = written == nullptr ? first : written;
    if (written == nullptr && node_.entry(*short_keys.begin()) == nullptr) {
      build_.reading.mistake(
          first->key_at, fmt::format("`{}` needs `{}` beside it", first->key, *short_keys.begin()));
    } else {
      add_it();
    }
  }

  void add_path() {
    if (path_.under.empty() && !path_.named_only) return;  // reported
    for (std::string directory : path_.under) {
      while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
      const std::string place = build_.sources.place ? build_.sources.place(directory) : "";
      if (place.empty() || place == directory) continue;
      path_.leads[directory] = build_.policy.links[directory] = place;
    }
    Check one = check(CheckKind::path, *at_);
    one.path = std::make_shared<const PathCheck>(std::move(path_));
    add(std::move(one), *at_);
  }

  void add_url() {
    if (url_.hosts.empty() && !url_.named_only) return;  // reported
    Check one = check(CheckKind::url, *at_);
    one.url = std::make_shared<const UrlCheck>(std::move(url_));
    add(std::move(one), *at_);
  }

  // Whatever stands first: what `under` may hold follows from it.
  void look_for_dollar(const yaml::Node& node) {
    const yaml::Entry* signs = node.is_map() ? node.entry(kSigns) : nullptr;
    if (signs == nullptr) return;
    dollar_ = dollar_ || signs->value.text.find('$') != std::string::npos;
  }

  // A `~` or a variable would mean something to a shell; here nothing ever expands it.
  bool expandable(const Placed& text, std::string_view what) {
    const bool dollar = !dollar_ && text.text.find('$') != std::string::npos;
    if (!text.text.starts_with('~') && !dollar) return false;
    build_.reading.mistake(text.at,
                           fmt::format("`{}` holds `{}`: a leading `~` or a variable is never "
                                       "expanded, write the directory out",
                                       what, escape_untrusted(text.text)));
    return true;
  }

  bool absolute(const Placed& directory, std::string_view what) {
    if (expandable(directory, what)) return false;
    if (directory.text.starts_with('/')) return true;
    build_.reading.mistake(directory.at, fmt::format("`{}` is `{}`, expected an absolute directory",
                                                     what, escape_untrusted(directory.text)));
    return false;
  }

  // Bounds that leave nothing, and values that are permitted and denied.
  void compare_bounds() {
    const Check* min = find(CheckKind::min);
    const Check* max = find(CheckKind::max);
    if (min != nullptr && max != nullptr && *min->bound > *max->bound) {
      nothing_matches(max->rule.at, "`min` is greater than `max`");
    }
    const Check* items = find(CheckKind::max_items);
    if (items != nullptr && items->count < argument_.min_items) {
      nothing_matches(items->rule.at, "`min_items` is greater than `max_items`");
    }
    if (const Check* argv = find(CheckKind::argv); argv != nullptr && argument_.checks.size() > 1) {
      build_.reading.mistake(argv->rule.at,
                             "`argv` judges the whole list, so no other check can "
                             "stand beside it");
    }
    const Check* in = find(CheckKind::in);
    const Check* not_in = find(CheckKind::not_in);
    if (in == nullptr || not_in == nullptr) return;
    const bool some = std::ranges::any_of(in->values, [&](const Literal& value) {
      return std::ranges::none_of(not_in->values,
                                  [&](const Literal& other) { return other.json == value.json; });
    });
    if (!some) nothing_matches(not_in->rule.at, "`not_in` takes away every value of `in`");
  }

  const Check* find(CheckKind kind) const {
    const auto found = std::ranges::find(argument_.checks, kind, &Check::kind);
    return found == argument_.checks.end() ? nullptr : &*found;
  }

  void nothing_matches(const Position& at, std::string_view why) {
    build_.reading.mistake(at, fmt::format("no value can match: {}", why));
  }

  Build& build_;
  const yaml::Node& node_;
  ArgumentRule& argument_;
  PathCheck path_;
  bool dollar_ = false;  // `signs` has it
  UrlCheck url_;
  const yaml::Entry* path_at_ = nullptr;
  const yaml::Entry* url_at_ = nullptr;
  const yaml::Entry* at_ = nullptr;
};

constexpr auto kArgumentKeys = section_keys<Build, Checks>(
    Section::argument,
    {
        {"in", "list of values", "every value", 6, "The values it may have.",
         method<&Checks::read_in>},
        {"not_in", "list of values", "no value", 6,
         "The values it must not have; beside `under`, globs of paths.",
         method<&Checks::read_not_in>},
        {"min", "number", "none", 6, "Least value.", method<&Checks::read_bound<CheckKind::min>>},
        {"max", "number", "none", 6, "Greatest value.",
         method<&Checks::read_bound<CheckKind::max>>},
        {"matches", "text", "none", 6, "A pattern (RE2) for the whole value.",
         method<&Checks::read_matches>},
        {"prefix", "text or list of texts", "none", 6, "What the value starts with.",
         method<&Checks::read_texts<CheckKind::prefix>>},
        {"max_length", "whole number", "none", 6, "Most characters.",
         method<&Checks::read_count<CheckKind::max_length, 1>>},
        {"max_items", "whole number", "none", 6,
         "Most elements; `0` means that the argument must be empty or absent.",
         method<&Checks::read_max_items>},
        {"min_items", "whole number", "1", 4, "Fewest elements; `0` permits an empty array.",
         method<&Checks::read_min_items>},
        {"required", "true or false", "true", 4, "`false` permits a call without this argument.",
         method<&Checks::read_required>},
        {"single_line", "true or false", "true unless the schema says long text", 6,
         "Refuses line breaks and control characters.", method<&Checks::read_single_line>},
        {kPath, mapping(Section::path), "none", 6, "A path in the file system.",
         method<&Checks::read_path>},
        {kUnder, "text or list of texts", "none", 6, "Short for `path: {under: …}`.",
         method<&Checks::read_under>},
        {kBase, "text", "none", 6, "Short for `path: {base: …}`.", method<&Checks::read_base>},
        {kSigns, "text", "none", 6, "Short for `path: {signs: …}`.", method<&Checks::read_signs>},
        {kUrl, mapping(Section::url), "none", 6, "A URL.", method<&Checks::read_url>},
        {kHost, "text or list of texts", "none", 6, "Short for `url: {host: …}`.",
         method<&Checks::read_host>},
        {kScheme, "text or list of texts", "https", 6, "Short for `url: {scheme: …}`.",
         method<&Checks::read_scheme>},
        {kQueryMax, "whole number", "none", 6, "Short for `url: {query_max: …}`.",
         method<&Checks::read_query_max>},
        {"email_domain", "text or list of texts", "none", 6,
         "One mail address in one of these domains.",
         method<&Checks::read_texts<CheckKind::email_domain>>},
        {"cidr", "text or list of texts", "none", 6, "An address in one of these networks.",
         method<&Checks::read_texts<CheckKind::cidr>>},
        {"hosts_in", "text or list of texts", "none", 6,
         "Every link in the text leads to one of these hosts.",
         method<&Checks::read_texts<CheckKind::hosts_in>>},
        {"from", "source or list of sources", "anywhere", 6,
         "Where the value must come from: `user` (the sponsor's words), `{result: tool.field}`, "
         "or a `$name` of `sources`.",
         method<&Checks::read_by<&read_from>>},
        {"or_from", "source or list of sources", "nowhere", 6,
         "Where what `in`, `email_domain`, `cidr`, `url`, `hosts_in` or `under` lacks may come "
         "from: "
         "the value, for `url` and `hosts_in` its hosts, for `under` a directory above. Beside an "
         "empty list of these three nothing else is permitted.",
         method<&Checks::read_by<&read_or_from>>},
        {"else", "`deny` or `hold`", "deny", 6,
         "What a value asks for that a check of this argument does not accept, whatever its kind; "
         "`hold` asks a person. What is missing, or is not spelled in one way, is denied.",
         method<&Checks::read_by<&read_failing>>},
        {"sql", mapping(Section::sql), "none", 6,
         "SQL, read by PostgreSQL's own parser; all that it does must be listed.",
         method<&Checks::read_by<&read_sql>>},
        {"shell", mapping(Section::shell), "none", 6,
         "A command line; every simple command of it must be listed.",
         method<&Checks::read_by<&read_shell>>},
        {"argv", mapping(Section::argv), "none", 6,
         "The words of a command that no shell reads, judged as a whole.",
         method<&Checks::read_by<&read_argv>>},
        {"manifest", mapping(Section::manifest), "none", 6,
         "YAML or JSON documents for a cluster inside of a text; all that they hold is judged.",
         method<&Checks::read_by<&read_manifest>>},
        {"json", "mapping of members", "none", 6,
         "An object of JSON inside of a text: its members are judged like arguments, and others "
         "are "
         "refused.",
         method<&Checks::read_by<&read_json>>},
        {"k8s_kind", mapping(Section::k8s_kind), "none", 6,
         "A kind of object of a cluster, by meaning: `secret`, `Secrets` and `secrets.v1` are one.",
         method<&Checks::read_by<&read_kinds>>},
        {"aws_cli", "mapping", "", 6, "A command line of a cloud."},
        {"if", "expression", "", 7, "A condition."},
    });

constexpr auto kPathKeys = section_keys<Build, Checks>(
    Section::path,
    {
        {kUnder, "text or list of texts", "required", 6, "Absolute directories.",
         method<&Checks::read_under>},
        {"not_in", "text or list of texts", "none", 6, "Globs that the path must not match.",
         method<&Checks::read_globs>},
        {kBase, "text", "none", 6, "The absolute directory that relative paths start from.",
         method<&Checks::read_base>},
        {kSigns, "text", "none", 6,
         "Signs that the tool takes as they stand: `routes/$id.tsx` is then the name of a file.",
         method<&Checks::read_signs>},
    });

constexpr auto kUrlKeys = section_keys<Build, Checks>(
    Section::url, {
                      {kHost, "text or list of texts", "required", 6,
                       "Exact names, or `*.example.org`.", method<&Checks::read_host>},
                      {kScheme, "text or list of texts", "https", 6, "Permitted schemes.",
                       method<&Checks::read_scheme>},
                      {kQueryMax, "whole number", "none", 6, "Most bytes of the query.",
                       method<&Checks::read_query_max>},
                  });

void Checks::read_path(const yaml::Entry& key) {
  path_at_ = &key;
  look_for_dollar(key.value);
  read_section(build_, key.value, kPathKeys, *this);
}

void Checks::read_url(const yaml::Entry& key) {
  url_at_ = &key;
  read_section(build_, key.value, kUrlKeys, *this);
}

void Checks::read() {
  look_for_dollar(node_);
  if (!read_section(build_, node_, kArgumentKeys, *this)) return;
  finish_kind(kPath, {kUnder, kBase, kSigns}, path_at_, [this] { add_path(); });
  finish_kind(kUrl, {kHost, kScheme, kQueryMax}, url_at_, [this] { add_url(); });
  compare_bounds();
  check_origin(build_, argument_);
  know_purpose(argument_, nullptr);
}

}  // namespace

Check check_of(CheckKind kind, const std::string& path, const Position& at) {
  Check check{};
  check.kind = kind;
  check.rule = {path, at};
  return check;
}

void add_check(Build& build, ArgumentRule& argument, Check check, const Position& at) {
  if (const Status compiled = compile(check); !compiled) {
    build.reading.mistake(at, compiled.error().message);
    return;
  }
  argument.checks.push_back(std::move(check));
}

std::optional<Check> bound_check(Build& build, CheckKind kind, const yaml::Node& node, Rule rule) {
  const std::string what(rule.path.substr(rule.path.rfind('/') + 1));
  if (!node.as_number()) {
    const bool expression = node.is_scalar() && looks_like_expression(node.text);
    build.reading.mistake(
        node.at,
        expression ? fmt::format("`{}` is an expression here, and takes a plain number only", what)
                   : fmt::format("`{}` must be a number, found {}", what, node.described()));
    return std::nullopt;
  }
  const auto literal = literal_of(build.reading, node, what);
  if (!literal) return std::nullopt;
  Check check = check_of(kind, rule.path, rule.at);
  check.exact_bound = literal->integer;
  check.bound = literal->number;
  return check;
}

void list_argument_keys(std::vector<Key>& into) {
  kArgumentKeys.list(into);
}

void list_path_keys(std::vector<Key>& into) {
  kPathKeys.list(into);
  kUrlKeys.list(into);
}

void read_checks(Build& build, const yaml::Node& node, ArgumentRule& argument) {
  Checks(build, node, argument).read();
}

namespace {

// All checks of one argument belong into one rule, so a path may be written once.
const ArgumentRule* same_path(const ToolRule& rule, const ArgumentPath& path) {
  const std::string text = to_string(path);
  for (const ArgumentRule& other : rule.arguments) {
    if (other.plural.empty() && to_string(other.path) == text) return &other;
  }
  return nullptr;
}

// A list means `in`, a scalar equality.
void read_plain(Build& build, const yaml::Node& value, std::string_view name,
                ArgumentRule& argument) {
  Check check = check_of(CheckKind::in, argument.rule.path, argument.rule.at);
  check.values = build.lists.literals(build.reading, value, name);
  if (!check.values.empty()) add_check(build, argument, std::move(check), value.at);
}

// What an argument must be, at its place or where its `$name` stands for it.
void read_value(Build& build, const yaml::Node& value, const std::string& name,
                ArgumentRule& argument) {
  switch (value.kind) {
    case yaml::Kind::map:
      if (value.entries.empty()) {
        build.reading.mistake(value.at, fmt::format("`{}` says nothing", escape_untrusted(name)));
      }
      read_checks(build, value, argument);
      break;
    case yaml::Kind::scalar:
    case yaml::Kind::sequence:
      read_plain(build, value, name, argument);
      break;
    case yaml::Kind::null:
      build.reading.mistake(value.at,
                            fmt::format("`{}` has no value: expected a value, a list or a mapping "
                                        "of checks",
                                        escape_untrusted(name)));
      break;
  }
}

// How mistakes call the mapping, also where it stands for something else, as in `if` and `json`.
constexpr std::string_view kArgs = "args";

void read_argument(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule) {
  const auto parsed = parse_argument_path(key.key);
  if (!parsed) {
    build.reading.mistake(key.key_at, parsed.error().message);
    return;
  }
  ArgumentRule argument;
  argument.path = *parsed;
  argument.rule = {path + "/" + key.key, key.key_at};
  if (const ArgumentRule* other = same_path(rule, argument.path)) {
    build.reading.mistake(key.key_at,
                          fmt::format("the argument `{}` is there twice; the first is in line {}",
                                      escape_untrusted(key.key), other->rule.at.line));
    return;
  }
  follow_name(build, key.value, Shared::fragment,
              [&](const yaml::Node& value) { read_value(build, value, key.key, argument); });
  if (!argument.path.empty()) rule.named.push_back(step_text(argument.path.front().name));
  rule.arguments.push_back(std::move(argument));
}

}  // namespace

void read_arguments(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule) {
  build.reading.names(key.value, kArgs, [&](const yaml::Entry& argument) {
    read_argument(build, argument, path, rule);
  });
}

}  // namespace pawl
