// Hexadecimal and base 64.
#include <array>
#include <cstdint>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> inverse(std::string_view digits) {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    table[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}
constexpr auto base64_values = inverse(base64_digits);

std::uint32_t byte_of(char c) {
  return static_cast<unsigned char>(c);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string hex(std::string_view bytes) {
  std::string out(bytes.size() * 2, '\0');
  char* to = out.data();
  for (char c : bytes) {
    *to++ = hex_digits[byte_of(c) >> 4];
    *to++ = hex_digits[byte_of(c) & 0xF];
  }
  return out;
}

bool unhex(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) {
      out.clear();
      return false;
    }
    out += static_cast<char>(high << 4 | low);
  }
  return true;
}

std::string base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t word = byte_of(bytes[i]) << 16;
    if (count > 1) word |= byte_of(bytes[i + 1]) << 8;
    if (count > 2) word |= byte_of(bytes[i + 2]);
    out += base64_digits[word >> 18];
    out += base64_digits[(word >> 12) & 63];
    out += count > 1 ? base64_digits[(word >> 6) & 63] : '=';
    out += count > 2 ? base64_digits[word & 63] : '=';
  }
  return out;
}

bool unbase64(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 4 != 0) return false;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t padding = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2UL : 1UL) : 0UL;
    std::uint32_t word = 0;
    bool good = true;
    for (std::size_t j = 0; j < 4; ++j) {
      const std::uint8_t value =
          j < 4 - padding ? base64_values[byte_of(text[i + j])] : std::uint8_t{0};
      good = good && value != no_digit;
      word = word << 6 | (value & 63U);
    }
    // Bits under the padding must be zero, or two texts would stand for the same bytes.
    good = good && (padding != 2 || (word & 0xFFFF) == 0) && (padding != 1 || (word & 0xFF) == 0);
    if (!good) {
      out.clear();
      return false;
    }
    out += static_cast<char>(word >> 16);
    if (padding < 2) out += static_cast<char>(word >> 8 & 0xFF);
    if (padding < 1) out += static_cast<char>(word & 0xFF);
  }
  return true;
}

}  // namespace pawl
