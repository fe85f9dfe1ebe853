#include "lang/json_schema/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace pawl::json_schema {
namespace {

using Wide = unsigned __int128;

constexpr double beyond_natural = 18446744073709551616.0;  // 2^64
constexpr int powers_in_wide = 38;

void drop_zeros(Decimal& decimal) {
  while (decimal.digits != 0 && decimal.digits % 10 == 0) {
    decimal.digits /= 10;
    ++decimal.exponent;
  }
}

// The shortest digits of a double, read back from its text: `d.ddde±xx`.
Decimal read_shortest(double value) {
  Decimal out;
  std::array<char, 40> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::abs(value),
                                 std::chars_format::scientific)
                       .ptr;
  const char* at = text.data();
  for (bool behind_point = false; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      behind_point = true;
      continue;
    }
    out.digits = out.digits * 10 + static_cast<std::uint64_t>(*at - '0');
    if (behind_point) --out.exponent;
  }
  int exponent = 0;
  if (at != end && at[1] == '+') ++at;
  if (at != end) std::from_chars(at + 1, end, exponent);
  out.exponent += exponent;
  out.negative = value < 0;
  return out;
}

int sign(bool less, bool greater) {
  return less ? -1 : (greater ? 1 : 0);
}

// A double against a whole number of 64 bits, given by its sign and magnitude.
int compare_whole(double a, bool negative, std::uint64_t magnitude) {
  if (a >= beyond_natural) return 1;
  if (a <= -beyond_natural) return -1;
  const bool a_negative = a < 0;
  if (a_negative != negative) return a_negative ? -1 : 1;
  const double whole = std::floor(std::abs(a));
  const auto part = static_cast<std::uint64_t>(whole);
  int order = sign(part<magnitude, part> magnitude);
  if (order == 0 && whole != std::abs(a)) order = 1;
  return negative ? -order : order;
}

struct Whole {
  bool negative;
  std::uint64_t magnitude;
};
Whole whole_of(json::View number) {
  if (number.kind() == json::Kind::natural) return {false, number.natural()};
  const std::int64_t value = number.integer();
  const auto bits = static_cast<std::uint64_t>(value);
  return {value < 0, value < 0 ? 0 - bits : bits};
}

bool in_64_bits(json::View number) {
  return number.kind() == json::Kind::integer || number.kind() == json::Kind::natural;
}

// digits * 10^power modulo `by`, without overflow: every factor stays below 2^64.
std::uint64_t scaled_modulo(std::uint64_t digits, int power, std::uint64_t by) {
  Wide rest = digits % by;
  Wide base = 10 % by;
  for (int left = power; left > 0; left /= 2) {
    if (left % 2 == 1) rest = rest * base % by;
    base = base * base % by;
  }
  return static_cast<std::uint64_t>(rest);
}

}  // namespace

Decimal decimal_of(json::View number) {
  Decimal out;
  if (in_64_bits(number)) {
    const Whole whole = whole_of(number);
    out.negative = whole.negative;
    out.digits = whole.magnitude;
  } else {
    out = read_shortest(number.number());
  }
  drop_zeros(out);
  return out;
}

bool is_whole(json::View number) {
  return in_64_bits(number) || std::floor(number.number()) == number.number();
}

int compare(json::View a, json::View b) {
  if (a.kind() == json::Kind::integer && b.kind() == json::Kind::integer) {
    return sign(a.integer() < b.integer(), a.integer() > b.integer());
  }
  if (in_64_bits(b)) {
    const Whole whole = whole_of(b);
    if (!in_64_bits(a)) return compare_whole(a.number(), whole.negative, whole.magnitude);
    const Whole other = whole_of(a);
    if (other.negative != whole.negative) return other.negative ? -1 : 1;
    const int order = sign(other.magnitude<whole.magnitude, other.magnitude> whole.magnitude);
    return whole.negative ? -order : order;
  }
  if (in_64_bits(a)) return -compare(b, a);
  return sign(a.number() < b.number(), a.number() > b.number());
}

bool is_multiple(json::View value, const Decimal& of) {
  const Decimal decimal = decimal_of(value);
  if (decimal.digits == 0) return true;
  const int shift = decimal.exponent - of.exponent;
  if (shift >= 0) return scaled_modulo(decimal.digits, shift, of.digits) == 0;
  // `of` has more zeros: it must divide digits that have none left at their end.
  if (-shift >= powers_in_wide) return false;
  Wide divisor = of.digits;
  for (int i = 0; i < -shift; ++i) {
    divisor *= 10;
    if (divisor > decimal.digits) return false;
  }
  return decimal.digits % divisor == 0;
}

}  // namespace pawl::json_schema
