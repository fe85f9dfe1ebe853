// Whether a condition narrows anything. Turned round: a condition counts as none unless it has a
// shape of which a row can be seen to fail, because there is no end of ways to say `true`.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "lang/sql/read.h"

namespace pawl::sql {

namespace {

// A column as the text writes it: `o.id` is {o, id}.
using Column = std::vector<std::string>;

std::optional<Column> column_of(json::View node) {
  const json::View fields = node["ColumnRef"]["fields"];
  if (fields.size() == 0) return std::nullopt;
  Column out;
  for (const json::View field : fields.elements()) {
    const auto name = field["String"].text("sval");
    if (!name) return std::nullopt;  // a star
    out.emplace_back(*name);
  }
  // What the server itself keeps with each row is mostly the same for all of them.
  constexpr std::array<std::string_view, 5> kept = {"tableoid", "xmin", "xmax", "cmin", "cmax"};
  if (std::ranges::find(kept, out.back()) != kept.end()) return std::nullopt;
  return out;
}

void collect_columns(json::View node, std::vector<Column>& into) {
  if (node.is_object() && node["ColumnRef"].exists()) {
    into.push_back(column_of(node).value_or(Column{"*"}));
    return;
  }
  for (const json::View element : node.elements()) collect_columns(element, into);
  for (const auto& [key, value] : node.members()) collect_columns(value, into);
}

bool has_columns(json::View node) {
  std::vector<Column> found;
  collect_columns(node, found);
  return !found.empty();
}

std::string_view operator_of(json::View expression) {
  std::string_view name;
  for (const json::View part : expression["name"].elements()) {
    name = part["String"].text("sval").value_or("");
  }
  return name;
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::string name_of_function(json::View call) {
  std::string name;
  for (const json::View part : call["funcname"].elements()) {
    name = part["String"].text("sval").value_or("");
  }
  return name;
}

// The column whose value decides what this is: the column itself, cast, in another spelling, with
// a constant added, or a member of it. Not `id * 0`, `abs(id)` or `coalesce(id, 1)`, which may be
// the same for every row.
std::optional<Column> deciding_column(json::View node) {
  if (auto column = column_of(node)) return column;
  if (node["TypeCast"].exists()) return deciding_column(node["TypeCast"]["arg"]);
  if (const json::View call = node["FuncCall"]; call.exists()) {
    if (!one_of(name_of_function(call),
                {"lower", "upper", "btrim", "ltrim", "rtrim", "date", "date_trunc", "timezone"})) {
      return std::nullopt;
    }
    std::optional<Column> found;
    for (const json::View argument : call["args"].elements()) {
      if (!has_columns(argument)) continue;
      if (found) return std::nullopt;
      found = deciding_column(argument);
      if (!found) return std::nullopt;
    }
    return found;
  }
  const json::View e = node["A_Expr"];
  if (!e.exists() || !one_of(operator_of(e), {"+", "-", "||", "->", "->>", "#>", "#>>"})) {
    return std::nullopt;
  }
  const bool left = has_columns(e["lexpr"]), right = has_columns(e["rexpr"]);
  if (left == right) return std::nullopt;
  return deciding_column(left ? e["lexpr"] : e["rexpr"]);
}

bool is_null(json::View node) {
  if (node["TypeCast"].exists()) return is_null(node["TypeCast"]["arg"]);
  return node["A_Const"]["isnull"].exists();
}

// The text of a constant, cast or not.
std::optional<std::string> text_of(json::View node) {
  if (node["TypeCast"].exists()) return text_of(node["TypeCast"]["arg"]);
  const auto text = node["A_Const"]["sval"].text("sval");
  if (node["A_Const"]["sval"].exists()) return std::string(text.value_or(""));
  return std::nullopt;
}

std::optional<double> number_of(json::View node) {
  const json::View constant = node["A_Const"];
  if (constant["ival"].exists()) {
    const json::View value = constant["ival"]["ival"];
    return value.is_integer() ? static_cast<double>(value.integer()) : 0;
  }
  const auto text = constant["fval"].text("fval");
  double number = 0;
  if (!text) return std::nullopt;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  return read.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

bool has_letter(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (static_cast<unsigned char>(c) & 0x80) != 0;
  });
}

// A comparison of one column with what has none.
struct Comparison {
  Column column;
  std::string op;  // with the column on the left
  json::View other;
};

std::string turned(std::string_view op) {
  if (op == "<") return ">";
  if (op == ">") return "<";
  if (op == "<=") return ">=";
  return op == ">=" ? "<=" : std::string(op);
}
std::string negation(std::string_view op) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> pairs = {
      {{"=", "<>"}, {"<>", "="}, {"<", ">="}, {">=", "<"}, {">", "<="}, {"<=", ">"}}};
  for (const auto& [one, other] : pairs) {
    if (op == one) return std::string(other);
  }
  return "not " + std::string(op);
}

// How a comparison cuts the values of its column: `=` for those that pick some of them (IN,
// BETWEEN, LIKE, `~`, `= ANY`), `<>` for those that leave some out, else its operator. Empty: it
// does neither.
std::string_view comparison_operator(json::View e) {
  const std::string_view kind = e.text("kind").value_or("");
  const std::string_view op = operator_of(e);
  if (kind == "AEXPR_OP")
    return op == "~" || op == "~*" ? "=" : op == "!~" || op == "!~*" ? "<>" : op;
  if (one_of(kind, {"AEXPR_BETWEEN", "AEXPR_BETWEEN_SYM", "AEXPR_NOT_DISTINCT"})) return "=";
  if (one_of(kind, {"AEXPR_NOT_BETWEEN", "AEXPR_NOT_BETWEEN_SYM", "AEXPR_DISTINCT"})) return "<>";
  if (one_of(kind, {"AEXPR_IN", "AEXPR_OP_ANY", "AEXPR_OP_ALL"})) {
    return one_of(op, {"=", "<>"}) ? op : std::string_view();
  }
  if (one_of(kind, {"AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_SIMILAR"})) {
    return op.starts_with('!') ? "<>" : "=";
  }
  return {};
}

std::optional<Comparison> comparison_of(json::View node, bool negated) {
  if (const json::View combination = node["BoolExpr"];
      combination.text("boolop") == "NOT_EXPR" && combination["args"].size() == 1) {
    return comparison_of(*combination["args"].elements().begin(), !negated);
  }
  const json::View e = node["A_Expr"];
  const std::string_view op = comparison_operator(e);
  if (op.empty()) return std::nullopt;
  const bool left = has_columns(e["lexpr"]), right = has_columns(e["rexpr"]);
  if (left == right) return std::nullopt;
  auto column = deciding_column(left ? e["lexpr"] : e["rexpr"]);
  if (!column) return std::nullopt;
  const std::string from_left = left ? std::string(op) : turned(op);
  return Comparison{*std::move(column), negated ? negation(from_left) : from_left,
                    left ? e["rexpr"] : e["lexpr"]};
}

// `id = 1 OR id <> 1`, `id < 5 OR id > 3`, `id <> 1 OR id <> 2`: every value fits one of both.
bool cover_everything(const Comparison& a, const Comparison& b) {
  if (a.column.back() != b.column.back()) return false;
  if (a.op == "<>" || b.op == "<>") return true;
  const bool up_a = a.op.starts_with('>'), down_a = a.op.starts_with('<');
  const bool up_b = b.op.starts_with('>'), down_b = b.op.starts_with('<');
  if (!(up_a && down_b) && !(down_a && up_b)) return false;
  const auto low = number_of(up_a ? a.other : b.other), high = number_of(up_a ? b.other : a.other);
  return !low || !high || *low <= *high;
}

class Condition {
 public:
  // `target` is the relation that the statement changes; it may be joined to itself.
  Condition(std::string_view target, bool joined_to_itself)
      : target_(target), joined_to_itself_(joined_to_itself) {}

