// What a statement does beyond its parts.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lang/sql/names.h"
#include "lang/sql/read.h"
#include "lang/sql/reader.h"
#include "lang/sql/vocabulary.h"

namespace pawl::sql {

namespace {

bool is_query(std::string_view node) {
  constexpr std::array<std::string_view, 5> kQueries = {"SelectStmt", "InsertStmt", "UpdateStmt",
                                                        "DeleteStmt", "MergeStmt"};
  return std::ranges::find(kQueries, node) != kQueries.end();
}

bool is_true(json::View view) {
  return view.kind() == json::Kind::boolean && view.boolean();
}

}  // namespace

Summary Reader::read(json::View statements) {
  for (const json::View one : statements.elements()) {
    ++out_.statements;
    visit(one["stmt"], Access::read);
  }
  for (auto* set : {&out_.kinds, &out_.reads, &out_.writes, &out_.columns, &out_.functions,
                    &out_.types, &out_.unbounded, &out_.aliases, &out_.refusals}) {
    // A name without a byte does not exist in PostgreSQL; a statement with one is not understood.
    if (std::ranges::find(*set, "") != set->end()) {
      std::erase(*set, "");
      add(out_.refusals, "a name is empty");
    }
    std::ranges::sort(*set);
  }
  return std::move(out_);
}

void Reader::statement(std::string_view node, json::View body) {
  if (is_query(node)) {
    query(node, body);
  } else {
    utility(node, body);
  }
}

// Names of WITH are visible in all of this statement and nowhere else.
void Reader::query(std::string_view node, json::View body) {
  add(out_.kinds, kind_of(node));
  const std::size_t outside = common_tables_.size();
  if (node == "SelectStmt") {
    select(body);
  } else {
    common_tables(body["withClause"]);
    changes(node, body);
    query_parts(body, false);
  }
  common_tables_.resize(outside);
}

void Reader::query_parts(json::View body, bool selects) {
  for (const auto& [key, value] : body.members()) {
    if (key == "withClause") continue;
    if (key == "relation") {
      visit(value, Access::write);
    } else if (selects && (key == "larg" || key == "rarg")) {
      // Sides of UNION come without a name around them.
      const std::size_t outside = common_tables_.size();
      select(value);
      common_tables_.resize(outside);
    } else if (key == "intoClause") {
      visit(value, Access::write);
    } else if (key == "selectStmt" && value["SelectStmt"]["valuesLists"].exists()) {
      // The rows of an INSERT are no statement of their own.
      const std::size_t outside = common_tables_.size();
      select(value["SelectStmt"]);
      common_tables_.resize(outside);
    } else {
      visit(value, Access::read);
    }
  }
}

void Reader::select(json::View body) {
  common_tables(body["withClause"]);
  if (body["intoClause"].exists()) add(out_.kinds, "select_into");
  if (body["lockingClause"].exists()) add(out_.kinds, "select_for_update");
  query_parts(body, true);
}

void Reader::common_tables(json::View with) {
  if (!with.exists()) return;
  const json::View list = with["ctes"];
  const auto name_of = [](json::View one) {
    return one["CommonTableExpr"].text("ctename").value_or("");
  };
  // Under RECURSIVE each sees all; otherwise each sees the ones before it.
  const bool recursive = is_true(with["recursive"]);
  if (recursive) {
    for (const json::View one : list.elements()) common_tables_.push_back(name_of(one));
  }
  for (const json::View one : list.elements()) {
    add(out_.aliases, name_of(one));
    visit(one, Access::read);
    if (!recursive) common_tables_.push_back(name_of(one));
  }
}

void Reader::target_columns(json::View targets) {
  for (const json::View target : targets.elements()) {
    add(out_.columns, target["ResTarget"].text("name").value_or("*"));
  }
}

void Reader::changes(std::string_view node, json::View body) {
  if (node == "InsertStmt") {
    if (!body["cols"].exists()) add(out_.columns, "*");
    target_columns(body["cols"]);
    const json::View conflict = body["onConflictClause"];
    if (conflict.text("action") == "ONCONFLICT_UPDATE") add(out_.kinds, "update");
    target_columns(conflict["targetList"]);
    return;
  }
  if (node == "UpdateStmt") target_columns(body["targetList"]);
  if (node == "MergeStmt") {
    merge_clauses(body["mergeWhenClauses"]);
    if (narrows_nothing(body["joinCondition"], body)) add(out_.unbounded, "merge");
  } else if (narrows_nothing(body["whereClause"], body)) {
    add(out_.unbounded, kind_of(node));
  }
}

void Reader::merge_clauses(json::View clauses) {
  for (const json::View clause : clauses.elements()) {
    const json::View when = clause["MergeWhenClause"];
    const std::string_view command = when.text("commandType").value_or("");
    if (command == "CMD_INSERT") add(out_.kinds, "insert");
    if (command == "CMD_UPDATE") add(out_.kinds, "update");
    if (command == "CMD_DELETE") add(out_.kinds, "delete");
    if (command == "CMD_INSERT" && !when["targetList"].exists()) add(out_.columns, "*");
    target_columns(when["targetList"]);
  }
}

// Relations that a utility names are changed or defined by it, but for those of its queries.
void Reader::utility(std::string_view node, json::View body) {
  const std::string_view kind = utility_kind(node, body);
  add(out_.kinds, kind);
  const bool reads = kind == "copy_to" || kind == "analyze";
  visit(body, reads ? Access::read : Access::write);
}

std::string_view Reader::utility_kind(std::string_view node, json::View body) {
  const std::string_view kind = kind_of(node);
  if (kind == "copy") return copy_kind(body);
  if (kind == "drop") return drop_kind(body);
  if (kind == "set") set_parameter(body);
  if (kind == "vacuum" && !is_true(body["is_vacuumcmd"])) return "analyze";
  if (kind == "create_table" && body.text("objtype") == "OBJECT_MATVIEW") return "create_view";
  if (kind == "grant") {
    const bool of_tables =
        body.text("targtype") == "ACL_TARGET_OBJECT" && body.text("objtype") == "OBJECT_TABLE";
    if (!of_tables) return "other";
    return is_true(body["is_grant"]) ? "grant" : "revoke";
  }
  // Whole schemas and databases; types and other things that ALTER TABLE also renames.
  if (kind == "reindex" && !body["relation"].exists()) return "other";
  if (kind == "alter_table" && body.text("objtype") != "OBJECT_TABLE") return "other";
  return kind;
}

std::string_view Reader::copy_kind(json::View body) {
  if (!body["query"].exists() && !body["attlist"].exists()) add(out_.columns, "*");
  for (const std::string_view name : strings(body["attlist"])) add(out_.columns, name);
  if (is_true(body["is_program"])) return "copy_program";
  if (body["filename"].exists()) return "copy_file";
  return is_true(body["is_from"]) ? "copy_from" : "copy_to";
}

std::string_view Reader::drop_kind(json::View body) {
  struct Row {
    std::string_view type, kind;
  };
  constexpr std::array<Row, 5> kRows = {{{"OBJECT_TABLE", "drop_table"},
                                         {"OBJECT_VIEW", "drop_view"},
                                         {"OBJECT_MATVIEW", "drop_view"},
                                         {"OBJECT_INDEX", "drop_index"},
                                         {"OBJECT_SEQUENCE", "drop_sequence"}}};
  const auto* row = std::ranges::find(kRows, body.text("removeType").value_or(""), &Row::type);
  if (row == kRows.end()) return "other";
  // What depends on it is not visible here.
  if (body.text("behavior") == "DROP_CASCADE") add(out_.refusals, "DROP with CASCADE");
  for (const json::View object : body["objects"].elements()) {
    const std::vector<std::string_view> parts = strings(object["List"]["items"]);
    if (parts.empty()) return "other";
    add(out_.writes, spell(parts));
  }
  return row->kind;
}

// A changed search path or string syntax gives every later text another meaning.
void Reader::set_parameter(json::View body) {
  std::string name(body.text("name").value_or("?"));
  if (harmless_parameter(name)) return;
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (harmless_parameter(name)) return;
  add(out_.refusals, "SET of a parameter that changes what later statements mean");
}

Result<Summary> read_tree(json::View tree) {
  if (!tree["stmts"].is_array()) {
    // A text without a statement: blanks and comments only.
    if (tree.is_object() && tree["version"].exists()) return Summary{};
    return fail(ErrorKind::invalid, "the parser's answer is not a tree");
  }
  return Reader().read(tree["stmts"]);
}

// Every part of the tree, by what it holds.

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
