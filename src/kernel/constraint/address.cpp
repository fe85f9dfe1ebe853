#include "kernel/constraint/address.h"

#include <fmt/format.h>

#include <iterator>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::size_t groups = 8;
constexpr std::size_t address_bytes_max = 45;

// A decimal number without leading zeros, at most `max`; the digits are taken off the text.
std::optional<unsigned> take_decimal(std::string_view& text, unsigned max) {
  unsigned value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    if (digits == 1 && text[0] == '0') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[digits] - '0');
    if (value > max) return std::nullopt;
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

std::optional<Address> parse_four(std::string_view text) {
  Address out;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    const std::optional<unsigned> part = take_decimal(text, 255);
    if (!part) return std::nullopt;
    out.bytes[i] = static_cast<std::uint8_t>(*part);
  }
  if (!text.empty()) return std::nullopt;
  return out;
}

std::optional<unsigned> take_group(std::string_view& text) {
  unsigned value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && digits < 4; ++digits) {
    const char c = text[digits];
    const bool decimal = is_digit(c);
    if (!decimal && !(c >= 'a' && c <= 'f')) break;
    value = value * 16 + static_cast<unsigned>(decimal ? c - '0' : c - 'a' + 10);
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

// Reads leniently; the caller compares with the one canonical spelling.
std::optional<Address> parse_six(std::string_view text) {
  std::array<unsigned, groups> head{}, tail{};
  std::size_t heads = 0, tails = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (heads + tails == groups) return std::nullopt;
    const std::optional<unsigned> group = take_group(text);
    if (!group) return std::nullopt;
    (gap ? tail[tails++] : head[heads++]) = *group;
    if (text.empty()) break;
    if (text.starts_with("::")) {
      if (gap) return std::nullopt;
      gap = true;
      text.remove_prefix(2);
    } else if (text.front() == ':' && text.size() > 1) {
      text.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  }
  if (gap ? heads + tails >= groups : heads != groups) return std::nullopt;
  Address out;
  out.six = true;
  for (std::size_t i = 0; i < heads; ++i) {
    out.bytes[2 * i] = static_cast<std::uint8_t>(head[i] >> 8);
    out.bytes[2 * i + 1] = static_cast<std::uint8_t>(head[i] & 0xFF);
  }
  for (std::size_t i = 0; i < tails; ++i) {
    const std::size_t at = groups - tails + i;
    out.bytes[2 * at] = static_cast<std::uint8_t>(tail[i] >> 8);
    out.bytes[2 * at + 1] = static_cast<std::uint8_t>(tail[i] & 0xFF);
  }
  return out;
}

bool holds_four(const Address& address) {
  for (std::size_t i = 0; i < 10; ++i) {
    if (address.bytes[i] != 0) return false;
  }
  return address.bytes[10] == 0xFF && address.bytes[11] == 0xFF;
}

unsigned group_of(const Address& address, std::size_t i) {
  return static_cast<unsigned>(address.bytes[2 * i] << 8 | address.bytes[2 * i + 1]);
}

// The first longest run of two or more zero groups.
std::pair<std::size_t, std::size_t> zero_run(const Address& address) {
  std::size_t best = groups, best_size = 1;
  for (std::size_t i = 0; i < groups;) {
    std::size_t end = i;
    while (end < groups && group_of(address, end) == 0) ++end;
    if (end - i > best_size) {
      best = i;
      best_size = end - i;
    }
    i = end + 1;
  }
  return {best, best == groups ? 0 : best_size};
}

bool bit(const Address& address, unsigned i) {
  return (address.bytes[i / 8] >> (7 - i % 8) & 1) != 0;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() > address_bytes_max) return std::nullopt;
  if (text.find(':') == std::string_view::npos) return parse_four(text);
  std::optional<Address> out = parse_six(text);
  if (!out || holds_four(*out) || to_string(*out) != text) return std::nullopt;
  return out;
}

std::string to_string(const Address& address) {
  const auto& b = address.bytes;
  if (!address.six) return fmt::format("{}.{}.{}.{}", b[0], b[1], b[2], b[3]);
  const auto [gap, gap_size] = zero_run(address);
  std::string out;
  for (std::size_t i = 0; i < groups; ++i) {
    if (i == gap) {
      out += "::";
      i += gap_size - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    fmt::format_to(std::back_inserter(out), "{:x}", group_of(address, i));
  }
  return out;
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Prefix{*address, address->bits()};
  std::string_view rest = text.substr(slash + 1);
  const std::optional<unsigned> length = take_decimal(rest, address->bits());
  if (!length || !rest.empty()) return std::nullopt;
  for (unsigned i = *length; i < address->bits(); ++i) {
    if (bit(*address, i)) return std::nullopt;
  }
  return Prefix{*address, *length};
}

bool contains(const Prefix& outer, const Prefix& inner) {
  if (outer.address.six != inner.address.six || outer.length > inner.length) return false;
  for (unsigned i = 0; i < outer.length; ++i) {
    if (bit(outer.address, i) != bit(inner.address, i)) return false;
  }
  return true;
}

}  // namespace pawl
