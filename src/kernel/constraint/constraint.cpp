// From what the policy's author wrote to what the evaluator reads.
#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/json_pointer.h"
#include "base/text.h"
#include "kernel/constraint/argument_path.h"
#include "kernel/constraint/check_value.h"
#include "kernel/constraint/compiled.h"
#include "kernel/constraint/constraint.h"
#include "kernel/constraint/origin_check.h"
#include "kernel/constraint/url_text.h"
#include "lang/document/kinds.h"

namespace pawl {
namespace {

constexpr std::size_t pattern_bytes_max = 4096;
constexpr std::int64_t pattern_memory_bytes_max = 2L << 20;  // of program and state cache

Status compile_literals(Check& check) {
  if (check.values.empty()) return fail(ErrorKind::invalid, "the list of values is empty");
  for (Literal& literal : check.values) {
    PAWL_TRY(complete(literal));
  }
  check.index = std::make_shared<const LiteralSet>(check.values);
  return {};
}

Status compile_pattern(Check& check) {
  if (check.pattern == nullptr) {
    if (check.texts.size() != 1) return fail(ErrorKind::invalid, "`matches` needs one pattern");
    const std::string& written = check.texts.front();
    if (written.empty()) return fail(ErrorKind::invalid, "an empty pattern matches nothing of use");
    if (written.size() > pattern_bytes_max) {
      return fail(ErrorKind::invalid,
                  fmt::format("the pattern is longer than {} bytes", pattern_bytes_max));
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(pattern_memory_bytes_max);
    check.pattern = std::make_shared<const re2::RE2>(written, options);
  }
  if (!check.pattern->ok()) {
    return fail(ErrorKind::invalid, fmt::format("`{}` is not a pattern of RE2: {}",
                                                escape_untrusted(check.pattern->pattern()),
                                                escape_untrusted(check.pattern->error())));
  }
  return {};
}

Status compile_prefixes(const Check& check) {
  if (check.texts.empty()) return fail(ErrorKind::invalid, "`prefix` needs a text");
  for (const std::string& text : check.texts) {
    if (text.empty()) return fail(ErrorKind::invalid, "an empty `prefix` allows everything");
  }
  return {};
}

Status compile_bound(const Check& check) {
  if (check.bound || check.exact_bound) return {};
  return fail(ErrorKind::invalid, fmt::format("`{}` needs a number", to_string(check.kind)));
}

Status compile_hosts(Check& check, HostSet::Entries entries) {
  if (check.named_only && check.texts.empty()) {
    check.index = std::make_shared<const HostSet>();
    return {};
  }
  Result<HostSet> hosts = HostSet::make(check.texts, entries);
  PAWL_TRY(hosts);
  check.index = std::make_shared<const HostSet>(std::move(*hosts));
  return {};
}

Status compile_prefixes_of_addresses(Check& check) {
  if (check.texts.empty()) return fail(ErrorKind::invalid, "the list of address ranges is empty");
  std::vector<Prefix> prefixes;
  for (const std::string& text : check.texts) {
    const std::optional<Prefix> prefix = parse_prefix(text);
    if (!prefix) {
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` is not an address range in canonical spelling, such as "
                              "`10.0.0.0/8` or `2001:db8::/32`",
                              escape_untrusted(text)));
    }
    prefixes.push_back(*prefix);
  }
  check.index = std::make_shared<const std::vector<Prefix>>(std::move(prefixes));
  return {};
}

Status compile_path_check(Check& check) {
  if (check.path == nullptr) return fail(ErrorKind::invalid, "`path` needs `under`");
  Result<PathRule> rule = compile_path(*check.path);
  PAWL_TRY(rule);
  check.path = std::make_shared<const PathCheck>(PathCheck{.under = rule->under,
                                                           .not_in = check.path->not_in,
                                                           .base = rule->base,
                                                           .leads = rule->leads,
                                                           .signs = rule->signs,
                                                           .named_only = check.path->named_only});
  check.index = std::make_shared<const PathRule>(std::move(*rule));
  return {};
}

Status compile_url(Check& check) {
  if (check.url == nullptr) return fail(ErrorKind::invalid, "`url` needs `host`");
  UrlCheck canonical = *check.url;
  for (std::string& host : canonical.hosts) host = lower_ascii(host);
  if (canonical.schemes.empty()) canonical.schemes = {"https"};
  for (std::string& scheme : canonical.schemes) {
    scheme = lower_ascii(scheme);
    UrlParts parts;
    if (!read_url(scheme + "://host.example", parts).empty()) {
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` is not a scheme", escape_untrusted(scheme)));
    }
  }
  Result<HostSet> hosts = HostSet();
  if (!canonical.named_only || !canonical.hosts.empty()) {
    hosts = HostSet::make(canonical.hosts, HostSet::Entries::hosts);
  }
  PAWL_TRY(hosts);
  check.index = std::make_shared<const UrlRule>(
      UrlRule{std::move(*hosts), canonical.schemes, canonical.query_max});
  check.url = std::make_shared<const UrlCheck>(std::move(canonical));
  return {};
}

Status compile_sql(Check& check) {
  if (check.sql == nullptr) return fail(ErrorKind::internal, "a check of SQL without a rule");
  sql::SqlRule rule = *check.sql;
  PAWL_TRY(sql::compile(rule));
  check.sql = std::make_shared<const sql::SqlRule>(std::move(rule));
  check.index = check.sql;
  return {};
}

Status compile_manifest(Check& check) {
  if (check.manifest == nullptr) return fail(ErrorKind::internal, "a manifest without a rule");
  document::ManifestRule rule = *check.manifest;
  PAWL_TRY(document::compile(rule));
  check.manifest = std::make_shared<const document::ManifestRule>(std::move(rule));
  check.index = check.manifest;
  return {};
}

Status compile_members(Check& check) {
  if (check.members == nullptr || check.members->empty()) {
    return fail(ErrorKind::invalid, "`json` names no member");
  }
  for (const ArgumentRule& rule : *check.members) {
    if (rule.path.empty() || rule.path.front().each) {
      return fail(ErrorKind::invalid, "a member of `json` needs a name");
    }
  }
  check.index = check.members;
  return {};
}

Status compile_kinds(Check& check) {
  PAWL_TRY(document::compile_kinds(check.texts));
  check.index = std::make_shared<const std::vector<std::string>>(check.texts);
  return {};
}

}  // namespace

std::string ArgumentRule::name() const {
  return plural.empty() ? to_string(path) : plural;
}

bool ArgumentRule::may_hold() const {
  if (otherwise == Effect::hold) return true;
  return std::ranges::any_of(checks, [](const Check& check) {
    return check.members && std::ranges::any_of(*check.members, &ArgumentRule::may_hold);
  });
}

const CheckTraits& traits(CheckKind kind) {
  using enum CheckKind;
  using Of = CheckTraits::Of;
  // clang-format off
  //   kind          name            of            whole  apart  stands named
  static constexpr std::array rows = std::to_array<CheckTraits>({
    {in,           "in",           Of::anything, true,  true,  true,  true},
    {not_in,       "not_in",       Of::anything, false, true,  false, false},
    {min,          "min",          Of::number,   false, true,  false, true},
    {max,          "max",          Of::number,   false, true,  false, true},
    {matches,      "matches",      Of::text,     true,  true,  false, false},
    {prefix,       "prefix",       Of::text,     false, true,  false, true},
    {max_length,   "max_length",   Of::text,     false, true,  false, true},
    {max_items,    "max_items",    Of::list,     false, true,  false, true},
    {min_items,    "min_items",    Of::list,     false, true,  false, true},
    {single_line,  "single_line",  Of::text,     false, false, false, false},
    {path,         "path",         Of::text,     true,  false, true,  true},
    {url,          "url",          Of::text,     true,  false, true,  true},
    {email_domain, "email_domain", Of::text,     true,  false, true,  true},
    {cidr,         "cidr",         Of::text,     true,  false, true,  true},
    {hosts_in,     "hosts_in",     Of::text,     false, false, true,  true},
    {sql,          "sql",          Of::text,     true,  false, false, false},
    {shell,        "shell",        Of::text,     true,  false, false, false},
    {argv,         "argv",         Of::words,    true,  false, false, false},
    {manifest,     "manifest",     Of::text,     true,  false, false, false},
    {json,         "json",         Of::text,     true,  false, false, false},
    {k8s_kind,     "k8s_kind",     Of::text,     true,  false, false, false},
  });
  // clang-format on
  static_assert(rows.size() == static_cast<std::size_t>(k8s_kind) + 1 &&
                std::ranges::is_sorted(rows, std::ranges::less_equal{}, &CheckTraits::kind));
  return rows[static_cast<std::size_t>(kind)];
}

std::string_view to_string(CheckKind kind) {
  return traits(kind).name;
}

Status compile(Check& check) {
  switch (check.kind) {
    case CheckKind::in:
    case CheckKind::not_in:
      return compile_literals(check);
    case CheckKind::min:
    case CheckKind::max:
      return compile_bound(check);
    case CheckKind::matches:
      return compile_pattern(check);
    case CheckKind::prefix:
      return compile_prefixes(check);
    case CheckKind::max_length:
    case CheckKind::max_items:
    case CheckKind::min_items:
    case CheckKind::single_line:
      return {};
    case CheckKind::path:
      return compile_path_check(check);
    case CheckKind::url:
      return compile_url(check);
    case CheckKind::email_domain:
      return compile_hosts(check, HostSet::Entries::domains);
    case CheckKind::cidr:
      return compile_prefixes_of_addresses(check);
    case CheckKind::hosts_in:
      return compile_hosts(check, HostSet::Entries::hosts);
    case CheckKind::sql:
      return compile_sql(check);
    case CheckKind::shell:
    case CheckKind::argv:
      if (check.line == nullptr) return fail(ErrorKind::internal, "a line without rows");
      check.index = check.line;
      return {};
    case CheckKind::manifest:
      return compile_manifest(check);
    case CheckKind::json:
      return compile_members(check);
    case CheckKind::k8s_kind:
      return compile_kinds(check);
  }
  return fail(ErrorKind::internal, "a check of an unknown kind");
}

// Walks to the values that an argument rule is about and checks each of them.

namespace {

class Walk {
 public:
  Walk(const ArgumentRule& rule, std::span<const PathFact> facts,
       std::span<const sql::Fact> statements, std::span<const OriginFact> origins,
       std::vector<Rewrite>& rewrites)
      : rule_(rule),
        facts_(facts),
        statements_(statements),
        origins_(origins),
        rewrites_(rewrites) {}

