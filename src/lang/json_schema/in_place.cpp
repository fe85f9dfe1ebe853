// Schemas about the same value: references, alternatives, conditions, and what they leave over.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lang/json_schema/check.h"

namespace pawl::json_schema {

// What is said while one lives is not reported.
class Check::Silence {
 public:
  explicit Silence(Check& check) : check_(check), before_(std::exchange(check.report_, nullptr)) {}
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() { check_.report_ = before_; }

 private:
  Check& check_;
  Report* before_;
};

bool Check::silently(NodeId id, json::View value) {
  const Silence silence(*this);
  return fits(id, value);
}

NodeId Check::dynamic_target(const InPlace& rules) {
  NodeId found = rules.dynamic;
  if (!rules.dynamic_anchor) return found;
  const DynamicAnchor& anchor = compiled_.anchors[*rules.dynamic_anchor];
  for (const Scope* scope = scope_; scope != nullptr; scope = scope->outer) {
    if (!spend(anchor.places.size())) return found;
    for (const auto& place : anchor.places) {
      if (place.resource == scope->resource) found = place.node;
    }
  }
  return found;
}

bool Check::fits_in_place(const InPlace& rules, json::View value) {
  if (!spend(rules.all_of.size() + rules.any_of.size() + rules.one_of.size())) return false;
  bool fine = true;
  const auto also = [&](bool holds) {
    fine = holds && fine;
    return fine || !done();
  };
  if (rules.reference != no_node && !also(fits(rules.reference, value))) return false;
  if (rules.dynamic != no_node && !also(fits(dynamic_target(rules), value))) return false;
  for (NodeId one : rules.all_of) {
    if (!also(fits(one, value))) return false;
  }
  if (!rules.any_of.empty() && !also(fits_some(rules, value))) return false;
  if (!rules.one_of.empty() && !also(fits_one(rules, value))) return false;
  if (rules.negated != no_node && silently(rules.negated, value)) {
    if (!also(wrong(value, "not", [] { return "must not be what `not` says"; }))) return false;
  }
  if (rules.condition != no_node && !also(fits_condition(rules, value))) return false;
  return fine;
}

bool Check::fits_some(const InPlace& rules, json::View value) {
  const bool before = undecided_;
  for (NodeId one : rules.any_of) {
    if (!silently(one, value)) continue;
    // What could not be decided in other branches does not matter.
    undecided_ = before;
    return true;
  }
  if (report_ == nullptr) return false;
  // Where only one branch is about this kind of value, what it says is the reason.
  const Kinds kinds = kinds_of(value);
  const auto about = [&](NodeId one) { return (compiled_.nodes[one].kinds & kinds) != 0; };
  if (std::ranges::count_if(rules.any_of, about) == 1) {
    (void)fits(*std::ranges::find_if(rules.any_of, about), value);
    return false;
  }
  return wrong(value, "anyOf", [&] {
    return fmt::format("must be one of the {} alternatives of `anyOf`", rules.any_of.size());
  });
}

bool Check::fits_one(const InPlace& rules, json::View value) {
  std::size_t count = 0;
  for (NodeId one : rules.one_of) {
    if (!silently(one, value)) continue;
    if (++count > 1 && report_ == nullptr) return false;
  }
  if (count == 1) return true;
  return wrong(value, "oneOf", [&] {
    return fmt::format("must be exactly one of the {} alternatives of `oneOf` and is {}",
                       rules.one_of.size(), count);
  });
}

bool Check::fits_condition(const InPlace& rules, json::View value) {
  const NodeId next = silently(rules.condition, value) ? rules.then : rules.otherwise;
  return next == no_node || fits(next, value);
}

Marks::Marks(std::uint32_t size) {
  if (size > small * 64) large_.resize(size / 64 + 1);
}

// Members and elements that no schema about this value looked at.
bool Check::fits_unevaluated(const Node& node, json::View value) {
  const bool object = value.is_object();
  if (!object && !value.is_array()) return true;
  NodeId rest = no_node;
  if (object && node.object) rest = node.object->unevaluated;
  if (!object && node.array) rest = node.array->unevaluated;
  if (rest == no_node) return true;
  if (!spend(value.size())) return false;
  Marks marks(value.size());
  mark(node, value, true, marks);
  bool fine = true;
  std::uint32_t at = 0;
  const auto look = [&](json::View one) {
    if (marks.has(at++) || fits(rest, one)) return true;
    fine = false;
    return !done();
  };
  for (const auto& [key, member] : value.members()) {
    if (!look(member)) return false;
  }
  for (json::View element : value.elements()) {
    if (!look(element)) return false;
  }
  return fine;
}

// Precondition: the value fits the node. `own`: the node's own `unevaluated…` does not count.
void Check::mark(const Node& node, json::View value, bool own, Marks& marks) {
  if (!spend(1 + value.size())) return;
  const Enter enter(*this, node);
  if (value.is_object() && node.object) {
    if (!own && node.object->unevaluated != no_node) return marks.set_all();
    mark_members(*node.object, value, marks);
  }
  if (value.is_array() && node.array) {
    if (!own && node.array->unevaluated != no_node) return marks.set_all();
    mark_elements(*node.array, value, marks);
  }
  if (node.in_place) mark_in_place(*node.in_place, value, marks);
}

void Check::mark_members(const ObjectRules& rules, json::View value, Marks& marks) {
  if (rules.additional != no_node) marks.set_all();
  std::uint32_t at = 0;
  for (const auto& [key, member] : value.members()) {
    const Named* named = rules.properties.find(key);
    bool known = named != nullptr && named->node != no_node;
    for (const auto& [pattern, schema] : rules.patterns) known = known || found(*pattern, key);
    if (known) marks.set(at);
    ++at;
  }
  for (const Dependent& dependent : rules.dependents) {
    if (dependent.schema == no_node || !spend(value.size())) continue;
    if (value[dependent.name].exists()) {
      mark(compiled_.nodes[dependent.schema], value, false, marks);
    }
  }
}

void Check::mark_elements(const ArrayRules& rules, json::View value, Marks& marks) {
  if (rules.rest != no_node) return marks.set_all();
  std::uint32_t at = 0;
  for (json::View element : value.elements()) {
    const bool in_prefix = at < rules.prefix.size();
    const bool contained =
        rules.contains != no_node && rules.contains_evaluates && silently(rules.contains, element);
    if (in_prefix || contained) marks.set(at);
    ++at;
  }
}

void Check::mark_in_place(const InPlace& rules, json::View value, Marks& marks) {
  const auto go = [&](NodeId one) {
    if (one != no_node) mark(compiled_.nodes[one], value, false, marks);
  };
  go(rules.reference);
  if (rules.dynamic != no_node) go(dynamic_target(rules));
  for (NodeId one : rules.all_of) go(one);
  for (const auto* list : {&rules.any_of, &rules.one_of}) {
    for (NodeId one : *list) {
      if (silently(one, value)) go(one);
    }
  }
  if (rules.condition == no_node) return;
  if (silently(rules.condition, value)) {
    go(rules.condition);
    go(rules.then);
  } else {
    go(rules.otherwise);
  }
}

}  // namespace pawl::json_schema
