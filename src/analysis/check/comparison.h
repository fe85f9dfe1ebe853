// One name of an expression against literals: `args.status == "open"`, `5 < args.n`, `env in
// [...]`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/cel/ast.h"

namespace pawl::checking {

enum class Compares : std::uint8_t { equal, unequal, less, at_most, more, at_least };
Compares contrary(Compares how);
bool holds(Compares how, double x, double y);

struct Comparison {
  std::string name;
  Compares how = Compares::equal;
  std::vector<std::string> values;  // canonical JSON: one, or those of `in`
  bool among = false;
};

// Nothing where the node is something else.
std::optional<Comparison> comparison_of(const cel::Tree& tree, cel::NodeId id);
// `args.a.b`, `env`; empty: something else.
std::string name_of(const cel::Tree& tree, cel::NodeId id);

// A literal of JSON's kinds in canonical form.
std::optional<std::string> literal_json(const cel::Node& node);

// Numbers beyond it have no exact double, and nothing is said about them.
inline constexpr double exact_max = 9007199254740992.0;
std::optional<double> number_of(std::string_view json);
// Equal as expressions compare: numbers by value, everything else as it is written.
bool same_value(const std::string& a, const std::string& b);

}  // namespace pawl::checking