  // False: a violation that no person can let pass.
  bool begin(json::View arguments, const Shape* shape);
  bool counts();
  std::optional<Violation> take() { return std::move(violation_); }

 private:
  bool descend(json::View value, std::size_t step, const Shape* shape, bool element);
  bool each(json::View list, std::size_t step, std::size_t next, const Shape* shape);
  bool member(json::View object, std::size_t step, const Shape* shape);
  bool missing(json::View object, std::string_view name, std::size_t step);
  bool holds_list(std::size_t step) const;
  bool bound_by_call(json::View arguments, const Shape* shape);
  bool leaf(json::View value, const Shape* shape);
  bool one_line(const CheckedValue& value);
  bool locate(const Check& check, json::View value, const Origin& origin, std::string_view& text);
  const PathFact* fact(std::string_view pointer);
  std::string unresolved() const;
  bool judge_sql(const Check& check, json::View value);
  bool judge(const Check& check, const CheckedValue& value, const Origin& origin);
  bool judge_origin(const Origin& origin);
  Origin origin_of();

  bool refuse(const Rule& rule, std::size_t steps, std::string says, Code code = Code::constraint);
  bool object(const Rule& rule, std::string says, Code code, bool asks = false);
  bool wants_nothing() const;
  std::string argument(std::size_t steps) const;
  std::string pointer() const;
  std::string_view last_name() const;

