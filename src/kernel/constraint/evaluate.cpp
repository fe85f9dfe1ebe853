// Walks to the values that an argument rule is about and checks each of them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json_pointer.h"
#include "kernel/constraint/argument_path.h"
#include "kernel/constraint/check_value.h"
#include "kernel/constraint/compiled.h"
#include "kernel/constraint/constraint.h"
#include "kernel/constraint/origin_check.h"

namespace pawl {
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
  bool bound_by_call(json::View arguments, const Shape* shape);
  bool leaf(json::View value, const Shape* shape);
  bool one_line(const CheckedValue& value);
  bool locate(const Check& check, json::View value, std::string_view& text);
  const PathFact* fact(std::string_view pointer);
  std::string unresolved() const;
  bool judge_sql(const Check& check, json::View value);
  bool judge(const Check& check, const CheckedValue& value, const Origin& origin);
  bool judge_origin(const Origin& origin);
  Origin origin_of();

  bool refuse(const Rule& rule, std::size_t steps, std::string says, Code code = Code::constraint);
  bool object(const Rule& rule, std::string says, Code code);
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
// that no person can let pass may stand behind it; the first such value is reported.
bool Walk::object(const Rule& rule, std::string says, Code code) {
  const bool hold =
      rule_.otherwise == Effect::hold && (code == Code::constraint || code == Code::origin);
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
  if (!value.exists()) return missing(object, name, step + 1);
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
  return refuse(rule_.rule, step, "is missing");
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
bool Walk::locate(const Check& check, json::View value, std::string_view& text) {
  const std::size_t end = rule_.path.size();
  if (!value.is_string()) return refuse(check.rule, end, std::string(says_string));
  if (check.index == nullptr) {
    return refuse(check.rule, end, "has a check that was never compiled", Code::internal);
  }
  const PathRule& rule = index_of<CheckKind::path>(check);
  std::string_view wrong = check_path(rule, value.string(), joined_, text);
  if (!wrong.empty()) return refuse(check.rule, end, std::string(wrong));
  if (facts_.empty() && text == value.string()) return true;
  const std::string where = pointer();
  if (!facts_.empty()) {
    const PathFact* found = fact(where);
    if (found == nullptr) return refuse(check.rule, end, unresolved());
    if (!found->failure.empty()) return refuse(check.rule, end, "cannot be resolved to a place");
    if (!found->resolved.empty()) wrong = check_resolved(rule, found->resolved);
    if (!wrong.empty()) return refuse(check.rule, end, fmt::format("{}, links followed", wrong));
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
  return long_text || refuse(rule_.rule, rule_.path.size(), std::string(says_lines));
}

bool Walk::leaf(json::View view, const Shape* shape) {
  present_ = true;
  // What may be missing may also be said to be missing.
  if (view.is_null() && !rule_.required && depth_ == 0) return true;
  ++reached_;
  CheckedValue value{view, view.is_string() ? view.string() : std::string_view{}, shape};
  for (const Check& check : rule_.checks) {
    if (check.kind == CheckKind::path && !locate(check, view, value.text)) return false;
  }
  bool whole = !view.is_string();
  const Origin origin = origin_of();
  for (const Check& check : rule_.checks) {
    whole = whole || compares_whole(check.kind);
    if (check.kind == CheckKind::sql ? !judge_sql(check, view) : !judge(check, value, origin)) {
      return false;
    }
  }
  return judge_origin(origin) && (whole || one_line(value));
}

bool Walk::judge(const Check& check, const CheckedValue& value, const Origin& origin) {
  std::optional<Objection> objection = object_to(check, value);
  if (!objection) return true;
  const bool stands_in = !rule_.or_from.empty() && origin_stands_in(check.kind);
  if (!stands_in || objection->code != Code::constraint) {
    return object(check.rule, std::move(objection->says), objection->code);
  }
  if (origin.instead || (check.kind == CheckKind::hosts_in && value.view.is_string() &&
                         leads_nowhere_else(check, value.text, origin.hosts))) {
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
      if (instead) origin.hosts.push_back(fact.part);
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
    if (check.kind == CheckKind::max_items && reached_ > check.count) {
      return refuse(check.rule, rule_.path.size(),
                    fmt::format("has more than {} items", check.count));
    }
    if (check.kind == CheckKind::min_items && reached_ < check.count) {
      return refuse(check.rule, rule_.path.size(),
                    fmt::format("has fewer than {} items", check.count));
    }
  }
  if (reached_ >= rule_.min_items || wants_nothing() || !rule_.required) return true;
  return refuse(rule_.rule, rule_.path.size(),
                fmt::format("has fewer than {} items", rule_.min_items));
}

// The way of most calls: one plain argument at the top that is no list and passes. Everything else,
// and every violation, takes the walk. A rule that passes here passes there too.
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
    whole = whole || compares_whole(check.kind);
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

}  // namespace pawl
