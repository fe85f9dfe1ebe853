// Whether a condition narrows anything.
#include <algorithm>
#include <array>

#include "lang/sql/read.h"

namespace pawl::sql {

namespace {

// Does a part of this name occur anywhere below?
bool mentions(json::View view, std::string_view node) {
  for (const json::View element : view.elements()) {
    if (mentions(element, node)) return true;
  }
  for (const auto& [key, value] : view.members()) {
    if (key == node || mentions(value, node)) return true;
  }
  return false;
}

// Equal but for the places in the text. Each part is looked at once: the writer of a statement
// chooses how deep it is.
bool same(json::View a, json::View b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_object()) {
    for (const auto& [key, value] : a.members()) {
      if (key != "location" && (!b[key].exists() || !same(value, b[key]))) return false;
    }
    for (const auto& [key, value] : b.members()) {
      if (key != "location" && !a[key].exists()) return false;
    }
    return true;
  }
  if (!a.is_array()) return json::equal(a, b);
  if (a.size() != b.size()) return false;
  auto other = b.elements().begin();
  for (const json::View element : a.elements()) {
    if (!same(element, *other)) return false;
    ++other;
  }
  return true;
}

std::string_view operator_of(json::View expression) {
  std::string_view name;
  for (const json::View part : expression["name"].elements()) {
    name = part["String"].text("sval").value_or("");
  }
  return name;
}

bool holds_for_equal(std::string_view op) {
  constexpr std::array<std::string_view, 8> kReflexive = {"=",   "<=", ">=", "~~",
                                                          "~~*", "@>", "<@", "BETWEEN"};
  return std::ranges::find(kReflexive, op) != kReflexive.end();
}

bool among(json::View list, json::View wanted) {
  for (const json::View element : list.elements()) {
    if (same(element, wanted)) return true;
  }
  return false;
}

bool comparison_narrows_nothing(json::View e) {
  const std::string_view op = operator_of(e);
  const std::string_view pattern = e["rexpr"]["A_Const"]["sval"].text("sval").value_or("");
  if ((op == "~~" || op == "~~*") && !pattern.empty() &&
      pattern.find_first_not_of('%') == std::string_view::npos) {
    return true;
  }
  const bool equal_sides = same(e["lexpr"], e["rexpr"]);
  if (equal_sides && e["lexpr"].exists() && holds_for_equal(op)) return true;
  if (e.text("kind") == "AEXPR_NOT_DISTINCT" && equal_sides) return true;
  // `id IN (1, id)`, `id BETWEEN id AND id`, `id = ANY (ARRAY[id])`.
  const json::View list = e["rexpr"]["List"]["items"];
  const json::View array = e["rexpr"]["A_ArrayExpr"]["elements"];
  if (op == "BETWEEN") {
    return list.size() == 2 && among(list, e["lexpr"]) &&
           same(*list.elements().begin(), *++list.elements().begin());
  }
  return op == "=" && (among(list, e["lexpr"]) || among(array, e["lexpr"]));
}

// `x IS NULL OR x IS NOT NULL`, `a = 1 OR a <> 1`: one is the other's negation.
bool opposite(json::View a, json::View b) {
  const json::View null_a = a["NullTest"];
  const json::View null_b = b["NullTest"];
  if (null_a.exists() && null_b.exists()) {
    return null_a.text("nulltesttype") != null_b.text("nulltesttype") &&
           same(null_a["arg"], null_b["arg"]);
  }
  const json::View not_a = a["BoolExpr"];
  if (not_a.exists() && not_a.text("boolop") == "NOT_EXPR" && not_a["args"].size() == 1) {
    return same(*not_a["args"].elements().begin(), b);
  }
  const json::View left = a["A_Expr"];
  const json::View right = b["A_Expr"];
  if (!left.exists() || !right.exists() || !same(left["lexpr"], right["lexpr"]) ||
      !same(left["rexpr"], right["rexpr"])) {
    return false;
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kOpposites = {
      {{"=", "<>"}, {"<", ">="}, {">", "<="}, {"<=", ">="}}};
  const auto pair = std::pair(operator_of(left), operator_of(right));
  return std::ranges::find(kOpposites, pair) != kOpposites.end();
}

bool any_opposites(json::View parts) {
  for (const json::View a : parts.elements()) {
    for (const json::View b : parts.elements()) {
      if (opposite(a, b)) return true;
    }
  }
  return false;
}

bool combination_narrows_nothing(json::View combination) {
  const json::View parts = combination["args"];
  const std::string_view op = combination.text("boolop").value_or("");
  if (op != "OR_EXPR") {  // AND needs all of them; NOT has one
    for (const json::View part : parts.elements()) {
      if (!narrows_nothing(part)) return false;
    }
    return true;
  }
  for (const json::View part : parts.elements()) {
    if (narrows_nothing(part)) return true;
  }
  // Quadratic, and not needed for long lists.
  return parts.size() <= 32 && any_opposites(parts);
}

}  // namespace

bool narrows_nothing(json::View condition) {
  if (!condition.exists()) return true;
  if (condition["CurrentOfExpr"].exists()) return false;
  if (const json::View combination = condition["BoolExpr"]; combination.exists()) {
    return combination_narrows_nothing(combination);
  }
  if (!mentions(condition, "ColumnRef")) return true;
  if (const json::View expression = condition["A_Expr"]; expression.exists()) {
    return comparison_narrows_nothing(expression);
  }
  return false;
}

}  // namespace pawl::sql