  // Whether some row can be seen to fail `node`, or its negation.
  bool narrows(json::View node, bool negated) const {
    if (node["CurrentOfExpr"].exists()) return true;
    if (node["BoolExpr"].exists()) return combination(node["BoolExpr"], negated);
    if (column_of(node)) return true;  // a column that is true or false
    if (const json::View e = node["A_Expr"]; e.exists()) return comparison(e, negated);
    if (const json::View test = node["NullTest"]; test.exists()) {
      // Most columns are never null: that one is not, says nothing.
      const bool is = test.text("nulltesttype") == "IS_NULL";
      return is != negated && column_of(test["arg"]);
    }
    if (const json::View test = node["BooleanTest"]; test.exists()) return truth(test, negated);
    if (const json::View link = node["SubLink"]; link.exists()) return subselect(link, negated);
    if (const json::View list = node["CoalesceExpr"]["args"]; list.exists()) {
      return alternatives(list, negated);
    }
    if (const json::View choice = node["CaseExpr"]; choice.exists()) return chosen(choice, negated);
    if (const json::View call = node["FuncCall"]; call.exists()) return function(call);
    return false;
  }

 private:
  bool combination(json::View it, bool negated) const {
    const json::View parts = it["args"];
    const std::string_view op = it.text("boolop").value_or("");
    if (op == "NOT_EXPR") return narrows(*parts.elements().begin(), !negated);
    const auto part_narrows = [&](json::View part) { return narrows(part, negated); };
    // Of a conjunction one part is enough; a negated disjunction is one.
    bool any = false, all = true;
    for (const json::View part : parts.elements()) {
      const bool does = part_narrows(part);
      any = any || does;
      all = all && does;
    }
    if ((op == "AND_EXPR") != negated) return any;
    return all && !covered(parts, negated);
  }

