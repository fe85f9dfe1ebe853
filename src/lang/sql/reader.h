// The walk through a tree. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "lang/sql/summary.h"

namespace pawl::sql {

enum class Access : std::uint8_t { read, write };

// A statement with more names is refused.
inline constexpr std::size_t names_max = 256;

class Reader {
 public:
  Summary read(json::View statements);

 private:
  // reader.cpp: every part of the tree, by what it holds.
  void visit(json::View view, Access access);
  void visit_object(json::View object, Access access);
  void visit_node(std::string_view node, json::View body, Access access);
  void expression(std::string_view node, json::View body);
  void relation(json::View body, Access access);
  void column(json::View body);
  void function(json::View body);
  void type(json::View body);
  void operation(json::View names);
  void alias(json::View body);
  void indirection(json::View steps);
  void sample(json::View body);

  // reader.cpp: what a statement does beyond its parts.
  void statement(std::string_view node, json::View body);
  void query(std::string_view node, json::View body);
  void query_parts(json::View body, bool selects);
  void select(json::View body);
  void changes(std::string_view node, json::View body);
  void merge_clauses(json::View clauses);
  void utility(std::string_view node, json::View body);
  std::string_view utility_kind(std::string_view node, json::View body);
  std::string_view copy_kind(json::View body);
  std::string_view drop_kind(json::View body);
  void set_parameter(json::View body);
  void common_tables(json::View with);
  void target_columns(json::View targets);

  bool is_common_table(std::string_view name) const;
  void add(std::vector<std::string>& set, std::string_view name);

  Summary out_;
  std::vector<std::string_view> common_tables_;  // visible here, the innermost last
};

// The texts of a list of String nodes; nothing where it holds something else.
std::vector<std::string_view> strings(json::View list);

}  // namespace pawl::sql
