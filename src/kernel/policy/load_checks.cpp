// The checks of one argument.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

// Reads the keys of one argument's mapping. `path` and `url` may be written out or be short, with
// their keys directly under the argument.
class Checks {
 public:
  Checks(Build& build, const yaml::Node& node, ArgumentRule& argument)
      : build_(build), node_(node), argument_(argument) {}

  void read() {
    const bool read = build_.reading.keys(node_, Section::argument,
                                          [this](const yaml::Entry& key) { return take(key); });
    if (!read) return;
    finish_kind("path", {"under", "base"}, path_at_, [this] { add_path(); });
    finish_kind("url", {"host", "scheme", "query_max"}, url_at_, [this] { add_url(); });
    compare_bounds();
    check_origin(build_, argument_);
  }

 private:
  bool take(const yaml::Entry& key) {
    return take_list(key) || take_text(key) || take_number(key) ||
           read_origin(build_, key, argument_) || take_kind(key);
  }

  Check check(CheckKind kind, const yaml::Entry& key) const {
    return check_of(kind, argument_.rule.path + "/" + key.key, key.key_at);
  }

  void add(Check one, const yaml::Entry& key) {
    add_check(build_, argument_, std::move(one), key.value.at);
  }

  bool take_list(const yaml::Entry& key) {
    if (key.key == "not_in" &&
        (node_.entry("under") != nullptr || node_.entry("base") != nullptr)) {
      path_.not_in = globs(key.value);
      return true;
    }
    if (key.key != "in" && key.key != "not_in") return false;
    if (key.key == "in" && node_.entry("under") != nullptr) {
      build_.reading.mistake(
          key.key_at, "`in` beside `under` is not enforced by this version, so it is refused");
      return true;
    }
    Check one = check(key.key == "in" ? CheckKind::in : CheckKind::not_in, key);
    one.values = build_.lists.literals(build_.reading, key.value, key.key);
    if (!one.values.empty()) add(std::move(one), key);
    return true;
  }

  bool take_text(const yaml::Entry& key) {
    static constexpr std::array<std::pair<std::string_view, CheckKind>, 4> lists = {{
        {"prefix", CheckKind::prefix},
        {"email_domain", CheckKind::email_domain},
        {"cidr", CheckKind::cidr},
        {"hosts_in", CheckKind::hosts_in},
    }};
    for (const auto& [name, kind] : lists) {
      if (name != key.key) continue;
      Check one = check(kind, key);
      one.texts = texts(key.value, name);
      if (!one.texts.empty()) add(std::move(one), key);
      return true;
    }
    if (key.key != "matches") return false;
    if (const auto pattern = build_.reading.text(key.value, "matches")) {
      Check one = check(CheckKind::matches, key);
      one.texts = {*pattern};
      add(std::move(one), key);
    }
    return true;
  }

  bool take_number(const yaml::Entry& key) {
    if (key.key == "min" || key.key == "max") {
      const CheckKind kind = key.key == "min" ? CheckKind::min : CheckKind::max;
      const Rule rule{argument_.rule.path + "/" + key.key, key.key_at};
      if (auto one = bound_check(build_, kind, key.value, rule)) add(std::move(*one), key);
      return true;
    }
    if (key.key == "max_length") return take_count(key, CheckKind::max_length, 1);
    if (key.key == "max_items") {
      take_count(key, CheckKind::max_items, 0);
      // At most none: then none is what the call must say, by an empty list or by silence.
      if (key.value.as_integer() == 0) {
        argument_.min_items = 0;
        argument_.required = false;
      }
      return true;
    }
    if (key.key != "min_items") return false;
    const auto count = build_.reading.count(key.value, "min_items", {0, limits::length_max});
    if (!count) return true;
    argument_.min_items = *count;
    if (*count > 1) take_count(key, CheckKind::min_items, 0);
    return true;
  }

