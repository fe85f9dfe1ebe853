#include "base/json_number.h"

#include <limits>

namespace pawl::json {
namespace {

// Beyond this no exponent makes a difference, and sums of two stay far from overflow.
constexpr std::int64_t exponent_max = 1'000'000'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The digits of a number as mantissa x 10^exponent, without zeros at either end.
struct Digits {
  std::uint64_t mantissa = 0;
  std::int64_t exponent = 0;
  int significant = 0;
  bool overflow = false;  // the mantissa does not fit in 64 bits

  void push(int digit) {
    if (overflow) return;
    overflow = __builtin_mul_overflow(mantissa, std::uint64_t{10}, &mantissa) ||
               __builtin_add_overflow(mantissa, static_cast<std::uint64_t>(digit), &mantissa);
    ++significant;
  }
};

// Zeros are held back until a digit follows, so that those at the end never count.
Digits collect(std::string_view digits_and_point, std::int64_t exponent) {
  Digits out;
  std::int64_t zeros = 0;
  bool behind_point = false;
  for (char c : digits_and_point) {
    if (c == '.') {
      behind_point = true;
      continue;
    }
    if (behind_point) --exponent;
    if (c == '0') {
      ++zeros;
      continue;
    }
    for (; zeros > 0 && out.significant > 0 && !out.overflow; --zeros) out.push(0);
    zeros = 0;
    out.push(c - '0');
  }
  out.exponent = exponent + zeros;
  return out;
}

std::int64_t read_exponent(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  std::int64_t value = 0;
  for (char c : text) {
    if (is_digit(c) && value < exponent_max) value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

// True when the digits are a whole number of at most 64 bits, which is then in `value`.
bool whole(const Digits& digits, std::uint64_t& value) {
  if (digits.overflow || digits.exponent < 0 || digits.exponent > 19) return false;
  value = digits.mantissa;
  for (std::int64_t i = 0; i < digits.exponent; ++i) {
    if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) return false;
  }
  return true;
}

}  // namespace

Decimal read_decimal(std::string_view token) {
  const bool negative = token.front() == '-';
  if (negative) token.remove_prefix(1);
  const std::size_t e = token.find_first_of("eE");
  const std::int64_t exponent =
      e == std::string_view::npos ? 0 : read_exponent(token.substr(e + 1));
  const Digits digits = collect(token.substr(0, e), exponent);

  Decimal out;
  if (digits.significant == 0) {
    out.form = Decimal::Form::integer;
    out.zero = true;
    return out;
  }
  constexpr auto int64_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t value = 0;
  if (whole(digits, value)) {
    if (value <= int64_max + (negative ? 1 : 0)) {
      out.form = Decimal::Form::integer;
      out.integer = static_cast<std::int64_t>(negative ? 0 - value : value);
      return out;
    }
    if (!negative) {
      out.form = Decimal::Form::natural;
      out.natural = value;
      return out;
    }
  }
  const bool too_long = digits.overflow || digits.significant > significant_digits_max;
  out.form = too_long ? Decimal::Form::too_long : Decimal::Form::fraction;
  return out;
}

void FractionScanner::skip_string() {
  std::size_t i = 1;
  while (i < rest_.size() && rest_[i] != '"') i += rest_[i] == '\\' ? 2 : 1;
  rest_.remove_prefix(i < rest_.size() ? i + 1 : rest_.size());
}

std::string_view FractionScanner::next() {
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (c == '"') {
      skip_string();
    } else if (c == '-' || is_digit(c)) {
      const std::size_t size = std::min(rest_.find_first_not_of("0123456789+-.eE"), rest_.size());
      const std::string_view token = rest_.substr(0, size);
      rest_.remove_prefix(size);
      if (token.find_first_of(".eE") != std::string_view::npos) return token;
    } else {
      rest_.remove_prefix(1);
    }
  }
  return {};
}

}  // namespace pawl::json
