#include "lang/json_schema/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/json_pointer.h"
#include "base/text.h"
#include "lang/json_schema/address.h"

namespace pawl::json_schema {
namespace {

// What a keyword holds: one schema, a list of them, an object of them, or either of two.
enum class Holds : std::uint8_t { schema, list, members, schema_or_list };
constexpr auto holders = std::to_array<std::pair<std::string_view, Holds>>({
    {"$defs", Holds::members},
    {"additionalItems", Holds::schema},
    {"additionalProperties", Holds::schema},
    {"allOf", Holds::list},
    {"anyOf", Holds::list},
    {"contains", Holds::schema},
    {"contentSchema", Holds::schema},
    {"definitions", Holds::members},
    {"dependencies", Holds::members},
    {"dependentSchemas", Holds::members},
    {"else", Holds::schema},
    {"if", Holds::schema},
    {"items", Holds::schema_or_list},
    {"not", Holds::schema},
    {"oneOf", Holds::list},
    {"patternProperties", Holds::members},
    {"prefixItems", Holds::list},
    {"properties", Holds::members},
    {"propertyNames", Holds::schema},
    {"then", Holds::schema},
    {"unevaluatedItems", Holds::schema},
    {"unevaluatedProperties", Holds::schema},
});

constexpr auto drafts = std::to_array<std::pair<std::string_view, Draft>>({
    {"json-schema.org/draft/2020-12/schema", Draft::d2020},
    {"json-schema.org/draft/2019-09/schema", Draft::d2019},
    {"json-schema.org/draft-07/schema", Draft::d7},
    {"json-schema.org/draft-06/schema", Draft::d6},
    {"json-schema.org/draft-04/schema", Draft::d4},
});

std::optional<Holds> held_by(std::string_view keyword) {
  for (const auto& [name, holds] : holders) {
    if (name == keyword) return holds;
  }
  return std::nullopt;
}

std::unexpected<Error> wrong(json::View at, std::string_view keyword, std::string_view says) {
  std::string pointer = pointer_of(*at.document(), at.index());
  json::append_pointer(keyword, pointer);
  return fail(ErrorKind::invalid, fmt::format("`{}` {}", escape_untrusted(pointer), says));
}

}  // namespace

std::optional<Draft> draft_named(std::string_view uri) {
  if (uri.ends_with('#')) uri.remove_suffix(1);
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!uri.starts_with(scheme)) continue;
    for (const auto& [name, draft] : drafts) {
      if (uri.substr(scheme.size()) == name) return draft;
    }
  }
  return std::nullopt;
}

Result<Resources> Resources::of(const json::Document& document) {
  Resources out(document);
  const json::View root = document.root();
  PAWL_TRY(out.read_draft(root));
  out.all.push_back({"", root.index()});
  out.by_address_.emplace("", 0);
  PAWL_TRY(out.scan(root, 0));
  return out;
}

Status Resources::read_draft(json::View root) {
  const json::View said = root["$schema"];
  if (!said.exists()) return {};
  if (!said.is_string()) return wrong(root, "$schema", "must be a string");
  const auto named = draft_named(said.string());
  // A dialect that is not known is read like none: each value is judged by what can be read.
  if (!named) return {};
  draft = *named;
  draft_said = true;
  return {};
}

// `$id` of a part opens a resource of its own; that of the document only names it.
Status Resources::open_resource(json::View schema, std::string_view id, std::uint32_t& resource) {
  const auto [address, fragment] = split_fragment(id);
  const bool old = draft < Draft::d2019;
  if (!fragment.empty()) {
    if (!old) return wrong(schema, "$id", "must have no fragment");
    if (!fragment.starts_with('/')) {
      const Status added = add_anchor(fragment, schema, resource);
      if (!added) return added;
    }
  }
  if (address.empty()) return {};
  std::string full = resolve(all[resource].address, address);
  if (schema.index() == 0) {
    all.front().address = full;
    by_address_.emplace(std::move(full), 0);
    return {};
  }
  resource = static_cast<std::uint32_t>(all.size());
  if (!by_address_.emplace(full, resource).second) {
    return wrong(schema, "$id", "is the address of two schemas");
  }
  all.push_back({std::move(full), schema.index()});
  return {};
}

Status Resources::add_anchor(std::string_view name, json::View schema, std::uint32_t resource) {
  const bool first =
      anchors_.emplace(std::pair(resource, std::string(name)), schema.index()).second;
  if (first) return {};
  return fail(ErrorKind::invalid,
              fmt::format("`{}` and another schema have the anchor `{}`",
                          escape_untrusted(pointer_of(*document_, schema.index())),
                          escape_untrusted(name)));
}

