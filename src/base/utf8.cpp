#include "base/utf8.h"

namespace pawl::utf8 {
namespace {

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// Length of the sequence a lead byte promises; 0 for a byte that leads nothing.
std::size_t promised(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

}  // namespace

Point next(std::string_view& text) {
  const unsigned char lead = byte_at(text, 0);
  const std::size_t size = promised(lead);
  if (size == 1) {
    text.remove_prefix(1);
    return {lead, true};
  }
  char32_t value = size == 2 ? lead & 0x1FU : size == 3 ? lead & 0x0FU : lead & 0x07U;
  bool whole = size != 0;
  for (std::size_t i = 1; whole && i < size; ++i) {
    whole = i < text.size() && continues(text[i]);
    if (whole) value = (value << 6) | (byte_at(text, i) & 0x3FU);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (!whole || overlong || surrogate || value > 0x10FFFF) {
    text.remove_prefix(1);
    return {lead, false};
  }
  text.remove_prefix(size);
  return {value, true};
}

std::string_view beginning(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && continues(text[bytes_max])) --bytes_max;
  return text.substr(0, bytes_max);
}

std::string shortened(std::string_view text, std::size_t bytes_max) {
  const std::string_view begin = beginning(text, bytes_max);
  return std::string(begin) + (begin.size() < text.size() ? "…" : "");
}

void erase_last(std::string& text) {
  while (!text.empty() && continues(text.back())) text.pop_back();
  if (!text.empty()) text.pop_back();
}

void append(char32_t point, std::string& out) {
  const auto put = [&out](char32_t bits) { out += static_cast<char>(bits); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | (point >> 6));
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3F));
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

std::size_t count(std::string_view text) {
  std::size_t points = 0;
  for (; !text.empty(); ++points) next(text);
  return points;
}

}  // namespace pawl::utf8
