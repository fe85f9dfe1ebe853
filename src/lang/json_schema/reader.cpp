#include "lang/json_schema/reader.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json_pointer.h"
#include "base/text.h"
#include "lang/json_schema/address.h"

namespace pawl::json_schema {

void Reader::find(json::View schema, std::string_view keyword, std::string says) {
  if (into_.findings.size() >= findings_max) return;
  std::string pointer = pointer_of(into_.document, schema.index());
  if (!keyword.empty()) json::append_pointer(keyword, pointer);
  into_.findings.push_back({escape_untrusted(pointer), std::move(says)});
}

void Reader::wrong(json::View schema, std::string_view keyword, std::string_view says) {
  if (schema.index() != into_.document.root().index()) {
    if (!broken_) find(schema, keyword, std::string(says));
    broken_ = true;
    return;
  }
  if (wrong_) return;
  std::string pointer = pointer_of(into_.document, schema.index());
  if (!keyword.empty()) json::append_pointer(keyword, pointer);
  wrong_ = Error{ErrorKind::invalid, fmt::format("`{}` {}", escape_untrusted(pointer), says), {}};
}

NodeId Reader::request(json::View schema, std::uint32_t resource) {
  const auto [known, fresh] =
      by_place_.emplace(schema.index(), static_cast<NodeId>(into_.nodes.size()));
  if (!fresh) return known->second;
  Node& node = into_.nodes.emplace_back();
  node.place = schema.index();
  node.resource = resources_.resource_of(schema.index()).value_or(resource);
  return known->second;
}

NodeId Reader::child(json::View parent, std::string_view keyword) {
  const json::View schema = known(parent, keyword);
  return schema.exists() ? request(schema, resource_) : no_node;
}

std::vector<NodeId> Reader::children(json::View parent, std::string_view keyword) {
  std::vector<NodeId> out;
  const json::View list = known(parent, keyword);
  if (!list.exists()) return out;
  if (!list.is_array() || list.size() == 0) {
    wrong(parent, keyword, "must be a list of schemas");
    return out;
  }
  out.reserve(list.size());
  for (json::View schema : list.elements()) out.push_back(request(schema, resource_));
  return out;
}

bool Reader::count(json::View schema, std::string_view keyword, std::uint64_t& into) {
  const json::View value = known(schema, keyword);
  if (!value.exists()) return false;
  const bool whole = value.kind() == json::Kind::natural ||
                     (value.kind() == json::Kind::integer && value.integer() >= 0);
  if (whole) {
    into = value.natural();
  } else {
    wrong(schema, keyword, "must be a whole number that is not below 0");
  }
  return whole;
}

bool Reader::truth(json::View schema, std::string_view keyword) {
  const json::View value = known(schema, keyword);
  if (!value.exists()) return false;
  if (value.kind() == json::Kind::boolean) return value.boolean();
  wrong(schema, keyword, "must be true or false");
  return false;
}

std::optional<std::string_view> Reader::text(json::View schema, std::string_view keyword) {
  const json::View value = known(schema, keyword);
  if (value.is_string()) return value.string();
  if (value.exists()) wrong(schema, keyword, "must be a string");
  return std::nullopt;
}

std::vector<std::string> Reader::names(json::View schema, std::string_view keyword,
                                       json::View list) {
  std::vector<std::string> out;
  bool fine = list.is_array();
  for (json::View name : list.elements()) {
    fine = fine && name.is_string();
    if (fine) out.emplace_back(name.string());
  }
  if (!fine) wrong(schema, keyword, "must be a list of names");
  return out;
}

json::View Reader::members(json::View schema, std::string_view keyword) {
  const json::View value = known(schema, keyword);
  if (!value.exists() || value.is_object()) return value;
  if (value.is_array() && value.size() == 0) return {};  // an empty map, as PHP writes it
  wrong(schema, keyword, "must be an object");
  return {};
}

const Pattern* Reader::pattern(json::View schema, std::string_view keyword,
                               std::string_view source) {
  const auto cannot = [&](const Pattern& one) {
    if (!one.compiled) find(schema, keyword, "the pattern cannot be checked: " + one.why);
  };
  const auto known = patterns_.find(std::string(source));
  if (known != patterns_.end()) {
    cannot(*known->second);
    return known->second;
  }
  if (into_.patterns.size() >= into_.limits.patterns_max) {
    wrong(schema, keyword, fmt::format("is one pattern more than {}", into_.limits.patterns_max));
    return nullptr;
  }
  Pattern made;
  if (source.size() > into_.limits.pattern_bytes_max) {
    made.why = fmt::format("it is longer than {} bytes", into_.limits.pattern_bytes_max);
  } else {
    made = compile_pattern(source, pattern_memory_);
  }
  cannot(made);
  into_.patterns.push_back(std::make_unique<Pattern>(std::move(made)));
  return patterns_[std::string(source)] = into_.patterns.back().get();
}

void Reader::read(NodeId id) {
  const json::View schema{&into_.document, into_.nodes[id].place};
  resource_ = into_.nodes[id].resource;
  Node node;
  node.place = schema.index();
  node.resource = resource_;
  broken_ = false;
  if (schema.kind() == json::Kind::boolean) {
    node.nothing = !schema.boolean();
    node.kinds = node.nothing ? Kinds{0} : kind_any;
  } else if (schema.is_object()) {
    read_kinds(schema, node);
    read_literals(schema, node);
    read_text(schema, node);
    read_number(schema, node);
    read_array(schema, node);
    read_object(schema, node);
    read_in_place(schema, node);
    node.plain = !node.text && !node.number && !node.array && !node.object && !node.in_place &&
                 node.literals.empty();
  } else {
    wrong(schema, "", "must be a schema: an object, true or false");
  }
  if (broken_) {
    // Nothing of it counts, so it refers to nothing either.
    node = Node{};
    node.plain = false;
    node.broken = true;
    node.place = schema.index();
    node.resource = resource_;
  }
  into_.nodes[id] = std::move(node);
}

Status Reader::run() {
  request(into_.document.root(), 0);
  for (NodeId next = 0; next < into_.nodes.size(); ++next) {
    if (into_.nodes.size() > into_.limits.schemas_max) {
      return fail(ErrorKind::invalid,
                  fmt::format("it has more than {} schemas", into_.limits.schemas_max));
    }
    read(next);
    if (wrong_) return std::unexpected(*wrong_);
  }
  into_.dynamic = !into_.anchors.empty();
  return {};
}

Result<Schema> compile(json::View schema, const Limits& limits) {
  const std::string text = json::write(schema);
  if (text.size() > limits.bytes_max) {
    return fail(ErrorKind::invalid, fmt::format("it has more than {} bytes", limits.bytes_max));
  }
  auto compiled = std::make_shared<Compiled>();
  compiled->limits = limits;
  json::ParseLimits as_received;
  as_received.duplicate_keys = json::DuplicateKeys::permit;
  auto document = json::parse(text, as_received);
  PAWL_TRY(document);
  compiled->document = std::move(*document);
  auto resources = Resources::of(compiled->document);
  PAWL_TRY(resources);
  PAWL_TRY(Reader(*compiled, *resources).run());
  PAWL_TRY(refuse_loops(*compiled));
  return Schema(std::move(compiled));
}

// The keywords, by the kind of value that they are about.

namespace {

bool says_true(json::View schema, std::string_view keyword) {
  const json::View value = schema[keyword];
  return value.kind() == json::Kind::boolean && value.boolean();
}

constexpr auto kind_names = std::to_array<std::pair<std::string_view, Kinds>>({
    // `any` is of draft 3, and still written.
    {"any", kind_array | kind_boolean | kind_fraction | kind_null | kind_object | kind_string |
                kind_whole},
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
  // OpenAPI's word for `null` beside a type.
  if (says_true(schema, "nullable")) node.kinds |= kind_null;
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
  // Servers that name no draft write draft 4's here too.
  const bool unsaid =
      !resources_.draft_said && bound.exists() && other.kind() == json::Kind::boolean;
  if (resources_.draft == Draft::d4 || unsaid) {
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
    // Inside of a property, as in draft 3: the object that holds it needs it.
    if (says_true(value, "required")) rules.properties.add(name, no_node, true);
  }
  const json::View required = known(schema, "required");
  if (required.exists() && required.kind() != json::Kind::boolean) {
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

// Schemas about the same value make a graph. It may have no circle, because a circle would check
// the same value for ever; circles through members and elements end where the value ends.

namespace {

std::vector<NodeId> in_place(const Compiled& compiled, const Node& node) {
  std::vector<NodeId> out;
  if (node.in_place) {
    const InPlace& rules = *node.in_place;
    for (NodeId one : {rules.reference, rules.dynamic, rules.negated, rules.condition, rules.then,
                       rules.otherwise}) {
      if (one != no_node) out.push_back(one);
    }
    for (const auto* list : {&rules.all_of, &rules.any_of, &rules.one_of}) {
      out.insert(out.end(), list->begin(), list->end());
    }
    if (rules.dynamic_anchor) {
      for (const auto& place : compiled.anchors[*rules.dynamic_anchor].places) {
        out.push_back(place.node);
      }
    }
  }
  if (node.object) {
    for (const Dependent& dependent : node.object->dependents) {
      if (dependent.schema != no_node) out.push_back(dependent.schema);
    }
  }
  return out;
}

// Depth first without recursion. `depth` of a node is known once it is left.
struct Visit {
  NodeId node;
  std::vector<NodeId> below;
  std::size_t next = 0;
};
enum class Seen : std::uint8_t { no, open, left };

class Walk {
 public:
  explicit Walk(const Compiled& compiled)
      : compiled_(compiled), seen_(compiled.nodes.size()), depth_(compiled.nodes.size(), 1) {}

  Status from(NodeId start) {
    if (seen_[start] == Seen::no) enter(start);
    while (!path_.empty()) {
      Visit& at = path_.back();
      if (at.next < at.below.size()) {
        const NodeId below = at.below[at.next++];
        if (seen_[below] == Seen::open) return wrong(at.node, "comes back to itself");
        if (seen_[below] == Seen::no) enter(below);
        continue;
      }
      for (NodeId below : at.below) depth_[at.node] = std::max(depth_[at.node], depth_[below] + 1);
      if (depth_[at.node] > compiled_.limits.in_place_depth_max) {
        return wrong(at.node, "refers to schemas through too many others");
      }
      seen_[at.node] = Seen::left;
      path_.pop_back();
    }
    return {};
  }

 private:
  void enter(NodeId node) {
    seen_[node] = Seen::open;
    path_.push_back({node, in_place(compiled_, compiled_.nodes[node])});
  }
  std::unexpected<Error> wrong(NodeId node, std::string_view says) const {
    const std::string pointer = pointer_of(compiled_.document, compiled_.nodes[node].place);
    const std::string place = pointer.empty() ? "it" : "`" + escape_untrusted(pointer) + "`";
    return fail(ErrorKind::invalid, fmt::format("{} {} without going into the value", place, says));
  }

  const Compiled& compiled_;
  std::vector<Seen> seen_;
  std::vector<std::size_t> depth_;
  std::vector<Visit> path_;
};

}  // namespace

Status refuse_loops(const Compiled& compiled) {
  Walk walk(compiled);
  for (NodeId node = 0; node < compiled.nodes.size(); ++node) {
    PAWL_TRY(walk.from(node));
  }
  return {};
}

}  // namespace pawl::json_schema
