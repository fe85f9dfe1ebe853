// The keywords, by the kind of value that they are about.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "lang/json_schema/reader.h"

namespace pawl::json_schema {
namespace {

constexpr auto kind_names = std::to_array<std::pair<std::string_view, Kinds>>({
    {"array", kind_array},
    {"boolean", kind_boolean},
    {"integer", kind_whole},
    {"null", kind_null},
    {"number", kind_whole | kind_fraction},
    {"object", kind_object},
    {"string", kind_string},
});

// Keywords that are younger than the oldest draft. In an older one they are remarks.
constexpr auto younger = std::to_array<std::pair<std::string_view, Draft>>({
    {"const", Draft::d6},
    {"contains", Draft::d6},
    {"propertyNames", Draft::d6},
    {"if", Draft::d7},
    {"dependentRequired", Draft::d2019},
    {"dependentSchemas", Draft::d2019},
    {"maxContains", Draft::d2019},
    {"minContains", Draft::d2019},
    {"unevaluatedItems", Draft::d2019},
    {"unevaluatedProperties", Draft::d2019},
    {"prefixItems", Draft::d2020},
});

template <std::size_t n>
bool any_of(json::View schema, const char* const (&keywords)[n]) {
  return std::ranges::any_of(keywords, [&](const char* one) { return schema[one].exists(); });
}

}  // namespace

json::View Reader::known(json::View schema, std::string_view keyword) const {
  for (const auto& [name, since] : younger) {
    if (name == keyword && resources_.draft < since) return {};
  }
  return schema[keyword];
}

Kinds Reader::kind_named(std::string_view name) {
  for (const auto& [known, kinds] : kind_names) {
    if (known == name) return kinds;
  }
  return 0;
}

void Reader::read_kinds(json::View schema, Node& node) {
  const json::View type = known(schema, "type");
  if (!type.exists()) return;
  node.kinds = 0;
  bool fine = type.is_string() || (type.is_array() && type.size() > 0);
  const auto add = [&](json::View name) {
    const Kinds kinds = name.is_string() ? kind_named(name.string()) : Kinds{0};
    fine = fine && kinds != 0;
    node.kinds |= kinds;
  };
  if (type.is_string()) add(type);
  for (json::View name : type.elements()) add(name);
  if (!fine) wrong(schema, "type", "must be one of the seven types, or a list of them");
}

void Reader::read_literals(json::View schema, Node& node) {
  if (const json::View only = known(schema, "const"); only.exists()) {
    Literals& literals = node.literals.emplace_back();
    literals.single = true;
    literals.values.push_back(only);
  }
  if (const json::View list = known(schema, "enum"); list.exists()) {
    if (!list.is_array()) return wrong(schema, "enum", "must be a list of values");
    Literals& literals = node.literals.emplace_back();
    for (json::View value : list.elements()) literals.values.push_back(value);
  }
  for (Literals& literals : node.literals) {
    for (json::View value : literals.values) {
      if (value.is_string()) literals.texts.add(value.string(), 0, false);
    }
    literals.texts.sort();
    std::erase_if(literals.values,
                  [&](json::View value) { return value.is_string() && !literals.single; });
  }
}

void Reader::read_text(json::View schema, Node& node) {
  if (!any_of(schema, {"minLength", "maxLength", "pattern", "format"})) return;
  auto rules = std::make_unique<TextRules>();
  count(schema, "minLength", rules->length_min);
  count(schema, "maxLength", rules->length_max);
  if (const auto source = text(schema, "pattern")) {
    rules->pattern = pattern(schema, "pattern", *source);
  }
  const auto format = schema.text("format");
  if (format && into_.limits.check_formats) rules->format = format_named(*format);
  const bool says = rules->length_min > 0 || rules->length_max != no_bound ||
                    rules->pattern != nullptr || rules->format;
  if (says) node.text = std::move(rules);
}

// `exclusiveMinimum: true` is draft 4's; since then it is a bound of its own.
void Reader::read_bound(json::View schema, bool upper, NumberRules& rules) {
  const std::string_view closed = upper ? "maximum" : "minimum";
  const std::string_view open = upper ? "exclusiveMaximum" : "exclusiveMinimum";
  json::View& bound = upper ? rules.max : rules.min;
  bool& exclusive = upper ? rules.max_exclusive : rules.min_exclusive;
  bound = known(schema, closed);
  if (bound.exists() && !bound.is_number()) return wrong(schema, closed, "must be a number");
  const json::View other = known(schema, open);
  if (!other.exists()) return;
  if (resources_.draft == Draft::d4) {
    exclusive = truth(schema, open);
    return;
  }
  if (!other.is_number()) return wrong(schema, open, "must be a number");
  const int order = bound.exists() ? compare(other, bound) : 0;
  const bool looser = upper ? order > 0 : order < 0;
  if (looser) return;
  bound = other;
  exclusive = true;
}

void Reader::read_number(json::View schema, Node& node) {
  if (!any_of(schema,
              {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})) {
    return;
  }
  auto rules = std::make_unique<NumberRules>();
  read_bound(schema, false, *rules);
  read_bound(schema, true, *rules);
  if (const json::View step = known(schema, "multipleOf"); step.exists()) {
    if (!step.is_number() || step.number() <= 0) {
      return wrong(schema, "multipleOf", "must be a number above 0");
    }
    rules->multiple_of = decimal_of(step);
  }
  node.number = std::move(rules);
}

void Reader::read_items(json::View schema, ArrayRules& rules) {
  if (!known(schema, "items").is_array()) {
    rules.prefix = children(schema, "prefixItems");
    rules.rest = child(schema, "items");
    return;
  }
  if (resources_.draft == Draft::d2020 && resources_.draft_said) {
    return wrong(schema, "items", "must be a schema; a list of them is `prefixItems`");
  }
  if (known(schema, "prefixItems").exists()) {
    return wrong(schema, "items", "must be a schema where there is `prefixItems`");
  }
  for (json::View one : known(schema, "items").elements())
    rules.prefix.push_back(request(one, resource_));
  rules.rest = child(schema, "additionalItems");
}

void Reader::read_array(json::View schema, Node& node) {
  if (!any_of(schema, {"items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems",
                       "unevaluatedItems"})) {
    return;
  }
  auto rules = std::make_unique<ArrayRules>();
  read_items(schema, *rules);
  rules->contains = child(schema, "contains");
  count(schema, "minContains", rules->contains_min);
  count(schema, "maxContains", rules->contains_max);
  rules->contains_evaluates = resources_.draft == Draft::d2020;
  count(schema, "minItems", rules->size_min);
  count(schema, "maxItems", rules->size_max);
  rules->unique = truth(schema, "uniqueItems");
  rules->unevaluated = child(schema, "unevaluatedItems");
  node.array = std::move(rules);
}

void Reader::read_properties(json::View schema, ObjectRules& rules) {
  for (const auto& [name, value] : members(schema, "properties").members()) {
    rules.properties.add(name, request(value, resource_), false);
  }
  if (const json::View required = known(schema, "required"); required.exists()) {
    for (const std::string& name : names(schema, "required", required)) {
      rules.properties.add(name, no_node, true);
    }
  }
  rules.properties.sort();
  rules.required = static_cast<std::uint32_t>(
      std::ranges::count_if(rules.properties.all, [](const Named& one) { return one.required; }));
  for (const auto& [source, value] : members(schema, "patternProperties").members()) {
    const Pattern* compiled = pattern(schema, "patternProperties", source);
    rules.patterns.push_back({compiled, request(value, resource_)});
  }
}

void Reader::read_dependents(json::View schema, ObjectRules& rules) {
  for (const auto& [name, value] : members(schema, "dependentRequired").members()) {
    rules.dependents.push_back(
        {std::string(name), names(schema, "dependentRequired", value), no_node});
  }
  for (const auto& [name, value] : members(schema, "dependentSchemas").members()) {
    rules.dependents.push_back({std::string(name), {}, request(value, resource_)});
  }
  for (const auto& [name, value] : members(schema, "dependencies").members()) {
    Dependent& dependent = rules.dependents.emplace_back();
    dependent.name = name;
    if (value.is_array()) {
      dependent.required = names(schema, "dependencies", value);
    } else {
      dependent.schema = request(value, resource_);
    }
  }
}

void Reader::read_object(json::View schema, Node& node) {
  if (!any_of(schema, {"properties", "required", "patternProperties", "additionalProperties",
                       "propertyNames", "minProperties", "maxProperties", "dependentRequired",
                       "dependentSchemas", "dependencies", "unevaluatedProperties"})) {
    return;
  }
  auto rules = std::make_unique<ObjectRules>();
  read_properties(schema, *rules);
  read_dependents(schema, *rules);
  rules->additional = child(schema, "additionalProperties");
  rules->names = child(schema, "propertyNames");
  count(schema, "minProperties", rules->size_min);
  count(schema, "maxProperties", rules->size_max);
  rules->unevaluated = child(schema, "unevaluatedProperties");
  node.object = std::move(rules);
}

std::optional<Resources::Target> Reader::target(json::View schema, std::string_view keyword) {
  const auto reference = text(schema, keyword);
  if (!reference) return std::nullopt;
  Result<Resources::Target> found = resources_.find(*reference, resource_);
  if (found) return std::move(*found);
  wrong(schema, keyword, found.error().message);
  return std::nullopt;
}

std::uint32_t Reader::dynamic_anchor(const std::string& name) {
  const auto known = std::ranges::find(into_.anchors, name, &DynamicAnchor::name);
  const auto index = static_cast<std::uint32_t>(known - into_.anchors.begin());
  if (known != into_.anchors.end()) return index;
  DynamicAnchor anchor;
  anchor.name = name;
  for (const auto& [resource, place] : resources_.dynamic.at(name)) {
    anchor.places.push_back({resource, request({&into_.document, place}, resource)});
  }
  into_.anchors.push_back(std::move(anchor));
  return index;
}

// Only where the anchor found first is a dynamic one, and there is another, does the scope matter.
void Reader::read_dynamic(json::View schema, std::string_view keyword, InPlace& rules) {
  const auto found = target(schema, keyword);
  if (!found) return;
  rules.dynamic = request({&into_.document, found->node}, found->resource);
  const bool recursive = keyword == "$recursiveRef";
  if (!recursive && found->anchor.empty()) return;
  const auto places = resources_.dynamic.find(recursive ? std::string() : found->anchor);
  if (places == resources_.dynamic.end() || places->second.size() < 2) return;
  const std::pair here(found->resource, found->node);
  if (std::ranges::find(places->second, here) == places->second.end()) return;
  rules.dynamic_anchor = dynamic_anchor(places->first);
}

void Reader::read_references(json::View schema, InPlace& rules) {
  if (const auto found = target(schema, "$ref")) {
    rules.reference = request({&into_.document, found->node}, found->resource);
  }
  if (resources_.draft == Draft::d2020) read_dynamic(schema, "$dynamicRef", rules);
  if (resources_.draft == Draft::d2019) read_dynamic(schema, "$recursiveRef", rules);
}

void Reader::read_in_place(json::View schema, Node& node) {
  if (!any_of(schema,
              {"$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if"})) {
    return;
  }
  auto rules = std::make_unique<InPlace>();
  read_references(schema, *rules);
  rules->all_of = children(schema, "allOf");
  rules->any_of = children(schema, "anyOf");
  rules->one_of = children(schema, "oneOf");
  rules->negated = child(schema, "not");
  rules->condition = child(schema, "if");
  if (rules->condition != no_node) {
    rules->then = child(schema, "then");
    rules->otherwise = child(schema, "else");
  }
  node.in_place = std::move(rules);
}

}  // namespace pawl::json_schema
