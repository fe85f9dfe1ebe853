#include "kernel/redact/scope.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/redact/projection.h"

namespace pawl {
namespace {

class Projection {
 public:
  explicit Projection(const ScopePaths& paths) : paths_(paths) {}

  bool project(json::View value, const ScopeTails& tails, std::string& out) const;

 private:
  bool members(json::View object, const ScopeTails& tails, std::string& out) const;
  bool elements(json::View list, const ScopeTails& tails, std::string& out) const;

  const ScopePaths& paths_;
};

// Both write as they go and take back what came to nothing, so that deep wrappers cost no copies.
bool Projection::members(json::View object, const ScopeTails& tails, std::string& out) const {
  std::vector<json::View::Member> sorted;
  for (const json::View::Member& member : object.members()) sorted.push_back(member);
  std::ranges::sort(sorted, {}, &json::View::Member::key);
  const std::size_t begin = out.size();
  out += '{';
  for (const auto& [name, value] : sorted) {
    ScopeTails below;
    const Keep keep = judge_member(paths_, name, tails, below);
    if (keep == Keep::nothing) continue;
    const std::size_t before = out.size();
    if (before != begin + 1) out += ',';
    json::write_string(name, out);
    out += ':';
    if (keep == Keep::whole) {
      json::write(value, out);
    } else if (!project(value, below, out)) {
      out.resize(before);
    }
  }
  if (out.size() == begin + 1) {
    out.resize(begin);
    return false;
  }
  out += '}';
  return true;
}

bool Projection::elements(json::View list, const ScopeTails& tails, std::string& out) const {
  const std::size_t begin = out.size();
  out += '[';
  for (json::View value : list.elements()) {
    const std::size_t before = out.size();
    if (before != begin + 1) out += ',';
    if (!project(value, tails, out)) out.resize(before);
  }
  if (out.size() == begin + 1) {
    out.resize(begin);
    return false;
  }
  out += ']';
  return true;
}

bool Projection::project(json::View value, const ScopeTails& tails, std::string& out) const {
  if (value.is_object()) return members(value, tails, out);
  if (value.is_array()) return elements(value, tails, out);
  return false;
}

}  // namespace

Keep judge_member(const ScopePaths& paths, std::string_view name, const ScopeTails& tails,
                  ScopeTails& below) {
  bool whole = false;
  const auto meet = [&](std::size_t path, std::size_t met) {
    if (paths[path][met] != name) return;
    whole = whole || met + 1 == paths[path].size();
    below.emplace_back(path, met + 1);
  };
  if (tails.empty()) {
    for (std::size_t path = 0; path < paths.size(); ++path) meet(path, 0);
  } else {
    for (const auto& [path, met] : tails) meet(path, met);
  }
  if (whole) return Keep::whole;
  // Outside of dotted names any container may hold a listed name further down.
  return tails.empty() || !below.empty() ? Keep::look_inside : Keep::nothing;
}

Scope::Scope(std::vector<std::string> fields) : fields_(std::move(fields)) {
  for (const std::string& field : fields_) {
    std::vector<std::string> path;
    for (std::string_view name : split(field, '.')) path.emplace_back(name);
    paths_.push_back(std::move(path));
  }
}

bool Scope::project(json::View value, std::string& out) const {
  if (Projection(paths_).project(value, {}, out)) return true;
  out += "null";
  return false;
}

// The projection of a whole tools/call result.

namespace {

constexpr std::size_t shown_bytes_max = 64;

// The way to a value, kept on the stack: a name is made only of what is told.
struct Way {
  const Way* above = nullptr;
  std::string_view name = {};  // of a member, or of where the way begins
  std::size_t index = 0;       // of an element, where `element`
  bool element = false;
};

class ResultProjection {
 public:
  ResultProjection(const Scope& scope, json::View received) : scope_(scope), received_(received) {}

  Projected make();

 private:
  void project_structured();
  void project_content();
  void project_text(std::size_t index, json::View item);
  void withhold_item(std::size_t index, json::View item, std::string_view why);
  void name_others();
  void name_fields(json::View before, std::string_view projected, const Way& way);
  void compare(json::View before, json::View after, const Way& way);
  void compare_members(json::View before, json::View after, const Way& way);
  void withhold(std::string name);
  void withhold(const Way& way);
  std::string notice() const;

