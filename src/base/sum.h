// Sums of counters.
#pragma once

#include <cstdint>
#include <limits>

namespace pawl {

// Saturating, so that no claim can turn a counter round.
inline std::uint64_t sum_of(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::uint64_t>::max() : sum;
}

}  // namespace pawl
