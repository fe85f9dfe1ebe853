#include "base/json_number.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

#include "base/text.h"

namespace pawl::json {
namespace {

// Beyond this no exponent makes a difference, and sums of two stay far from overflow.
constexpr std::int64_t exponent_max = 1'000'000'000'000;
// The largest power of ten that a double holds.
constexpr int power_of_ten_max = 308;

// The digits of a number as mantissa x 10^exponent, without zeros at either end.
struct Digits {
  std::uint64_t mantissa = 0;
  std::int64_t exponent = 0;
  int significant = 0;
  std::int64_t length = 0;  // from the first to the last digit that is not zero
  bool overflow = false;    // the mantissa does not fit in 64 bits

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
    out.length += out.length > 0 ? zeros + 1 : 1;
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

// The length of the string at the front, quotes included.
std::size_t string_bytes(std::string_view text) {
  std::size_t i = 1;
  while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

// The length of what may be a number at the front.
std::size_t token_bytes(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789+-.eE"), text.size());
}

std::size_t leading_digits(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// The grammar of RFC 8259: minus, whole part, fraction, exponent.
bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t whole = leading_digits(text);
  if (whole == 0 || (whole > 1 && text.front() == '0')) return false;
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::size_t fraction = leading_digits(text);
    if (fraction == 0) return false;
    text.remove_prefix(fraction);
  }
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && leading_digits(text) == text.size();
}

// Fits neither 64 bits nor a double; then the power of ten to write instead.
std::optional<int> power_if_large(std::string_view token) {
  const bool spelled_whole = token.find_first_of(".eE") == std::string_view::npos;
  const Decimal exact = read_decimal(token);
  const bool fits = exact.form == Decimal::Form::integer || exact.form == Decimal::Form::natural;
  if (fits) return std::nullopt;
  double value = 0;
  const auto read = std::from_chars(token.data(), token.data() + token.size(), value);
  if (exact.magnitude < 0) return std::nullopt;
  if (read.ec == std::errc::result_out_of_range) return power_of_ten_max;
  if (!spelled_whole) return std::nullopt;
  return static_cast<int>(std::min<std::int64_t>(exact.magnitude, power_of_ten_max));
}

void write_power(std::span<char> token, int power) {
  const std::string digits = std::to_string(power);
  const std::size_t sign = token.front() == '-' ? 1 : 0;
  std::fill(token.begin() + static_cast<std::ptrdiff_t>(sign), token.end(), '0');
  token[sign] = '1';
  token[sign + 1] = 'e';
  std::copy(digits.begin(), digits.end(), token.end() - static_cast<std::ptrdiff_t>(digits.size()));
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
    out.whole = true;
    return out;
  }
  out.whole = digits.exponent >= 0;
  out.magnitude = digits.exponent + digits.length - 1;
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

void round_large_numbers(std::span<char> json) {
  std::string_view rest(json.data(), json.size());
  while (!rest.empty()) {
    const char c = rest.front();
    std::size_t size = 1;
    if (c == '"') {
      size = string_bytes(rest);
    } else if (c == '-' || is_digit(c)) {
      size = token_bytes(rest);
      const std::string_view token = rest.substr(0, size);
      if (is_number(token)) {
        const std::size_t at = json.size() - rest.size();
        if (const auto power = power_if_large(token)) write_power(json.subspan(at, size), *power);
      }
    }
    rest.remove_prefix(size);
  }
}

std::string_view FractionScanner::next() {
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (c == '"') {
      rest_.remove_prefix(string_bytes(rest_));
    } else if (c == '-' || is_digit(c)) {
      const std::size_t size = token_bytes(rest_);
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
