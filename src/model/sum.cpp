#include "model/sum.h"

#include <algorithm>

#include "base/text.h"

namespace pawl {

namespace {

// Exponents beyond this leave no amount, and are not counted any further.
constexpr std::int64_t exponent_max = 1'000;

std::int64_t exponent_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::int64_t value = 0;
  for (const char c : text) {
    if (is_digit(c)) value = std::min(value * 10 + (c - '0'), exponent_max);
  }
  return negative ? -value : value;
}

// Digits before the point, then those behind it, both without the zeros that say nothing.
struct Digits {
  std::string all;
  std::int64_t behind = 0;  // how many of them stand behind the point; less than zero: zeros follow
};

Digits digits_of(std::string_view number) {
  const std::size_t e = number.find_first_of("eE");
  const std::string_view mantissa = number.substr(0, e);
  Digits out;
  bool behind_point = false;
  for (const char c : mantissa) {
    behind_point = behind_point || c == '.';
    if (!is_digit(c)) continue;
    if (behind_point) ++out.behind;
    if (c != '0' || !out.all.empty()) out.all += c;
  }
  if (e != std::string_view::npos) out.behind -= exponent_of(number.substr(e + 1));
  while (out.all.ends_with('0')) {
    out.all.pop_back();
    --out.behind;
  }
  return out;
}

}  // namespace

std::optional<Amount> parse_amount(std::string_view number) {
  Digits digits = digits_of(number);
  if (digits.all.empty()) return Amount{};  // nothing, also where it is spelled `-0`
  if (number.starts_with('-') || digits.behind > amount_decimals_max) return std::nullopt;
  constexpr std::int64_t longest = 19;  // 9,000,000,000.000000000
  const std::int64_t zeros = amount_decimals_max - digits.behind;
  if (static_cast<std::int64_t>(digits.all.size()) + zeros > longest) return std::nullopt;
  digits.all.append(static_cast<std::size_t>(zeros), '0');
  std::uint64_t nano = 0;
  for (const char c : digits.all) nano = nano * 10 + static_cast<std::uint64_t>(c - '0');
  if (nano > amount_units_max * nano_per_unit) return std::nullopt;
  return Amount{nano};
}

std::optional<Amount> amount_of(json::View value) {
  if (!value.is_number()) return std::nullopt;
  return parse_amount(json::write(value));
}

std::optional<Amount> plus(Amount a, Amount b) {
  const std::uint64_t sum = a.nano + b.nano;
  return sum > amount_units_max * nano_per_unit ? std::nullopt : std::optional(Amount{sum});
}

std::string to_string(Amount amount) {
  std::string out = std::to_string(amount.nano / nano_per_unit);
  std::string decimals = std::to_string(amount.nano % nano_per_unit);
  decimals.insert(0, static_cast<std::size_t>(amount_decimals_max) - decimals.size(), '0');
  while (decimals.ends_with('0')) decimals.pop_back();
  return decimals.empty() ? out : out + "." + decimals;
}

}  // namespace pawl