  // Whether two of the alternatives together leave nothing out.
  static bool covered(json::View parts, bool negated) {
    constexpr std::size_t compared_max = 64;  // each with each; more are not needed
    std::vector<Comparison> open, equal;
    for (const json::View part : parts.elements()) {
      auto one = comparison_of(part, negated);
      if (!one) continue;
      if (one->op == "=") {
        equal.push_back(*std::move(one));
      } else if (open.size() == compared_max) {
        return true;
      } else {
        open.push_back(*std::move(one));
      }
    }
    for (std::size_t i = 0; i < open.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (cover_everything(open[i], open[j])) return true;
      }
      if (open[i].op != "<>") continue;
      for (const Comparison& other : equal) {
        if (cover_everything(open[i], other)) return true;
      }
    }
    return ranges_joined(open, equal) || nulls_covered(parts, negated);
  }

  // `id < 1 OR id BETWEEN 0 AND 9 OR id > 8`: what lies between two ranges may be in a third.
  static bool ranges_joined(const std::vector<Comparison>& open,
                            const std::vector<Comparison>& equal) {
    const auto of_column = [](const Column& column, char sign) {
      return [&column, sign](const Comparison& one) {
        return one.op.starts_with(sign) && one.column.back() == column.back();
      };
    };
    return std::ranges::any_of(equal, [&](const Comparison& between) {
      return std::ranges::any_of(open, of_column(between.column, '<')) &&
             std::ranges::any_of(open, of_column(between.column, '>'));
    });
  }

  // `x IS NULL OR x = 1 OR x <> 1` is found above; `x IS NULL OR NOT (x IS NULL)` here.
  static bool nulls_covered(json::View parts, bool negated) {
    bool null = false, other = false;
    for (json::View part : parts.elements()) {
      bool flipped = negated;
      while (part["BoolExpr"].text("boolop") == "NOT_EXPR") {
        part = *part["BoolExpr"]["args"].elements().begin();
        flipped = !flipped;
      }
      const json::View test = part["NullTest"];
      if (!test.exists()) continue;
      ((test.text("nulltesttype") == "IS_NULL") != flipped ? null : other) = true;
    }
    return null && other;
  }

  // The same column on both sides may hold for every row: `id = id * 1`, `id <= id + 1`.
  bool apart(json::View left, json::View right) const {
    const auto a = deciding_column(left), b = deciding_column(right);
    if (!a || !b) return false;
    if (a->back() != b->back()) return true;
    // A column of the same name is another one where both say of which relation.
    return a->size() > 1 && b->size() > 1 && a->front() != b->front() && !joined_to_itself_;
  }

  bool comparison(json::View e, bool negated) const {
    const std::string_view kind = e.text("kind").value_or("");
    const std::string_view op = operator_of(e);
    const json::View left = e["lexpr"], right = e["rexpr"];
    const bool columns_left = has_columns(left), columns_right = has_columns(right);
    if (columns_left && columns_right) {
      return one_of(kind, {"AEXPR_OP", "AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT"}) &&
             apart(left, right);
    }
    if (!columns_left && !columns_right) return false;
    const json::View column_side = columns_left ? left : right;
    const json::View other = columns_left ? right : left;
    if (!is_column(column_side)) return false;
    if (kind == "AEXPR_DISTINCT" && is_null(other)) return negated;
    if (kind == "AEXPR_NOT_DISTINCT" && is_null(other)) return !negated;
    // What is null is neither true nor false: alone it lets no row through.
    if (one_of(kind, {"AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_SIMILAR"}) ||
        one_of(op, {"~", "~*", "!~", "!~*"})) {
      return pattern(other);
    }
    // It is unequal to one of two values, whatever it is.
    if (kind == "AEXPR_OP_ANY") return negated || op != "<>";
    if (kind == "AEXPR_OP_ALL") return !negated || op != "=";
    if (one_of(op, {"@>", "<@", "&&", "?", "?|", "?&"})) {
      const auto text = text_of(other);
      return !text || has_letter(*text);
    }
    return columns_left || kind == "AEXPR_OP";
  }