  // Which element was taken before (a name) or at (an `[]`) a step of the path.
  struct Taken {
    std::uint32_t step;
    std::uint32_t index;
  };

  const ArgumentRule& rule_;
  std::span<const PathFact> facts_;
  std::span<const sql::Fact> statements_;
  std::span<const OriginFact> origins_;
  std::vector<Rewrite>& rewrites_;
  std::size_t next_fact_ = 0;  // facts come in the order of the values
  std::unordered_map<std::string_view, std::vector<const OriginFact*>> by_pointer_;
  std::uint64_t reached_ = 0;
  bool present_ = false;
  std::string_view head_;  // the argument that a plural was bound to for this call
  std::string joined_;
  std::uint32_t depth_ = 0;
  std::array<Taken, 2 * path_steps_max + 1> taken_;  // only the first depth_ are set
  std::optional<Violation> violation_;
};

bool Walk::refuse(const Rule& rule, std::size_t steps, std::string says, Code code) {
  violation_.emplace(Violation{&rule, argument(steps), std::move(says), code});
  return false;
}

// A value that a check does not accept. Where a person may, the walk goes on, because something
// that no person can let pass may stand behind it; the first such value is reported. `asks` where
// the check says so itself.
bool Walk::object(const Rule& rule, std::string says, Code code, bool asks) {
  const bool hold = (asks || rule_.otherwise == Effect::hold) &&
                    (code == Code::constraint || code == Code::origin);
  if (!hold) return refuse(rule, rule_.path.size(), std::move(says), code);
  if (!violation_) {
    violation_.emplace(Violation{&rule, argument(rule_.path.size()), std::move(says), code, true});
  }
  return true;
}

std::string Walk::argument(std::size_t steps) const {
  std::string out(head_);
  std::uint32_t used = 0;
  for (std::size_t step = 0; step <= steps && step <= rule_.path.size(); ++step) {
    for (; used < depth_ && taken_[used].step == step; ++used) {
      fmt::format_to(std::back_inserter(out), "[{}]", taken_[used].index);
    }
    if (step == steps || step == rule_.path.size() || rule_.path[step].each) continue;
    if (!out.empty()) out += '.';
    out += rule_.path[step].name;
  }
  if (out.empty()) out = rule_.plural;
  return out;
}

std::string Walk::pointer() const {
  std::string out;
  if (!head_.empty()) json::append_pointer(head_, out);
  std::uint32_t used = 0;
  for (std::size_t step = 0; step <= rule_.path.size(); ++step) {
    for (; used < depth_ && taken_[used].step == step; ++used) {
      json::append_pointer(std::uint64_t{taken_[used].index}, out);
    }
    if (step == rule_.path.size() || rule_.path[step].each) continue;
    json::append_pointer(rule_.path[step].name, out);
  }
  return out;
}

std::string_view Walk::last_name() const {
  for (std::size_t step = rule_.path.size(); step > 0; --step) {
    if (!rule_.path[step - 1].each) return rule_.path[step - 1].name;
  }
  return head_;
}

// `max_items: 0` asks for an argument that is absent or empty.
bool Walk::wants_nothing() const {
  for (const Check& check : rule_.checks) {
    if (check.kind == CheckKind::max_items && check.count == 0) return true;
  }
  return false;
}

bool Walk::begin(json::View arguments, const Shape* shape) {
  if (rule_.path.size() > path_steps_max) {
    return refuse(rule_.rule, 0, "has a path of too many steps", Code::internal);
  }
  if (rule_.path.empty()) return bound_by_call(arguments, shape);
  return descend(arguments, 0, shape, false);
}

// A plural that no schema has bound: the call's own keys decide, and only one of them may fit.
bool Walk::bound_by_call(json::View arguments, const Shape* shape) {
  std::string name;
  for (const std::string& reading : singulars(rule_.plural)) {
    if (!arguments[reading].exists()) continue;
    if (!name.empty()) {
      return refuse(rule_.rule, 0, "could be either of two arguments of the call",
                    Code::ambiguous_request);
    }
    name = reading;
  }
  if (name.empty()) return missing(arguments, rule_.plural, 0);
  if (arguments[name].is_null() && !rule_.required) return true;
  head_ = name;
  const Shape::Property* property = shape == nullptr ? nullptr : shape->find(name);
  const bool good =
      descend(arguments[name], 0, property == nullptr ? nullptr : &property->shape, false);
  head_ = {};
  return good;
}

bool Walk::descend(json::View value, std::size_t step, const Shape* shape, bool element) {
  // The words of a command are one value.
  if (step == rule_.path.size() && !rule_.checks.empty() &&
      rule_.checks.front().kind == CheckKind::argv) {
    return leaf(value, shape);
  }
  if (value.is_array()) {
    const bool stated = step < rule_.path.size() && rule_.path[step].each;
    if (stated) return each(value, step, step + 1, shape);
    if (element) return refuse(rule_.rule, step, "holds a list inside a list");
    return each(value, step, step, shape);
  }
  if (step == rule_.path.size()) return leaf(value, shape);
  if (rule_.path[step].each) return refuse(rule_.rule, step, "must be a list");
  return member(value, step, shape);
}

bool Walk::each(json::View list, std::size_t step, std::size_t next, const Shape* shape) {
  present_ = true;
  if (list.size() == 0 && rule_.min_items > 0 && !wants_nothing()) {
    return refuse(rule_.rule, step, "is an empty list");
  }
  const Shape* inner = shape == nullptr ? nullptr : shape->element.get();
  std::uint32_t index = 0;
  for (json::View value : list.elements()) {
    taken_[depth_++] = {static_cast<std::uint32_t>(step), index++};
    if (!descend(value, next, inner, true)) return false;
    --depth_;
  }
  return true;
}

bool Walk::member(json::View object, std::size_t step, const Shape* shape) {
  const std::string& name = rule_.path[step].name;
  if (!object.is_object()) {
    return refuse(rule_.rule, step, fmt::format("must be an object with `{}`", name));
  }
  const json::View value = object[name];
  // What may be missing may also be said to be missing; null is no list, and holds nothing.
  const bool nothing = value.is_null() && (!rule_.required || holds_list(step + 1));
  if (!value.exists() || nothing) return missing(object, name, step + 1);
  const Shape::Property* property = shape == nullptr ? nullptr : shape->find(name);
  return descend(value, step + 1, property == nullptr ? nullptr : &property->shape, false);
}

bool Walk::missing(json::View object, std::string_view name, std::size_t step) {
  for (auto [key, value] : object.members()) {
    if (near_name(key, name)) {
      return refuse(rule_.rule, step,
                    "is missing; the call has an argument whose name is nearly it");
    }
  }
  if (!rule_.required || wants_nothing()) return true;
  // A list that is null is an empty one.
  if (object[name].is_null() && rule_.min_items == 0) return true;
  return refuse(rule_.rule, step, "is missing");
}

bool Walk::holds_list(std::size_t step) const {
  return step < rule_.path.size() && rule_.path[step].each;
}

const PathFact* Walk::fact(std::string_view pointer) {
  for (std::size_t tried = 0; tried < facts_.size(); ++tried) {
    const std::size_t at = (next_fact_ + tried) % facts_.size();
    if (facts_[at].pointer != pointer) continue;
    next_fact_ = at + 1;
    return &facts_[at];
  }
  return nullptr;
}

std::string Walk::unresolved() const {
  if (facts_.size() < paths_resolved_max) return "was not resolved to a place";
  return fmt::format("is one path more than the {} that one call may name", paths_resolved_max);
}

// Judges a `path` check and sets the text that is forwarded and compared from here on.
bool Walk::locate(const Check& check, json::View value, const Origin& origin,
                  std::string_view& text) {
  const std::size_t end = rule_.path.size();
  if (!value.is_string()) return refuse(check.rule, end, std::string(says_string));
  if (check.index == nullptr) {
    return refuse(check.rule, end, "has a check that was never compiled", Code::internal);
  }
  const PathRule& rule = index_of<CheckKind::path>(check);
  std::string_view wrong = spell_path(rule, value.string(), joined_, text);
  if (!wrong.empty()) return refuse(check.rule, end, std::string(wrong));
  const auto outside = [&](std::string says) {
    const bool named = !rule_.or_from.empty() && !rule.not_in.match(text);
    if (named) says += ", and does not come from " + spoken(rule_.or_from);
    return object(check.rule, std::move(says), named ? Code::origin : Code::constraint);
  };
  wrong = check_place(rule, text, origin.directories);
  if (!wrong.empty() && !outside(std::string(wrong))) return false;
  if (facts_.empty() && text == value.string()) return true;
  const std::string where = pointer();
  if (!facts_.empty()) {
    const PathFact* found = fact(where);
    if (found == nullptr) return refuse(check.rule, end, unresolved());
    if (!found->failure.empty()) return refuse(check.rule, end, "cannot be resolved to a place");
    wrong = found->resolved.empty() ? std::string_view{}
                                    : check_resolved(rule, found->resolved, origin.directories);
    if (!wrong.empty() && !outside(fmt::format("{}, links followed", wrong))) return false;
  }
  if (text != value.string()) rewrites_.push_back({where, std::string(text)});
  return true;
}

bool Walk::judge_sql(const Check& check, json::View value) {
  const std::size_t end = rule_.path.size();
  if (!value.is_string()) return refuse(check.rule, end, std::string(says_string));
  if (check.index == nullptr) {
    return refuse(check.rule, end, "has a check that was never compiled", Code::internal);
  }
  const std::string where = pointer();
  const auto found = std::ranges::find(statements_, where, &sql::Fact::pointer);
  if (found == statements_.end()) return refuse(check.rule, end, "was not read as SQL");
  const auto wrong = sql::judge(index_of<CheckKind::sql>(check), *found);
  return !wrong || object(check.rule, fmt::format("is SQL that is not allowed: {}", *wrong),
                          Code::constraint);
}

bool Walk::one_line(const CheckedValue& value) {
  if (rule_.lines_allowed || !breaks_line(value.text)) return true;
  const bool long_text =
      value.shape == nullptr ? names_long_text(last_name()) : value.shape->long_text;
  return long_text || object(rule_.rule, std::string(says_lines), Code::constraint);
}

bool Walk::leaf(json::View view, const Shape* shape) {
  present_ = true;
  ++reached_;
  CheckedValue value{view, view.is_string() ? view.string() : std::string_view{}, shape};
  const Origin origin = origin_of();
  for (const Check& check : rule_.checks) {
    if (check.kind == CheckKind::path && !locate(check, view, origin, value.text)) return false;
  }
  bool whole = !view.is_string();
  for (const Check& check : rule_.checks) {
    whole = whole || traits(check.kind).compares_whole;
    if (check.kind == CheckKind::sql ? !judge_sql(check, view) : !judge(check, value, origin)) {
      return false;
    }
  }
  return judge_origin(origin) && (whole || one_line(value));
}

bool Walk::judge(const Check& check, const CheckedValue& value, const Origin& origin) {
  std::optional<Objection> objection = object_to(check, value);
  if (!objection) return true;
  const bool stands_in = !rule_.or_from.empty() && traits(check.kind).stands_in;
  if (!stands_in || objection->code != Code::constraint) {
    return object(check.rule, std::move(objection->says), objection->code, objection->hold);
  }
  if (origin.instead ||
      (value.view.is_string() && leads_nowhere_else(check, value, origin.hosts))) {
    return true;
  }
  return object(check.rule, objection->says + ", and does not come from " + spoken(rule_.or_from),
                Code::origin);
}

bool Walk::judge_origin(const Origin& origin) {
  if (rule_.from.empty() || origin.from) return true;
  return object(rule_.from_rule, "does not come from " + spoken(rule_.from), Code::origin);
}

Origin Walk::origin_of() {
  Origin origin;
  if (origins_.empty() || (rule_.from.empty() && rule_.or_from.empty())) return origin;
  // By place: an argument may have more elements than there are facts, each of which looks.
  if (by_pointer_.empty()) {
    for (const OriginFact& fact : origins_) by_pointer_[fact.pointer].push_back(&fact);
  }
  const auto here = by_pointer_.find(pointer());
  if (here == by_pointer_.end()) return origin;
  for (const OriginFact* each : here->second) {
    const OriginFact& fact = *each;
    const bool instead = names(rule_.or_from, fact.source);
    if (!fact.part.empty()) {
      if (instead) (fact.part[0] == '/' ? origin.directories : origin.hosts).push_back(fact.part);
      continue;
    }
    origin.instead = origin.instead || instead;
    origin.from = origin.from || names(rule_.from, fact.source);
  }
  return origin;
}

bool Walk::counts() {
  if (!present_) return true;
  depth_ = 0;
  for (const Check& check : rule_.checks) {
    if (check.kind == CheckKind::max_items && reached_ > check.count &&
        !object(check.rule, fmt::format("has more than {} items", check.count), Code::constraint)) {
      return false;
    }
    if (check.kind == CheckKind::min_items && reached_ < check.count && reached_ > 0) {
      return object(check.rule, fmt::format("has fewer than {} items", check.count),
                    Code::constraint);
    }
  }
  if (reached_ >= rule_.min_items || wants_nothing() || !rule_.required) return true;
  return refuse(rule_.rule, rule_.path.size(),
                fmt::format("has fewer than {} items", rule_.min_items));
}

// The way of most calls: one plain argument at the top that is not a list and passes. Everything
// else, and every violation, takes the walk. A rule that passes here passes there too.
bool passes_at_once(const ArgumentRule& rule, json::View arguments, const Shape* shape) {
  if (!rule.from.empty()) return false;
  if (rule.path.size() != 1 || rule.path[0].each || rule.min_items > 1) return false;
  const json::View view = arguments[rule.path[0].name];
  if (!view.exists() || view.is_array()) return false;
  const Shape::Property* property = shape == nullptr ? nullptr : shape->find(rule.path[0].name);
  const bool is_text = view.is_string();
  const CheckedValue value{view, is_text ? view.string() : std::string_view{},
                           property == nullptr ? nullptr : &property->shape};
  bool whole = !is_text;
  for (const Check& check : rule.checks) {
    if (check.kind == CheckKind::path) return false;
    if (check.kind == CheckKind::max_items && check.count < 1) return false;
    if (check.kind == CheckKind::min_items && check.count > 1) return false;
    whole = whole || traits(check.kind).compares_whole;
    if (object_to(check, value)) return false;
  }
  return whole || !breaks_line(value.text);
}

}  // namespace

std::optional<Violation> evaluate(const ArgumentRule& rule, json::View arguments,
                                  const Shape* shape, std::span<const PathFact> facts,
                                  std::vector<Rewrite>& rewrites,
                                  std::span<const sql::Fact> statements,
                                  std::span<const OriginFact> origins) {
  if (passes_at_once(rule, arguments, shape)) return std::nullopt;
  Walk walk(rule, facts, statements, origins, rewrites);
  (void)(walk.begin(arguments, shape) && walk.counts());
  return walk.take();
}

// `allowed_statuses` is about `status`: what a plural of a policy may mean in a tool's schema.

namespace {

struct Irregular {
  std::string_view plural;
  std::string_view singular;
};
constexpr std::array irregulars = std::to_array<Irregular>({
    {"addenda", "addendum"},
    {"analyses", "analysis"},
    {"axes", "axis"},
    {"children", "child"},
    {"criteria", "criterion"},
    {"data", "datum"},
    {"feet", "foot"},
    {"indices", "index"},
    {"lives", "life"},
    {"matrices", "matrix"},
    {"media", "medium"},
    {"men", "man"},
    {"mice", "mouse"},
    {"people", "person"},
    {"phenomena", "phenomenon"},
    {"vertices", "vertex"},
    {"women", "woman"},
});

void add(std::vector<std::string>& out, std::string reading) {
  if (!reading.empty() && std::ranges::find(out, reading) == out.end()) {
    out.push_back(std::move(reading));
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    out += fmt::format("{}`{}`", out.empty() ? "" : ", ", shown_name(name));
  }
  return out;
}

}  // namespace

std::vector<std::string> singulars(std::string_view word) {
  std::vector<std::string> out;
  if (word.empty()) return out;
  add(out, std::string(word));
  for (const Irregular& irregular : irregulars) {
    if (!word.ends_with(irregular.plural)) continue;
    const std::string_view stem = word.substr(0, word.size() - irregular.plural.size());
    // A whole word: `order_indices`, not `theaxes`.
    if (!stem.empty() && stem.back() != '_' && stem.back() != '-') continue;
    add(out, std::string(stem) + std::string(irregular.singular));
  }
  if (word.size() < 3 || !word.ends_with('s') || word.ends_with("ss")) return out;
  const std::string cut(word.substr(0, word.size() - 1));
  const std::string stem(word.substr(0, word.size() - 2));
  if (word.ends_with("ies")) add(out, word.size() > 3 ? stem.substr(0, stem.size() - 1) + "y" : "");
  if (word.ends_with("ves")) {
    add(out, stem.substr(0, stem.size() - 1) + "f");
    add(out, stem.substr(0, stem.size() - 1) + "fe");
  }
  for (const char* ending : {"ses", "xes", "zes", "ches", "shes", "oes"}) {
    if (word.ends_with(ending)) add(out, stem);
  }
  add(out, cut);
  return out;
}

Result<std::string> bind_plural(std::string_view plural, const Shape& shape) {
  std::vector<std::string> readings = singulars(plural);
  std::vector<std::string> found;
  for (const std::string& reading : readings) {
    if (shape.find(reading) != nullptr) found.push_back(reading);
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    return fail(ErrorKind::invalid,
                fmt::format("`{}` could be any of the arguments {}; name one under `args`",
                            shown_name(plural), joined(found)));
  }
  std::vector<std::string> names;
  for (const Shape::Property& property : shape.properties) names.push_back(property.name);
  std::string near;
  for (const std::string& reading : readings) {
    if (near.empty()) near = closest_match(reading, names);
  }
  std::string message = fmt::format("the tool has none of the arguments {}", joined(readings));
  if (!near.empty()) message += fmt::format("; did you mean `{}`", shown_name(near));
  if (near.empty() && !names.empty()) message += fmt::format("; it has {}", joined(names));
  return fail(ErrorKind::missing, std::move(message));
}

}  // namespace pawl