  const Scope& scope_;
  json::View received_;
  bool failed_ = false;  // isError
  std::string structured_;
  std::vector<std::string> texts_;
  std::vector<std::string> withheld_;
  std::size_t items_ = 0;   // parts of the content that were withheld
  std::size_t fields_ = 0;  // members outside the scope
  std::size_t beside_ = 0;  // other members of the result
  std::size_t unnamed_ = 0;
};

void ResultProjection::withhold(std::string name) {
  if (withheld_.size() < withheld_names_max) {
    withheld_.push_back(std::move(name));
  } else {
    ++unnamed_;
  }
}

std::string shown(std::string_view name) {
  std::string out = escape_untrusted(name.substr(0, shown_bytes_max));
  if (name.size() > shown_bytes_max) out += "...";
  return out;
}

void append(const Way& way, std::string& out) {  // NOLINT(misc-no-recursion)
  if (way.above == nullptr) {
    out += way.name;
    return;
  }
  append(*way.above, out);
  if (way.element) {
    fmt::format_to(std::back_inserter(out), "[{}]", way.index);
  } else {
    out += '.';
    out += shown(way.name);
  }
}

void ResultProjection::withhold(const Way& way) {
  if (withheld_.size() >= withheld_names_max) {
    ++unnamed_;
    return;
  }
  append(way, withheld_.emplace_back());
}

// The projection wrote its members in the order of their names, so each is found by halves: objects
// may be large, and looking through all of one for each of the other would take their product.
void ResultProjection::compare_members(json::View before, json::View after, const Way& way) {
  std::vector<json::View::Member> kept;
  kept.reserve(after.size());
  for (const json::View::Member& member : after.members()) kept.push_back(member);
  for (auto [name, value] : before.members()) {
    const Way inner{&way, name};
    const auto found = std::ranges::lower_bound(kept, name, {}, &json::View::Member::key);
    if (found != kept.end() && found->key == name) {
      compare(value, found->value, inner);
    } else {
      ++fields_;
      withhold(inner);
    }
  }
}

// Names every member that the projection lost. Elements of lists are told apart only by place, and
// the projection may drop some: below a list that lost an element, the list itself is named.
void ResultProjection::compare(json::View before, json::View after, const Way& way) {
  if (before.is_object() && after.is_object()) return compare_members(before, after, way);
  if (before.is_array() && after.is_array() && before.size() == after.size()) {
    auto other = after.elements().begin();
    std::size_t index = 0;
    for (json::View value : before.elements()) {
      compare(value, *other, {&way, {}, index++, true});
      ++other;
    }
    return;
  }
  if (json::equal(before, after)) return;
  ++fields_;
  withhold(way);
}

void ResultProjection::name_fields(json::View before, std::string_view projected, const Way& way) {
  const Result<json::Document> after = json::parse(projected);
  if (after) compare(before, after->root(), way);
}

void ResultProjection::project_structured() {
  const json::View structured = received_["structuredContent"];
  if (!structured.exists()) return;
  if (failed_ || (!structured.is_object() && !structured.is_array())) {
    ++items_;
    withhold("structuredContent");
    return;
  }
  if (!scope_.project(structured, structured_)) {
    // A client with an output schema expects the member although nothing is left in it.
    structured_ = structured.is_object() ? "{}" : "[]";
  }
  name_fields(structured, structured_, {nullptr, "structuredContent"});
  texts_.push_back(structured_);
}

void ResultProjection::withhold_item(std::size_t index, json::View item, std::string_view why) {
  ++items_;
  withhold(
      fmt::format("content[{}] {}{}", index, shown(item.text("type").value_or("unknown")), why));
}

void ResultProjection::project_text(std::size_t index, json::View item) {
  const auto text = item.text("text");
  if (failed_ || !text) return withhold_item(index, item, failed_ ? " of an error" : "");
  // Prose, several values in a row, duplicate_keys of keys: all of that is not JSON value to our
  // parser.
  const Result<json::Document> parsed = json::parse(*text);
  if (!parsed) return withhold_item(index, item, " that is not JSON");
  std::string projected;
  const bool left = scope_.project(parsed->root(), projected);
  if (!structured_.empty()) {
    // The structured content is shown already; a text that says something else would contradict it.
    if (projected != structured_ && left) {
      withhold_item(index, item, " that differs from the structured content");
    }
    return;
  }
  if (!left) return withhold_item(index, item, " without a listed field");
  name_fields(parsed->root(), projected, {nullptr, fmt::format("content[{}]", index)});
  texts_.push_back(std::move(projected));
}

void ResultProjection::project_content() {
  std::size_t index = 0;
  for (json::View item : received_["content"].elements()) {
    const bool text = item.text("type") == "text";
    text ? project_text(index, item) : withhold_item(index, item, "");
    for (auto [name, value] : text ? item.members() : json::View().members()) {
      if (name == "type" || name == "text") continue;
      withhold(fmt::format("content[{}].{}", index, shown(name)));
    }
    ++index;
  }
  if (received_["content"].exists() && !received_["content"].is_array()) {
    ++items_;
    withhold("content");
  }
}

void ResultProjection::name_others() {
  for (auto [name, value] : received_.members()) {
    if (name == "content" || name == "structuredContent" || name == "isError") continue;
    ++beside_;
    withhold(shown(name));
  }
}

std::string ResultProjection::notice() const {
  std::vector<std::string> parts;
  const auto count = [&](std::size_t n, std::string_view one, std::string_view many) {
    if (n > 0) parts.push_back(fmt::format("{} {}", n, n == 1 ? one : many));
  };
  count(fields_, "field", "fields");
  count(items_, failed_ ? "part of the error" : "part of the content",
        failed_ ? "parts of the error" : "parts of the content");
  count(beside_, "other member", "other members");
  return fmt::format("withheld by the policy's scope: {}", fmt::join(parts, ", "));
}

Projected ResultProjection::make() {
  if (!received_.is_object()) {
    ++items_;
    withhold("result");
  }
  const json::View error = received_["isError"];
  // Anything but a plain `false` counts as an error: its texts are withheld.
  failed_ = error.exists() && !(error.kind() == json::Kind::boolean && !error.boolean());
  project_structured();
  project_content();
  name_others();
  if (items_ + fields_ > 0) texts_.push_back(notice());
  json::Writer out;
  out.object().key("content").array();
  for (const std::string& text : texts_) {
    out.object().key("text").string(text).key("type").string("text").end();
  }
  out.end();
  if (error.exists()) out.key("isError").boolean(failed_);
  if (!structured_.empty()) out.key("structuredContent").raw(structured_);
  out.end();
  if (unnamed_ > 0) withheld_.push_back(fmt::format("{} more", unnamed_));
  return {out.take(), std::move(withheld_)};
}

}  // namespace

Projected project_result(const Scope& scope, json::View result) {
  return ResultProjection(scope, result).make();
}

std::string withheld_notice() {
  return "text withheld: the policy limits what this tool returns to listed fields";
}

// The output schema that fits projected results.

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
    // A name with an escape is not a member by this spelling.
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
