// What an expression may cost, before and while it runs.
//
// The static limits keep a policy readable and its worst case small; the two for running are per
// decision. `policy_limits` is what policies get. `case_limits` is for expressions that come one
// by one from a person who only wants to know their value, as in `pawl eval`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pawl::cel {

struct Limits {
  std::size_t expression_bytes_max = 4096;
  std::uint32_t nodes_max = 1000;
  std::uint32_t depth_max = 50;  // of expressions inside each other, parentheses included
  std::uint32_t folds_max = 2;   // comprehensions inside each other
  std::size_t constant_bytes_max = 64UL << 10;  // of what is computed while compiling
};

inline constexpr Limits policy_limits{};
inline constexpr Limits case_limits{.expression_bytes_max = 64UL << 10,
                                    .nodes_max = 20'000,
                                    .depth_max = 250,
                                    .folds_max = 8,
                                    .constant_bytes_max = 1UL << 20};

// What the machine has room for, whatever the limits say.
inline constexpr std::uint32_t folds_room = 8;

// Default of a decision: about ten times what a large policy of plain comparisons takes.
inline constexpr std::uint64_t fuel_default = 100'000;
inline constexpr std::size_t scratch_bytes_max = 1UL << 20;
inline constexpr std::int64_t pattern_bytes_max = 256L << 10;  // memory of one regular expression

}  // namespace pawl::cel
