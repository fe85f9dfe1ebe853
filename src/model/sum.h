// Amounts that add up over calls: exact, in whole billionths.
//
// An amount is not negative, has at most 9 decimals and is at most `amount_units_max`; what a
// number says beyond that is not an amount. Doubles never add up: the digits of the number as it is
// forwarded are read.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace pawl {

struct Amount {
  std::uint64_t nano = 0;
  friend auto operator<=>(const Amount&, const Amount&) = default;
};

inline constexpr int amount_decimals_max = 9;
inline constexpr std::uint64_t nano_per_unit = 1'000'000'000;
// Of one call, and of the `max` of a counter: two of them never overflow.
inline constexpr std::uint64_t amount_units_max = 9'000'000'000;

// The amount that a number spells by the grammar of JSON (`12.50`, `1e2`, `-0`), or nothing.
std::optional<Amount> parse_amount(std::string_view number);
// Of a value that is a number; nothing for every other one.
std::optional<Amount> amount_of(json::View value);
// Nothing where they come to more than one amount may be.
std::optional<Amount> plus(Amount a, Amount b);
// `12.5`, without zeros at the end.
std::string to_string(Amount amount);

// What one call adds to one sum.
struct SumCharge {
  std::string counter;  // CounterRule::id
  std::string key;      // digest of what tells the sums of one counter apart; empty: it has one
  Amount add;
  Duration window{};  // zero: a sum of the run; else of the agent, over all of its runs
  friend bool operator==(const SumCharge&, const SumCharge&) = default;
};

}  // namespace pawl
