#include "lang/cel/parser.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

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
  if (!tokens) return std::unexpected(std::move(tokens.error()));
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

}  // namespace pawl::cel
