// Reads the schemas of a document into nodes. Private to this room.
// Every schema is read once, however often it is referred to; a queue takes the place of recursion,
// so that a chain of references costs no stack. A mistake in the root is kept and ends the reading;
// one elsewhere is a finding, and its schema is broken.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "lang/json_schema/node.h"
#include "lang/json_schema/resources.h"

namespace pawl::json_schema {

class Reader {
 public:
  Reader(Compiled& into, const Resources& resources) : into_(into), resources_(resources) {}
  Status run();

 private:
  // reader.cpp: what every keyword needs.
  NodeId request(json::View schema, std::uint32_t resource);
  NodeId child(json::View parent, std::string_view keyword);
  std::vector<NodeId> children(json::View parent, std::string_view keyword);
  void wrong(json::View schema, std::string_view keyword, std::string_view says);
  void find(json::View schema, std::string_view keyword, std::string says);
  bool count(json::View schema, std::string_view keyword, std::uint64_t& into);
  bool truth(json::View schema, std::string_view keyword);
  std::optional<std::string_view> text(json::View schema, std::string_view keyword);
  std::vector<std::string> names(json::View schema, std::string_view keyword, json::View list);
  json::View members(json::View schema, std::string_view keyword);
  const Pattern* pattern(json::View schema, std::string_view keyword, std::string_view source);
  void read(NodeId id);

  // reader.cpp: a keyword's value where the draft has that keyword, and one function for each
  // kind of value, and for all values.
  json::View known(json::View schema, std::string_view keyword) const;
  static Kinds kind_named(std::string_view name);
  void read_kinds(json::View schema, Node& node);
  void read_literals(json::View schema, Node& node);
  void read_text(json::View schema, Node& node);
  void read_number(json::View schema, Node& node);
  void read_bound(json::View schema, bool upper, NumberRules& rules);
  void read_array(json::View schema, Node& node);
  void read_items(json::View schema, ArrayRules& rules);
  void read_object(json::View schema, Node& node);
  void read_properties(json::View schema, ObjectRules& rules);
  void read_dependents(json::View schema, ObjectRules& rules);
  void read_in_place(json::View schema, Node& node);
  void read_references(json::View schema, InPlace& rules);
  void read_dynamic(json::View schema, std::string_view keyword, InPlace& rules);
  std::optional<Resources::Target> target(json::View schema, std::string_view keyword);
  std::uint32_t dynamic_anchor(const std::string& name);

  Compiled& into_;
  const Resources& resources_;
  bool broken_ = false;  // the schema that is being read
  std::unordered_map<std::uint32_t, NodeId> by_place_;
  std::unordered_map<std::string, const Pattern*> patterns_;
  std::size_t pattern_memory_ = pattern_memory_max;
  std::uint32_t resource_ = 0;  // of the schema that is being read
  std::optional<Error> wrong_;
};

// References that come back to where they began without going into the value, and chains that are
// too long. reader.cpp.
Status refuse_loops(const Compiled& compiled);

}  // namespace pawl::json_schema