  static bool is_column(json::View side) {
    const json::View row = side["RowExpr"]["args"];
    if (!row.exists()) return deciding_column(side).has_value();
    for (const json::View one : row.elements()) {
      if (deciding_column(one)) return true;
    }
    return false;
  }

  // A pattern that asks for some letter. One that is put together may be anything.
  static bool pattern(json::View node) {
    if (const json::View call = node["FuncCall"]; call.exists()) {  // SIMILAR TO
      const json::View arguments = call["args"];
      return arguments.size() > 0 && pattern(*arguments.elements().begin());
    }
    if (node["ParamRef"].exists()) return true;
    const auto text = text_of(node);
    return text && has_letter(*text);
  }

  bool truth(json::View test, bool negated) const {
    const std::string_view kind = test.text("booltesttype").value_or("");
    const json::View about = test["arg"];
    if (kind == "IS_TRUE") return narrows(about, negated);
    if (kind == "IS_FALSE") return narrows(about, !negated);
    if (!column_of(about)) return false;
    return kind == "IS_NOT_UNKNOWN" ? negated : kind != "IS_UNKNOWN" || !negated;
  }

  // Each of the alternatives, but for the last, which may be the answer where nothing is known.
  bool alternatives(json::View list, bool negated) const {
    bool first = true;
    for (const json::View one : list.elements()) {
      if (!first && lets_none(one, negated)) continue;
      if (!narrows(one, negated)) return false;
      first = false;
    }
    return !first;
  }

  // The constant that is false, or true where it is negated.
  static bool lets_none(json::View node, bool negated) {
    const json::View value = node["A_Const"]["boolval"];
    if (!value.exists()) return is_null(node);
    const json::View truth = value["boolval"];
    return (truth.kind() == json::Kind::boolean && truth.boolean()) == negated;
  }

  bool chosen(json::View choice, bool negated) const {
    bool any = false;
    const auto fine = [&](json::View result) {
      if (!result.exists() || lets_none(result, negated)) return true;
      any = true;
      return narrows(result, negated);
    };
    for (const json::View when : choice["args"].elements()) {
      if (!fine(when["CaseWhen"]["result"])) return false;
    }
    return fine(choice["defresult"]) && any;
  }

  // A function of a column that is there to tell rows apart.
  static bool function(json::View call) {
    const json::View arguments = call["args"];
    if (name_of_function(call) != "starts_with" || arguments.size() != 2) return false;
    const auto text = text_of(*++arguments.elements().begin());
    return deciding_column(*arguments.elements().begin()) && text && !text->empty();
  }

  bool subselect(json::View link, bool negated) const {
    const json::View select = link["subselect"]["SelectStmt"];
    const json::View from = select["fromClause"];
    if (from.size() == 0) return false;
    const bool of_target = mentions_relation(from, target_);
    const Condition inner(target_, of_target);
    const json::View where = select["whereClause"];
    const std::string_view type = link.text("subLinkType").value_or("");
    if (type == "EXISTS_SUBLINK") {
      // Only what ties it to the row tells rows apart.
      return where.exists() && inner.ties(where) && inner.narrows(where, false);
    }
    if (type != "ANY_SUBLINK" && type != "ALL_SUBLINK") return false;
    if (!is_column(link["testexpr"])) return false;
    // `id IN (SELECT id FROM orders)` is every order; of another relation it is not known.
    const bool bounded =
        select["limitCount"].exists() || (where.exists() && inner.narrows(where, false));
    return bounded || (!of_target && !negated);
  }

  // Whether a part of it compares two columns.
  bool ties(json::View node) const {
    if (const json::View combination = node["BoolExpr"]; combination.exists()) {
      for (const json::View part : combination["args"].elements()) {
        if (ties(part)) return true;
      }
      return false;
    }
    const json::View e = node["A_Expr"];
    return e.exists() && apart(e["lexpr"], e["rexpr"]);
  }

 public:
  static bool mentions_relation(json::View node, std::string_view name) {
    if (node["RangeVar"].text("relname") == name) return true;
    for (const json::View element : node.elements()) {
      if (mentions_relation(element, name)) return true;
    }
    for (const auto& [key, value] : node.members()) {
      if (mentions_relation(value, name)) return true;
    }
    return false;
  }

 private:
  std::string target_;
  bool joined_to_itself_;
};

}  // namespace

bool narrows_nothing(json::View condition, json::View statement) {
  if (!condition.exists()) return true;
  const std::string_view target = statement["relation"].text("relname").value_or("");
  bool self = false;
  for (const char* other : {"fromClause", "usingClause", "sourceRelation"}) {
    self = self || Condition::mentions_relation(statement[other], target);
  }
  return !Condition(target, self).narrows(condition, false);
}

}  // namespace pawl::sql
