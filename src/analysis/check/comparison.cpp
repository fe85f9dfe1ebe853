#include "analysis/check/comparison.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/json.h"

namespace pawl::checking {
namespace {

using cel::Form;
using cel::Node;
using cel::NodeId;
using cel::Tree;

std::optional<Compares> compares(const Node& node) {
  using enum Compares;
  constexpr std::array<std::pair<std::string_view, Compares>, 6> rows = {{{"_==_", equal},
                                                                          {"_!=_", unequal},
                                                                          {"_<_", less},
                                                                          {"_<=_", at_most},
                                                                          {"_>_", more},
                                                                          {"_>=_", at_least}}};
  if (node.form != Form::call || node.parts.size() != 2) return std::nullopt;
  for (const auto& [text, meaning] : rows) {
    if (node.text == text) return meaning;
  }
  return std::nullopt;
}

Compares turned(Compares how, bool around) {  // `5 < x` is `x > 5`
  using enum Compares;
  if (!around) return how;
  switch (how) {
    case equal:
    case unequal:
      return how;
    case less:
      return more;
    case at_most:
      return at_least;
    case more:
      return less;
    case at_least:
      return at_most;
  }
  return how;
}

}  // namespace

std::optional<std::string> literal_json(const Node& node) {
  if (node.form != Form::literal) return std::nullopt;
  std::string out;
  switch (node.literal) {
    case cel::Literal::string:
      json::write_string(node.text, out);
      return out;
    case cel::Literal::boolean:
      return node.as.boolean ? "true" : "false";
    case cel::Literal::integer:
      return std::to_string(node.as.integer);
    case cel::Literal::natural:
      return std::to_string(node.as.natural);
    case cel::Literal::number: {
      std::array<char, 32> text{};
      const auto end = std::to_chars(text.data(), text.data() + text.size(), node.as.number);
      return std::string(text.data(), end.ptr);
    }
    case cel::Literal::null:
    case cel::Literal::bytes:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<double> number_of(std::string_view json) {
  double value = 0;
  const auto read = std::from_chars(json.data(), json.data() + json.size(), value);
  if (read.ec != std::errc() || read.ptr != json.data() + json.size()) return std::nullopt;
  return std::abs(value) <= exact_max ? std::optional(value) : std::nullopt;
}

bool same_value(const std::string& a, const std::string& b) {
  const auto x = number_of(a);
  const auto y = number_of(b);
  return x && y ? *x == *y : a == b;
}

std::string name_of(const Tree& tree, NodeId id) {  // NOLINT(misc-no-recursion)
  const Node& node = tree[id];
  if (node.form == Form::name) return node.text;
  if (node.form != Form::select || node.present || node.optional) return {};
  const std::string left = name_of(tree, node.parts[0]);
  return left.empty() ? left : left + "." + node.text;
}

Compares contrary(Compares how) {
  using enum Compares;
  switch (how) {
    case equal:
      return unequal;
    case unequal:
      return equal;
    case less:
      return at_least;
    case at_most:
      return more;
    case more:
      return at_most;
    case at_least:
      return less;
  }
  return how;
}

bool holds(Compares how, double x, double y) {
  using enum Compares;
  switch (how) {
    case equal:
      return x == y;
    case unequal:
      return x != y;
    case less:
      return x < y;
    case at_most:
      return x <= y;
    case more:
      return x > y;
    case at_least:
      return x >= y;
  }
  return false;
}

std::optional<Comparison> comparison_of(const Tree& tree, NodeId id) {
  const Node& node = tree[id];
  Comparison out;
  if (node.form == Form::call && node.text == "_in_" && node.parts.size() == 2) {
    const Node& list = tree[node.parts[1]];
    out.name = name_of(tree, node.parts[0]);
    out.among = true;
    if (out.name.empty() || list.form != Form::list) return std::nullopt;
    for (const NodeId part : list.parts) {
      auto value = literal_json(tree[part]);
      if (!value) return std::nullopt;
      out.values.push_back(std::move(*value));
    }
    return out;
  }
  const auto how = compares(node);
  if (!how) return std::nullopt;
  const bool around = tree[node.parts[0]].form == Form::literal;
  out.name = name_of(tree, node.parts[around ? 1 : 0]);
  auto value = literal_json(tree[node.parts[around ? 0 : 1]]);
  if (out.name.empty() || !value) return std::nullopt;
  out.how = turned(*how, around);
  out.values.push_back(std::move(*value));
  return out;
}

}  // namespace pawl::checking
