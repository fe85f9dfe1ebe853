#include "base/text.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/utf8.h"

namespace pawl {
namespace {

struct FreeCopy {
  void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

// Applies a normalization of utf8proc. Nothing when the input is not UTF-8.
bool map(std::string_view text, int options, std::string& out) {
  utf8proc_uint8_t* raw = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &raw,
                                 static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, FreeCopy> owned(raw);
  if (size < 0) return false;
  out.assign(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
  return true;
}

constexpr int compose_options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
constexpr int fold_options = compose_options | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;

// Folding composes after it folds, and a composition may fold again; a few rounds always settle.
constexpr int fold_rounds_max = 4;

bool is_hidden(char32_t c) {
  if (c == U'\uFE0E' || c == U'\uFE0F') return false;  // how an emoji is drawn, nothing else
  const auto code = static_cast<utf8proc_int32_t>(c);
  const auto* property = utf8proc_get_property(code);
  if (property->ignorable) return true;  // zero width, tags, selectors, fillers, soft hyphen
  if ((c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF)) return true;  // no characters at all
  switch (static_cast<utf8proc_category_t>(property->category)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO:
    case UTF8PROC_CATEGORY_ZS:
      return false;
  }
  return true;
}

void append_escape(char kind, char32_t value, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '\\';
  out += kind;
  out += '{';
  bool started = false;
  for (int shift = 20; shift >= 0; shift -= 4) {
    const auto digit = static_cast<std::size_t>((value >> shift) & 0xF);
    started = started || digit != 0 || shift <= 4;
    if (started) out += digits[digit];
  }
  out += '}';
}

bool is_plain_ascii(char32_t c) {
  return c >= 0x20 && c < 0x7F;
}

}  // namespace

bool is_ascii(std::string_view text) {
  constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    if ((word & high_bits) != 0) return false;
  }
  for (; left > 0; --left, ++at) {
    if ((static_cast<unsigned char>(*at) & 0x80) != 0) return false;
  }
  return true;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

bool valid_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  while (!text.empty()) {
    if (!utf8::next(text).valid) return false;
  }
  return true;
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

std::string fold(std::string_view text) {
  if (is_ascii(text)) return lower_ascii(text);
  std::string folded(text);
  for (int round = 0; round < fold_rounds_max; ++round) {
    std::string again;
    if (!map(folded, fold_options, again)) return std::string(text);
    if (again == folded) break;
    folded = std::move(again);
  }
  return folded;
}

std::string compose(std::string_view text) {
  std::string out;
  if (is_ascii(text) || !map(text, compose_options, out)) return std::string(text);
  return out;
}

bool has_hidden_characters(std::string_view text) {
  while (!text.empty()) {
    const utf8::Point point = utf8::next(text);
    if (is_plain_ascii(point.value) && point.valid) continue;
    if (!point.valid || is_hidden(point.value)) return true;
  }
  return false;
}

std::string escape_untrusted(std::string_view text, Newlines newlines) {
  if (std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; })) {
    return std::string(text);
  }
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const utf8::Point point = utf8::next(text);
    if (!point.valid) {
      append_escape('x', point.value, out);
    } else if (is_plain_ascii(point.value) ||
               (point.value == U'\n' && newlines == Newlines::keep)) {
      out += static_cast<char>(point.value);
    } else if (is_hidden(point.value)) {
      append_escape('u', point.value, out);
    } else {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out;
}

std::string in_backticks(std::string_view text, std::size_t bytes_max) {
  const std::string_view begin = utf8::beginning(text, bytes_max);
  return "`" + escape_untrusted(begin) + (begin.size() < text.size() ? "…`" : "`");
}

std::size_t columns(std::string_view visible_text) {
  std::size_t sum = 0;
  while (!visible_text.empty()) {
    const utf8::Point point = utf8::next(visible_text);
    if (!point.valid) {
      ++sum;
    } else {
      sum +=
          static_cast<std::size_t>(utf8proc_charwidth(static_cast<utf8proc_int32_t>(point.value)));
    }
  }
  return sum;
}

}  // namespace pawl
