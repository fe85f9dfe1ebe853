// Where the schemas of a document are, and by which addresses they can be reached. Private to this
// room.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace pawl::json_schema {

enum class Draft : std::uint8_t { d4, d6, d7, d2019, d2020 };

// What `$schema` names; nothing where it is unknown.
std::optional<Draft> draft_named(std::string_view uri);

// A schema with an address of its own (`$id`), or the root.
struct Resource {
  std::string address;
  std::uint32_t root = 0;  // node of the document
};

class Resources {
 public:
  // Reads `$schema`, every `$id` and every anchor at once. `said` tells whether `$schema` was
  // there.
  static Result<Resources> of(const json::Document& document);

  Draft draft = Draft::d2020;
  bool draft_said = false;
  std::vector<Resource> all;  // the first is the document itself
  // Anchors for `$dynamicRef`: by name, where they are. "" is `$recursiveAnchor`.
  std::map<std::string, std::vector<std::pair<std::uint32_t, std::uint32_t>>> dynamic;

  // Where a reference in a schema of this resource leads.
  struct Target {
    std::uint32_t node = 0;
    std::uint32_t resource = 0;
    std::string anchor;  // its plain name, where it is one
  };
  Result<Target> find(std::string_view reference, std::uint32_t from) const;

  // The resource of a schema at a place where schemas are; nothing elsewhere.
  std::optional<std::uint32_t> resource_of(std::uint32_t node) const;

 private:
  explicit Resources(const json::Document& document) : document_(&document) {}
  Status scan(json::View schema, std::uint32_t resource);
  Status scan_below(json::View schema, std::uint32_t resource);
  Status name_anchors(json::View schema, std::uint32_t resource);
  Status add_anchor(std::string_view name, json::View schema, std::uint32_t resource);
  Status open_resource(json::View schema, std::string_view id, std::uint32_t& resource);
  Status read_draft(json::View root);
  Result<Target> descend(std::uint32_t resource, std::string_view pointer) const;
  json::View inside(json::View at, const std::string& token) const;

  const json::Document* document_;
  std::unordered_map<std::uint32_t, std::uint32_t> resource_by_node_;
  std::map<std::string, std::uint32_t> by_address_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> anchors_;
  // What large objects and lists hold, made once a reference leads through one: by its node, the
  // nodes by name or by place.
  mutable std::unordered_map<std::uint32_t, std::unordered_map<std::string, std::uint32_t>> held_;
};

}  // namespace pawl::json_schema
