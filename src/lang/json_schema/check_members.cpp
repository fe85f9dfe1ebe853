// Members of objects and elements of arrays.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "lang/json_schema/check.h"

namespace pawl::json_schema {

bool Check::fits_array(const ArrayRules& rules, json::View value) {
  if (!spend(value.size())) return false;
  bool fine = fits_size(value.size(), rules.size_min, rules.size_max, value);
  if (!fine && done()) return false;
  if (!rules.prefix.empty() || rules.rest != no_node) {
    std::size_t at = 0;
    for (json::View element : value.elements()) {
      const NodeId schema = at < rules.prefix.size() ? rules.prefix[at] : rules.rest;
      ++at;
      if (schema == no_node) break;
      if (fits(schema, element)) continue;
      fine = false;
      if (done()) return false;
    }
  }
  if (rules.contains != no_node) fine = fits_contains(rules, value) && fine;
  if (!fine && done()) return false;
  return (!rules.unique || fits_unique(value)) && fine;
}

bool Check::fits_contains(const ArrayRules& rules, json::View value) {
  std::uint64_t count = 0;
  for (json::View element : value.elements()) count += silently(rules.contains, element) ? 1 : 0;
  if (count < rules.contains_min) {
    return wrong(value, rules.contains_min == 1 ? "contains" : "minContains", [&] {
      return fmt::format("must have at least {} elements as `contains` says and has {}",
                         rules.contains_min, count);
    });
  }
  if (count <= rules.contains_max) return true;
  return wrong(value, "maxContains", [&] {
    return fmt::format("must have at most {} elements as `contains` says and has {}",
                       rules.contains_max, count);
  });
}

bool Check::fits_object(const ObjectRules& rules, json::View value) {
  const json::Document& document = *value.document();
  const json::Node& object = document.node(value.index());
  if (!spend(object.size)) return false;
  bool fine = fits_size(object.size, rules.size_min, rules.size_max, value);
  if (!fine && done()) return false;
  std::uint32_t required = 0;
  for (std::uint32_t at = value.index() + 1; at < object.end; at = document.node(at + 1).end) {
    const std::string_view key = document.bytes(document.node(at));
    const Named* named = rules.properties.find(key);
    if (named != nullptr && named->required) ++required;
    bool good = fits_member(rules, named, key, {&document, at + 1});
    if (rules.names != no_node && (good || !done())) {
      good = fits(rules.names, {&document, at}) && good;
    }
    if (good) continue;
    fine = false;
    if (done()) return false;
  }
  if (required < rules.required) {
    fine = false;
    if (done()) return false;
    tell_missing(rules, value);
    if (done()) return false;
  }
  return (rules.dependents.empty() || fits_dependents(rules, value)) && fine;
}

// By the position among the names of the schema: looked for one by one, each name would go through
// all members.
void Check::tell_missing(const ObjectRules& rules, json::View value) {
  const std::vector<Named>& all = rules.properties.all;
  std::vector<bool> there(all.size());
  for (const auto& [key, member] : value.members()) {
    const Named* named = rules.properties.find(key);
    if (named != nullptr) there[static_cast<std::size_t>(named - all.data())] = true;
  }
  for (std::size_t i = 0; i < all.size() && !done(); ++i) {
    if (all[i].required && !there[i]) missing(value, "required", all[i].name);
  }
}

bool Check::fits_member(const ObjectRules& rules, const Named* named, std::string_view key,
                        json::View value) {
  bool fine = true;
  bool known = false;
  if (named != nullptr && named->node != no_node) {
    known = true;
    fine = fits(named->node, value);
  }
  for (const auto& [pattern, schema] : rules.patterns) {
    if (!fine && done()) return false;
    if (!found(*pattern, key)) continue;
    known = true;
    fine = fits(schema, value) && fine;
  }
  if (!known && rules.additional != no_node) fine = fits(rules.additional, value) && fine;
  return fine;
}

bool Check::fits_dependents(const ObjectRules& rules, json::View value) {
  bool fine = true;
  for (const Dependent& dependent : rules.dependents) {
    if (!spend(value.size()) || (!fine && done())) return false;
    if (!value[dependent.name].exists()) continue;
    for (const std::string& name : dependent.required) {
      if (!spend(value.size())) return false;
      if (!value[name].exists()) fine = missing(value, "dependentRequired", name);
    }
    if (dependent.schema != no_node) fine = fits(dependent.schema, value) && fine;
  }
  return fine;
}

}  // namespace pawl::json_schema
