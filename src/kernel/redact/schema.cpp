// The output schema that fits projected results.
#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>

#include "kernel/redact/projection.h"
#include "kernel/redact/scope.h"

namespace pawl {
namespace {

constexpr unsigned schema_depth_max = 16;            // deeper levels are open
constexpr std::size_t schema_bytes_max = 4UL << 20;  // of what is written; then levels are open
// Members, elements and names that are looked at, definitions as often as they are referred to:
// references that branch would make a small schema endless. Then levels are open.
constexpr std::size_t schema_looks_max = 1UL << 20;

// A level that says one of these about its value is opened: what is left after the projection need
// not satisfy it.
constexpr std::array more_than_members =
    std::to_array<std::string_view>({"$dynamicRef", "$recursiveRef", "allOf", "anyOf", "const",
                                     "else", "enum", "if", "not", "oneOf", "then"});

constexpr std::array anchors = std::to_array<std::string_view>(
    {"$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor", "$recursiveRef"});

bool is_definition(json::View reference) {
  return reference.is_string() && (reference.string().starts_with("#/$defs/") ||
                                   reference.string().starts_with("#/definitions/"));
}

// A subschema that is kept as it is must still find what it refers to: definitions of the root are
// kept, nothing else is.
bool self_contained(json::View schema) {
  for (json::View element : schema.elements()) {
    if (!self_contained(element)) return false;
  }
  for (auto [name, value] : schema.members()) {
    if (std::ranges::find(anchors, name) != anchors.end()) return false;
    if (name == "$ref" && !is_definition(value)) return false;
    if (!self_contained(value)) return false;
  }
  return true;
}

bool is_scalar(json::View type) {
  return type.is_string() && type.string() != "object" && type.string() != "array";
}

class SchemaProjection {
 public:
  SchemaProjection(const Scope& scope, json::View root) : paths_(scope.paths()), root_(root) {
    definitions_kept_ = self_contained(root["$defs"]) && self_contained(root["definitions"]);
    for (const auto& [name, schema] : root["$defs"].members()) defs_.emplace(name, schema);
    for (const auto& [name, schema] : root["definitions"].members()) {
      definitions_.emplace(name, schema);
    }
  }

  std::string make();

 private:
  void level(json::View schema, const ScopeTails& tails, unsigned depth, bool root,
             std::string& out);
  void members(json::View schema, const ScopeTails& tails, unsigned depth, json::Writer& out);
  json::View follow(json::View schema, unsigned depth);
  std::string kept(json::View schema);

  const ScopePaths& paths_;
  json::View root_;
  std::unordered_map<std::string_view, json::View> defs_, definitions_;  // by name
  bool definitions_kept_ = false;
  std::size_t written_ = 0;
  std::size_t looks_ = 0;
};

std::string SchemaProjection::kept(json::View schema) {
  looks_ += schema.document()->node(schema.index()).end - schema.index();
  const bool fits = looks_ <= schema_looks_max && definitions_kept_ && self_contained(schema);
  return fits ? json::write(schema) : "{}";
}

// The definition that a level consists of, or the level itself.
json::View SchemaProjection::follow(json::View schema, unsigned depth) {
  for (unsigned steps = depth; steps <= schema_depth_max; ++steps) {
    looks_ += 1 + schema.size();
    if (looks_ > schema_looks_max) return {};
    const json::View reference = schema["$ref"];
    if (!reference.exists()) return schema;
    if (!is_definition(reference)) return {};
    const std::string_view text = reference.string();
    const std::size_t slash = text.find('/', 2);
    const auto& among = text.substr(2, slash - 2) == "$defs" ? defs_ : definitions_;
    // A name with an escape is no member by this spelling.
    const auto named = among.find(text.substr(slash + 1));
    const bool escaped = text.find_first_of("/~%", slash + 1) != std::string_view::npos;
    if (named == among.end() || escaped) return {};
    schema = named->second;
  }
  return {};
}

void SchemaProjection::members(json::View schema, const ScopeTails& tails, unsigned depth,
                               json::Writer& out) {
  std::vector<json::View::Member> sorted;
  for (const json::View::Member& member : schema["properties"].members()) sorted.push_back(member);
  looks_ += sorted.size() + schema["required"].size();
  std::ranges::sort(sorted, {}, &json::View::Member::key);
  std::vector<std::string_view> whole;
  out.key("properties").object();
  for (const auto& [name, value] : sorted) {
    ScopeTails below;
    const Keep keep = judge_member(paths_, name, tails, below);
    if (keep == Keep::nothing) continue;
    if (keep == Keep::whole) {
      whole.push_back(name);
      out.key(name).raw(kept(value));
      continue;
    }
    const json::View inner = follow(value, depth + 1);
    if (is_scalar(inner["type"])) continue;
    std::string text;
    level(inner, below, depth + 1, false, text);
    out.key(name).raw(text);
  }
  out.end();
  // Only what is kept whole is there whenever the server sent it; wrappers may disappear.
  std::vector<std::string_view> required;
  for (json::View name : schema["required"].elements()) {
    if (name.is_string() && std::ranges::find(whole, name.string()) != whole.end()) {
      required.push_back(name.string());
    }
  }
  if (required.empty()) return;
  std::ranges::sort(required);
  out.key("required").array();
  for (std::string_view name : required) out.string(name);
  out.end();
}

void SchemaProjection::level(json::View schema, const ScopeTails& tails, unsigned depth, bool root,
                             std::string& out) {
  const auto says = [&](std::string_view key) { return schema[key].exists(); };
  looks_ += 1 + schema.size();
  const bool open = !schema.is_object() || depth > schema_depth_max ||
                    written_ > schema_bytes_max || looks_ > schema_looks_max ||
                    std::ranges::any_of(more_than_members, says);
  if (open) {
    out += root ? R"({"type":"object"})" : "{}";
    return;
  }
  json::Writer w;
  w.object();
  if (root && definitions_kept_ && says("$defs")) w.key("$defs").value(schema["$defs"]);
  if (root && says("$schema")) w.key("$schema").value(schema["$schema"]);
  if (root && definitions_kept_ && says("definitions")) {
    w.key("definitions").value(schema["definitions"]);
  }
  if (says("description")) w.key("description").value(schema["description"]);
  if (schema["items"].is_object() && !root) {
    std::string items;
    level(follow(schema["items"], depth + 1), tails, depth + 1, false, items);
    w.key("items").raw(items);
  }
  if (schema["properties"].is_object()) members(schema, tails, depth, w);
  if (says("title")) w.key("title").value(schema["title"]);
  if (root) {
    w.key("type").string("object");
  } else if (says("type")) {
    w.key("type").value(schema["type"]);
  }
  w.end();
  written_ += w.text().size();
  out += w.text();
}

std::string SchemaProjection::make() {
  const json::View top = follow(root_, 0);
  std::string out;
  // A root that is only a reference would lose its definitions; it is opened.
  level(top.exists() && top.index() == root_.index() ? top : json::View{}, {}, 0, true, out);
  return out;
}

}  // namespace

std::string project_output_schema(const Scope& scope, json::View schema) {
  return SchemaProjection(scope, schema).make();
}

}  // namespace pawl
