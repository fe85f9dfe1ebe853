#include "lang/secret/decoder.h"

namespace pawl {
namespace {

constexpr int no_digit = -1;
constexpr int unfinished = -2;
// Stands for half of a pair that has no other half: no UTF-8 has this byte.
constexpr char lone_half = '\xff';

std::string utf8_of(std::uint32_t point) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80U | (point >> shift & 0x3FU));
  };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xC0U | point >> 6), tail(0)};
  if (point < 0x10000) return {static_cast<char>(0xE0U | point >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | point >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return no_digit;
}

int Decoder::digits(std::size_t at, std::size_t count) const {
  int number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= count_) return unfinished;
    const int digit = hex_value(held_[i].byte);
    if (digit < 0) return no_digit;
    number = number << 4 | digit;
  }
  return number;
}

Decoder::Escape Decoder::read() const {
  if (escapes_ == Escapes::json) return read_json();
  const int byte = digits(1, 2);
  if (byte == unfinished) return {};
  if (byte == no_digit) return {1, {}};
  return {3, std::string(1, static_cast<char>(byte))};
}

Decoder::Escape Decoder::read_json() const {
  if (count_ < 2) return {};
  const char named = held_[1].byte;
  if (named == 'u') return read_unicode();
  const std::size_t at = json_names.find(named);
  if (at == std::string_view::npos) return {1, {}};
  return {2, std::string(1, json_means[at])};
}

Decoder::Escape Decoder::read_unicode() const {
  const int unit = digits(2, 4);
  if (unit == unfinished) return {};
  if (unit == no_digit) return {1, {}};
  const auto point = static_cast<std::uint32_t>(unit);
  if (point < 0xD800 || point > 0xDFFF) return {6, utf8_of(point)};
  const Escape alone{6, std::string(1, lone_half)};
  if (point >= 0xDC00) return alone;
  if (count_ > 6 && held_[6].byte != '\\') return alone;
  if (count_ > 7 && held_[7].byte != 'u') return alone;
  if (count_ < 8) return {};
  const int other = digits(8, 4);
  if (other == unfinished) return {};
  const auto low = static_cast<std::uint32_t>(other);
  if (other == no_digit || low < 0xDC00 || low > 0xDFFF) return alone;
  return {12, utf8_of(0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00))};
}

}  // namespace pawl
