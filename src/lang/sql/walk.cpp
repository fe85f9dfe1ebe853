// Every part of the tree, by what it holds.
#include <algorithm>
#include <array>

#include "lang/sql/names.h"
#include "lang/sql/reader.h"
#include "lang/sql/vocabulary.h"

namespace pawl::sql {

std::vector<std::string_view> strings(json::View list) {
  std::vector<std::string_view> found;
  for (const json::View element : list.elements()) {
    const auto text = element["String"].text("sval");
    if (!text) return {};
    found.push_back(*text);
  }
  return found;
}

void Reader::add(std::vector<std::string>& set, std::string_view name) {
  if (std::ranges::find(set, name) != set.end()) return;
  if (set.size() < names_max) {
    set.emplace_back(name);
  } else {
    out_.refusals = {"more names than can be judged"};
  }
}

bool Reader::is_common_table(std::string_view name) const {
  return std::ranges::find(common_tables_, name) != common_tables_.end();
}

void Reader::visit(json::View view, Access access) {
  for (const json::View element : view.elements()) visit(element, access);
  if (view.is_object()) visit_object(view, access);
}

// Parts come with their name around them, `{"RangeVar": {...}}`, or bare where their place allows
// one kind only: bare ones are known by a member that nothing else has.
void Reader::visit_object(json::View object, Access access) {
  if (object["relname"].exists()) relation(object, access);
  if (object["funcname"].exists()) function(object);
  if (object["names"].exists()) type(object);
  if (object["aliasname"].exists()) alias(object);
  for (const auto& [key, value] : object.members()) {
    if (!key.empty() && key.front() >= 'A' && key.front() <= 'Z') {
      visit_node(key, value, access);
    } else {
      visit(value, access);
    }
  }
}

void Reader::visit_node(std::string_view node, json::View body, Access access) {
  if (is_statement(node)) {
    statement(node, body);
    return;
  }
  if (!known_node(node)) add(out_.refusals, "syntax that this version does not know");
  if (node == "LockingClause") return;  // its names are aliases of what FROM already told
  expression(node, body);
  visit(body, access);
}

void Reader::expression(std::string_view node, json::View body) {
  if (node == "ColumnRef") column(body);
  if (node == "A_Expr" && !body.text("kind").value_or("").starts_with("AEXPR_BETWEEN") &&
      !body.text("kind").value_or("").starts_with("AEXPR_NOT_BETWEEN")) {
    operation(body["name"]);
  }
  if (node == "SubLink") operation(body["operName"]);
  if (node == "SortBy") operation(body["useOp"]);
  if (node == "A_Indirection" || node == "ResTarget") indirection(body["indirection"]);
  if (node == "RangeTableSample") sample(body["method"]);
  if (node == "IndexElem") {
    if (const auto name = body.text("name")) add(out_.columns, *name);
  }
  if (node == "JoinExpr") {
    for (const std::string_view name : strings(body["usingClause"])) add(out_.columns, name);
    if (body["isNatural"].exists()) add(out_.columns, "*");
  }
}

void Reader::relation(json::View body, Access access) {
  std::vector<std::string_view> parts;
  for (const std::string_view member : {"catalogname", "schemaname", "relname"}) {
    if (const auto part = body.text(member)) parts.push_back(*part);
  }
  if (body.text("relpersistence") == "t") {
    add(out_.refusals, "a temporary relation would hide others of its name");
  }
  if (!body["alias"].exists()) add(out_.aliases, parts.back());
  const bool stands_for_itself =
      access == Access::read && parts.size() == 1 && is_common_table(parts.back());
  if (stands_for_itself) return;
  add(access == Access::read ? out_.reads : out_.writes, spell(parts));
}

void Reader::column(json::View body) {
  std::string_view last;
  for (const json::View field : body["fields"].elements()) {
    last = field["A_Star"].exists() ? "*" : field["String"].text("sval").value_or("");
  }
  if (last.empty()) {
    add(out_.refusals, "syntax that this version does not know");
  } else {
    add(out_.columns, last);
  }
}

void Reader::function(json::View body) {
  const std::vector<std::string_view> parts = strings(body["funcname"]);
  if (parts.empty()) {
    add(out_.refusals, "syntax that this version does not know");
    return;
  }
  const bool built_in = parts.size() == 1 || (parts.size() == 2 && parts[0] == "pg_catalog");
  if (!built_in || !harmless_function(parts.back())) add(out_.functions, spell(parts));
}

void Reader::type(json::View body) {
  const std::vector<std::string_view> parts = strings(body["names"]);
  if (parts.empty()) {
    add(out_.refusals, "syntax that this version does not know");
    return;
  }
  const bool built_in = parts.size() == 1 || (parts.size() == 2 && parts[0] == "pg_catalog");
  if (!built_in || !known_type(parts.back())) add(out_.types, spell(parts));
}

void Reader::operation(json::View names) {
  if (!names.exists()) return;
  const std::vector<std::string_view> parts = strings(names);
  const bool built_in = parts.size() == 1 || (parts.size() == 2 && parts[0] == "pg_catalog");
  if (built_in && known_operator(parts.back())) return;
  std::string name = "operator ";
  name.append(parts.empty() ? "?" : spell(parts));
  add(out_.functions, name);
}

void Reader::alias(json::View body) {
  add(out_.aliases, body.text("aliasname").value_or("?"));
  // Columns under new names: which ones are meant is not known.
  if (body["colnames"].exists()) add(out_.columns, "*");
}

// `(row).field` and `SET a.b = ...`.
void Reader::indirection(json::View steps) {
  for (const json::View step : steps.elements()) {
    if (step["A_Star"].exists()) add(out_.columns, "*");
    if (const auto field = step["String"].text("sval")) add(out_.columns, *field);
  }
}

void Reader::sample(json::View method) {
  const std::vector<std::string_view> parts = strings(method);
  constexpr std::array<std::string_view, 2> kMethods = {"system", "bernoulli"};
  if (parts.size() == 1 && std::ranges::find(kMethods, parts[0]) != kMethods.end()) return;
  add(out_.functions, parts.empty() ? "?" : spell(parts));
}

}  // namespace pawl::sql