Status Resources::name_anchors(json::View schema, std::uint32_t resource) {
  if (draft < Draft::d2019) return {};
  if (const json::View name = schema["$anchor"]; name.exists()) {
    if (!name.is_string()) return wrong(schema, "$anchor", "must be a string");
    const Status added = add_anchor(name.string(), schema, resource);
    if (!added) return added;
  }
  if (draft == Draft::d2020) {
    const json::View name = schema["$dynamicAnchor"];
    if (!name.exists()) return {};
    if (!name.is_string()) return wrong(schema, "$dynamicAnchor", "must be a string");
    dynamic[std::string(name.string())].emplace_back(resource, schema.index());
    return add_anchor(name.string(), schema, resource);
  }
  const json::View recursive = schema["$recursiveAnchor"];
  if (recursive.kind() == json::Kind::boolean && recursive.boolean() &&
      all[resource].root == schema.index()) {
    dynamic[""].emplace_back(resource, schema.index());
  }
  return {};
}

Status Resources::scan(json::View schema, std::uint32_t resource) {
  if (schema.is_object()) {
    const std::string_view keyword = draft == Draft::d4 ? "id" : "$id";
    if (const json::View id = schema[keyword]; id.exists()) {
      if (!id.is_string()) return wrong(schema, keyword, "must be a string");
      const Status opened = open_resource(schema, id.string(), resource);
      if (!opened) return opened;
    }
    const json::View said = schema["$schema"];
    if (said.is_string() && schema.index() != 0 && draft_named(said.string()) != draft) {
      return wrong(schema, "$schema", "names another draft than the document");
    }
    PAWL_TRY(name_anchors(schema, resource));
  }
  resource_by_node_.emplace(schema.index(), resource);
  return scan_below(schema, resource);
}

Status Resources::scan_below(json::View schema, std::uint32_t resource) {
  for (const auto& [keyword, value] : schema.members()) {
    const auto holds = held_by(keyword);
    if (!holds) continue;
    const bool list = *holds == Holds::list || *holds == Holds::schema_or_list;
    Status below;
    if (list && value.is_array()) {
      for (json::View one : value.elements()) {
        if (below) below = scan(one, resource);
      }
    } else if (*holds == Holds::members) {
      for (const auto& [name, one] : value.members()) {
        // `dependencies` may hold lists of names.
        if (below && !one.is_array()) below = scan(one, resource);
      }
    } else {
      below = scan(value, resource);
    }
    if (!below) return below;
  }
  return {};
}

std::optional<std::uint32_t> Resources::resource_of(std::uint32_t node) const {
  const auto found = resource_by_node_.find(node);
  if (found == resource_by_node_.end()) return std::nullopt;
  return found->second;
}

// As `step` has it. As many references as there are definitions would go through all definitions
// each.
json::View Resources::inside(json::View at, const std::string& token) const {
  constexpr std::uint32_t small = 16;
  if (at.size() <= small) return step(at, token);
  const auto [known, fresh] = held_.try_emplace(at.index());
  if (fresh) {
    for (const auto& [name, value] : at.members()) known->second.emplace(name, value.index());
    std::uint32_t index = 0;
    for (json::View value : at.elements()) {
      known->second.emplace(std::to_string(index++), value.index());
    }
  }
  const auto found = known->second.find(token);
  return found == known->second.end() ? json::View{} : json::View{document_, found->second};
}

Result<Resources::Target> Resources::descend(std::uint32_t resource,
                                             std::string_view pointer) const {
  const auto tokens = pointer_tokens(pointer);
  if (!tokens) return fail(ErrorKind::invalid, "is not JSON pointer");
  json::View at{document_, all[resource].root};
  for (const std::string& token : *tokens) {
    at = inside(at, token);
    if (!at.exists()) return fail(ErrorKind::invalid, "leads nowhere in this schema");
    resource = resource_of(at.index()).value_or(resource);
  }
  return Target{at.index(), resource, {}};
}

Result<Resources::Target> Resources::find(std::string_view reference, std::uint32_t from) const {
  const auto [address, fragment] = split_fragment(reference);
  const auto resource = by_address_.find(resolve(all[from].address, address));
  if (resource == by_address_.end()) {
    return fail(ErrorKind::invalid, "leads to another document, and none is ever fetched");
  }
  const auto plain = unescape_percent(fragment);
  if (!plain) return fail(ErrorKind::invalid, "has a malformed `%`");
  if (plain->empty() || plain->front() == '/') return descend(resource->second, *plain);
  const auto anchor = anchors_.find({resource->second, *plain});
  if (anchor == anchors_.end())
    return fail(ErrorKind::invalid, "leads to no anchor of this schema");
  const std::uint32_t home = resource_of(anchor->second).value_or(resource->second);
  return Target{anchor->second, home, *plain};
}

}  // namespace pawl::json_schema
