#include "lang/cel/parser.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "lang/cel/literal.h"
#include "lang/cel/parsing.h"

namespace pawl::cel {
namespace {

constexpr auto kRelations =
    std::to_array<std::string_view>({"<", "<=", ">=", ">", "==", "!=", "in"});
constexpr auto kSums = std::to_array<std::string_view>({"+", "-"});
constexpr auto kProducts = std::to_array<std::string_view>({"*", "/", "%"});

}  // namespace

std::expected<Tree, Error> parse(const Source& source, const Limits& limits) {
  auto tokens = tokens_of(source, limits);
  PAWL_TRY(tokens);
  return Parsing(source, limits, std::move(*tokens)).run();
}

std::expected<Tree, Error> Parsing::run() {
  const Made root =
      token().kind == TokenKind::end ? wrong(token(), "the expression is empty") : expression();
  if (root && token().kind != TokenKind::end)
    unexpected("an operator or the end of the expression");
  if (wrong_) return std::unexpected(std::move(*wrong_));
  tree_.root = *root;
  return std::move(tree_);
}

bool Parsing::accept(std::string_view mark) {
  if (!token().is(mark)) return false;
  ++at_;
  return true;
}

bool Parsing::expect(std::string_view mark) {
  if (accept(mark)) return true;
  unexpected(fmt::format("`{}`", mark));
  return false;
}

Parsing::Made Parsing::wrong(const Token& at, std::string message) {
  if (!wrong_) wrong_ = error_at(source_, at.offset, std::move(message));
  return {};
}

Parsing::Made Parsing::unexpected(std::string_view wanted) {
  return wrong(token(), fmt::format("found {}, expected {}", described(token()), wanted));
}

Parsing::Made Parsing::too_deep() {
  return wrong(token(), fmt::format("expressions are at most {} deep, and each operator of a chain "
                                    "is a level",
                                    limits_.depth_max));
}

Parsing::Made Parsing::add(Node node) {
  if (tree_.nodes.size() >= limits_.nodes_max) {
    return wrong(token(), fmt::format("the expression has more than {} parts", limits_.nodes_max));
  }
  node.begin = node.offset;
  std::uint32_t height = 0;
  for (const NodeId part : node.parts) {
    node.begin = std::min(node.begin, tree_[part].begin);
    height = std::max(height, heights_[part]);
  }
  // Chains of operators are deep without being nested, and every walk of the tree pays for both.
  if (++height > limits_.depth_max) return too_deep();
  heights_.push_back(height);
  tree_.nodes.push_back(std::move(node));
  return static_cast<NodeId>(tree_.nodes.size() - 1);
}

Parsing::Made Parsing::call(std::string_view function, std::uint32_t offset,
                            std::vector<NodeId> parts) {
  Node node;
  node.form = Form::call;
  node.text = function;
  node.offset = offset;
  node.parts = std::move(parts);
  return add(std::move(node));
}

Parsing::Made Parsing::expression() {
  const Level level(*this);
  if (level.too_deep()) return too_deep();
  const Made condition = any_of();
  const std::uint32_t offset = token().offset;
  if (!condition || !accept("?")) return condition;
  const Made yes = any_of();
  if (!yes || !expect(":")) return {};
  const Made no = expression();
  if (!no) return {};
  Node node;
  node.form = Form::choice;
  node.offset = offset;
  node.parts = {*condition, *yes, *no};
  return add(std::move(node));
}

Parsing::Made Parsing::chain(Made (Parsing::*part)(), std::string_view mark, Form form) {
  const Made first = (this->*part)();
  if (!first || !token().is(mark)) return first;
  Node node;
  node.form = form;
  node.offset = token().offset;
  node.parts = {*first};
  while (accept(mark)) {
    const Made another = (this->*part)();
    if (!another) return {};
    node.parts.push_back(*another);
  }
  return add(std::move(node));
}

Parsing::Made Parsing::any_of() {
  return chain(&Parsing::all_of, "||", Form::any_of);
}

Parsing::Made Parsing::all_of() {
  return chain(&Parsing::relation, "&&", Form::all_of);
}

Parsing::Made Parsing::binary(Made (Parsing::*part)(), std::span<const std::string_view> marks) {
  Made left = (this->*part)();
  while (left && token().kind == TokenKind::mark &&
         std::ranges::find(marks, token().text) != marks.end()) {
    const std::string name = fmt::format("_{}_", token().text);
    const std::uint32_t offset = token().offset;
    ++at_;
    const Made right = (this->*part)();
    if (!right) return {};
    left = call(name, offset, {*left, *right});
  }
  return left;
}

Parsing::Made Parsing::relation() {
  return binary(&Parsing::sum, kRelations);
}

Parsing::Made Parsing::sum() {
  return binary(&Parsing::product, kSums);
}

Parsing::Made Parsing::product() {
  return binary(&Parsing::unary, kProducts);
}

Parsing::Made Parsing::unary() {
  const bool negates = token().is("-");
  if (!negates && !token().is("!")) return member();
  const Level level(*this);
  if (level.too_deep()) return too_deep();
  const std::uint32_t offset = token().offset;
  const TokenKind behind = next().kind;
  // The sign belongs to the number: the smallest int has no positive twin.
  if (negates && (behind == TokenKind::integer || behind == TokenKind::number)) return member();
  ++at_;
  const Made operand = unary();
  if (!operand) return {};
  return call(negates ? "-_" : "!_", offset, {*operand});
}

// Macros: calls that bind names, or that ask whether something is there. They are told by name and
// number of arguments; with another number the call is an ordinary one, and there is no such
// function.

namespace {

struct Macro {
  std::string_view name;
  Fold fold;
  std::uint32_t variables;
  std::uint32_t bodies;  // two: a filter, then the body
};

constexpr auto kMacros = std::to_array<Macro>({
    {"all", Fold::all, 1, 1},
    {"all", Fold::all, 2, 1},
    {"exists", Fold::exists, 1, 1},
    {"exists", Fold::exists, 2, 1},
    {"exists_one", Fold::exists_one, 1, 1},
    {"exists_one", Fold::exists_one, 2, 1},
    {"existsOne", Fold::exists_one, 1, 1},
    {"existsOne", Fold::exists_one, 2, 1},
    {"map", Fold::map, 1, 1},
    {"map", Fold::map, 1, 2},
    {"filter", Fold::filter, 1, 1},
    {"transformList", Fold::map, 2, 1},
    {"transformList", Fold::map, 2, 2},
    {"transformMap", Fold::transform_map, 2, 1},
    {"transformMap", Fold::transform_map, 2, 2},
    {"transformMapEntry", Fold::transform_entry, 2, 1},
    {"transformMapEntry", Fold::transform_entry, 2, 2},
    {"optMap", Fold::option_map, 1, 1},
    {"optFlatMap", Fold::option_flat_map, 1, 1},
});

}  // namespace

Parsing::Made Parsing::finish_call(const Token& function, std::optional<NodeId> target,
                                   std::vector<NodeId> given) {
  if (!target && function.text == "has" && given.size() == 1) return has_macro(function, given[0]);
  if (target) {
    const Node& node = tree_[*target];
    const bool cel = node.form == Form::name && node.text == "cel" && function.text == "bind";
    if (cel && given.size() == 3) {
      Node bind;
      bind.form = Form::bind;
      bind.offset = function.offset;
      if (!variables(function, std::span(given).first(1), bind.variables)) return {};
      bind.parts = {given[1], given[2]};
      return add(std::move(bind));
    }
    const bool macro = std::ranges::any_of(kMacros, [&](const Macro& row) {
      return row.name == function.text && row.variables + row.bodies == given.size();
    });
    if (macro) return fold_macro(function, *target, given);
    given.insert(given.begin(), *target);
  }
  Node node;
  node.form = Form::call;
  node.text = function.text;
  node.offset = function.offset;
  node.receiver = target.has_value();
  node.parts = std::move(given);
  return add(std::move(node));
}

Parsing::Made Parsing::has_macro(const Token& function, NodeId field) {
  Node& node = tree_[field];
  if (node.form != Form::select || node.present) {
    return wrong(function, "`has` asks for a field, such as `has(args.note)`");
  }
  node.present = true;
  return field;
}

bool Parsing::variables(const Token& function, std::span<const NodeId> given,
                        std::vector<std::string>& names) {
  for (const NodeId id : given) {
    const Node& node = tree_[id];
    if (node.form != Form::name || node.absolute) {
      wrong(function, fmt::format("`{}` needs a new name first, such as `{}(x, ...)`",
                                  function.text, function.text));
      return false;
    }
    if (std::ranges::find(names, node.text) != names.end()) {
      wrong(function, fmt::format("`{}` is named twice", node.text));
      return false;
    }
    names.push_back(node.text);
  }
  return true;
}

Parsing::Made Parsing::fold_macro(const Token& function, NodeId range,
                                  const std::vector<NodeId>& given) {
  const auto row = std::ranges::find_if(kMacros, [&](const Macro& each) {
    return each.name == function.text && each.variables + each.bodies == given.size();
  });
  Node node;
  const bool option = row->fold == Fold::option_map || row->fold == Fold::option_flat_map;
  node.form = option ? Form::map_option : Form::fold;
  node.fold = row->fold;
  node.offset = function.offset;
  const auto names = std::span(given).first(row->variables);
  if (!variables(function, names, node.variables)) return {};
  node.parts = {range, given.back()};
  if (row->bodies == 2) node.parts.push_back(given[row->variables]);
  return add(std::move(node));
}

// What stands between operators: literals, names, calls, lists, maps, and what follows a dot.

Parsing::Made Parsing::member() {
  Made made = primary();
  while (made && (token().is(".") || token().is("["))) {
    made = accept(".") ? behind_dot(*made) : index(*made);
  }
  if (made && token().is("{")) {
    const Form form = tree_[*made].form;
    if (form == Form::name || form == Form::select) {
      return wrong(token(), "messages are not part of this language; a map is `{\"key\": value}`");
    }
  }
  return made;
}

Parsing::Made Parsing::behind_dot(NodeId target) {
  const bool optional = accept("?");
  const Token field = token();
  const bool word = field.kind == TokenKind::name || field.kind == TokenKind::reserved;
  // `in`, `true` and the like are no fields: a reader would take them for what they say.
  if (!word && field.kind != TokenKind::quoted_name) return unexpected("the name of a field");
  ++at_;
  if (word && !optional && accept("(")) {
    std::vector<NodeId> given;
    if (!arguments(given)) return {};
    return finish_call(field, target, std::move(given));
  }
  Node node;
  node.form = Form::select;
  node.text = field.text;
  node.offset = field.offset;
  node.optional = optional;
  node.parts = {target};
  return add(std::move(node));
}

Parsing::Made Parsing::index(NodeId target) {
  const std::uint32_t offset = token().offset;
  ++at_;
  const bool optional = accept("?");
  const Made key = expression();
  if (!key || !expect("]")) return {};
  return call(optional ? "_[?_]" : "_[_]", offset, {target, *key});
}

bool Parsing::arguments(std::vector<NodeId>& parts) {
  if (accept(")")) return true;
  do {
    const Made part = expression();
    if (!part) return false;
    parts.push_back(*part);
  } while (accept(","));
  return expect(")");
}

Parsing::Made Parsing::primary() {
  switch (token().kind) {
    case TokenKind::name:
      return name();
    case TokenKind::integer:
    case TokenKind::natural:
    case TokenKind::number:
      return number(false);
    case TokenKind::string:
    case TokenKind::bytes:
      return text_literal();
    case TokenKind::reserved:
      return wrong(token(), fmt::format("`{}` is a reserved word and no name", token().text));
    case TokenKind::end:
    case TokenKind::quoted_name:
      return unexpected("a value");
    case TokenKind::mark:
      break;
  }
  if (token().is("-")) {
    ++at_;
    return number(true);
  }
  if (token().is(".")) return name();
  if (token().is("[")) return list();
  if (token().is("{")) return map();
  if (token().is("true") || token().is("false") || token().is("null")) return word_literal();
  if (!accept("(")) return unexpected("a value");
  const Made inside = expression();
  return inside && expect(")") ? inside : Made();
}

Parsing::Made Parsing::name() {
  const bool absolute = accept(".");
  const Token word = token();
  if (word.kind != TokenKind::name) return unexpected("a name");
  ++at_;
  if (accept("(")) {
    std::vector<NodeId> given;
    if (!arguments(given)) return {};
    return finish_call(word, {}, std::move(given));
  }
  Node node;
  node.form = Form::name;
  node.text = word.text;
  node.offset = word.offset;
  node.absolute = absolute;
  return add(std::move(node));
}

Parsing::Made Parsing::number(bool negative) {
  const Token digits = token();
  ++at_;
  Node node;
  node.offset = digits.offset;
  bool fits = true;
  if (digits.kind == TokenKind::integer) {
    const auto value = read_integer(digits.text, negative);
    fits = value.has_value();
    node.literal = Literal::integer;
    node.as.integer = value.value_or(0);
  } else if (digits.kind == TokenKind::natural) {
    const auto value = read_natural(digits.text);
    fits = value.has_value();
    node.literal = Literal::natural;
    node.as.natural = value.value_or(0);
  } else {
    const double value = read_number(digits.text).value_or(0);
    node.literal = Literal::number;
    node.as.number = negative ? -value : value;
  }
  if (!fits) return wrong(digits, fmt::format("`{}` does not fit into 64 bits", digits.text));
  return add(std::move(node));
}

Parsing::Made Parsing::text_literal() {
  Node node;
  node.offset = token().offset;
  node.literal = token().kind == TokenKind::bytes ? Literal::bytes : Literal::string;
  node.text = token().text;
  ++at_;
  return add(std::move(node));
}

Parsing::Made Parsing::word_literal() {
  Node node;
  node.offset = token().offset;
  node.literal = token().is("null") ? Literal::null : Literal::boolean;
  node.as.boolean = token().is("true");
  ++at_;
  return add(std::move(node));
}

Parsing::Made Parsing::list() {
  Node node;
  node.form = Form::list;
  node.offset = token().offset;
  ++at_;
  while (!token().is("]")) {
    node.optional_parts.push_back(accept("?"));
    const Made part = expression();
    if (!part) return {};
    node.parts.push_back(*part);
    if (!accept(",")) break;
  }
  if (!expect("]")) return {};
  return add(std::move(node));
}

Parsing::Made Parsing::map() {
  Node node;
  node.form = Form::map;
  node.offset = token().offset;
  ++at_;
  while (!token().is("}")) {
    node.optional_parts.push_back(accept("?"));
    const Made key = expression();
    if (!key || !expect(":")) return {};
    const Made value = expression();
    if (!value) return {};
    node.parts.push_back(*key);
    node.parts.push_back(*value);
    if (!accept(",")) break;
  }
  if (!expect("}")) return {};
  return add(std::move(node));
}

}  // namespace pawl::cel