  bool take_count(const yaml::Entry& key, CheckKind kind, std::uint64_t least) {
    const auto count = build_.reading.count(key.value, key.key, {least, limits::length_max});
    if (!count) return true;
    Check one = check(kind, key);
    one.count = *count;
    add(std::move(one), key);
    return true;
  }

  bool take_kind(const yaml::Entry& key) {
    if (key.key == "required") {
      argument_.required = build_.reading.boolean(key.value, "required").value_or(true);
    } else if (key.key == "single_line") {
      const bool single = build_.reading.boolean(key.value, "single_line").value_or(true);
      argument_.lines_allowed = !single;
      if (single) add(check(CheckKind::single_line, key), key);
    } else if (key.key == "path") {
      path_at_ = &key;
      build_.reading.keys(key.value, Section::path, [this](const yaml::Entry& one) {
        return one.key == "not_in" ? (path_.not_in = globs(one.value), true) : take_path(one);
      });
      build_.reading.missing(key.value, Section::path, "under");
    } else if (key.key == "url") {
      url_at_ = &key;
      build_.reading.keys(key.value, Section::url,
                          [this](const yaml::Entry& one) { return take_url(one); });
      build_.reading.missing(key.value, Section::url, "host");
    } else if (key.key == "sql") {
      read_sql(build_, key, argument_);
    } else if (key.key == "shell" || key.key == "argv") {
      read_line_check(build_, key, argument_);
    } else if (key.key == "manifest") {
      read_manifest(build_, key, argument_);
    } else if (key.key == "json") {
      read_json(build_, key, argument_);
    } else if (key.key == "k8s_kind") {
      read_kinds(build_, key, argument_);
    } else {
      return take_path(key) || take_url(key);
    }
    return true;
  }

  bool take_path(const yaml::Entry& key) {
    if (key.key == "under") {
      for (const Placed& directory : build_.lists.texts(build_.reading, key.value, "under")) {
        if (absolute(directory, "under")) path_.under.push_back(directory.text);
      }
    } else if (key.key == "base") {
      const auto base = build_.reading.text(key.value, "base");
      if (base && absolute({*base, key.value.at}, "base")) path_.base = *base;
    } else {
      return false;
    }
    return true;
  }

  bool take_url(const yaml::Entry& key) {
    if (key.key == "host") {
      url_.hosts = texts(key.value, "host");
    } else if (key.key == "scheme") {
      url_.schemes = texts(key.value, "scheme");
    } else if (key.key == "query_max") {
      url_.query_max = build_.reading.count(key.value, "query_max", {0, limits::length_max});
    } else {
      return false;
    }
    return true;
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
    if (path_.under.empty()) return;  // reported
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
    if (url_.hosts.empty()) return;  // reported
    Check one = check(CheckKind::url, *at_);
    one.url = std::make_shared<const UrlCheck>(std::move(url_));
    add(std::move(one), *at_);
  }

  std::vector<std::string> texts(const yaml::Node& node, std::string_view what) {
    std::vector<std::string> out;
    for (Placed& text : build_.lists.texts(build_.reading, node, what)) {
      out.push_back(std::move(text.text));
    }
    return out;
  }

  std::vector<std::string> globs(const yaml::Node& node) {
    std::vector<std::string> out;
    for (Placed& glob : build_.lists.texts(build_.reading, node, "not_in")) {
      if (expandable(glob, "not_in")) continue;
      out.push_back(std::move(glob.text));
    }
    return out;
  }

  // A `~` or a variable would mean something to a shell; here nothing ever expands it.
  bool expandable(const Placed& text, std::string_view what) {
    if (!text.text.starts_with('~') && text.text.find('$') == std::string::npos) return false;
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
  UrlCheck url_;
  const yaml::Entry* path_at_ = nullptr;
  const yaml::Entry* url_at_ = nullptr;
  const yaml::Entry* at_ = nullptr;
};

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

void read_checks(Build& build, const yaml::Node& node, ArgumentRule& argument) {
  Checks(build, node, argument).read();
}

}  // namespace pawl
