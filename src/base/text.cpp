#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <utf8proc.h>

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

// Looks like a blank, or like nothing, and is another character: harmless in a name or a text, and
// yet a person who compares two texts by eye does not see it.
bool is_blank_alike(char32_t c) {
  if (c == U'\u2800' || c == U'\uFE0E' || c == U'\uFE0F') return true;
  return c != U' ' && utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ZS;
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
    } else if (is_hidden(point.value) || is_blank_alike(point.value)) {
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

// Hexadecimal and base 64.

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

// Distance, globs and splitting.

namespace {

constexpr std::size_t compared_points_max = 64;

std::u32string points_of(std::string_view text) {
  std::u32string out;
  while (!text.empty() && out.size() <= compared_points_max) out += utf8::next(text).value;
  return out;
}

// Edit distance in which swapping two neighbours is one edit, as in most typing mistakes.
std::size_t distance(const std::u32string& a, const std::u32string& b) {
  std::vector<std::size_t> two_back(b.size() + 1), back(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) back[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = back[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({back[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_back[j - 2] + 1);
      }
    }
    std::swap(two_back, back);
    std::swap(back, row);
  }
  return back[b.size()];
}

// A glob as a row of steps, run as a set of states: time is text times pattern, whatever the
// pattern, so that a long text cannot make a match slow.
enum class Step : std::uint8_t { literal, one, run, any_run };
struct Token {
  Step step = Step::literal;
  char32_t value = 0;
};

// A byte that is not UTF-8 gets a value of its own behind the last code point.
char32_t unit(std::string_view& text) {
  const utf8::Point point = utf8::next(text);
  return point.valid ? point.value : 0x110000 + point.value;
}

std::vector<Token> tokens_of(std::string_view pattern) {
  std::vector<Token> out;
  while (!pattern.empty()) {
    if (pattern.front() == '*') {
      std::size_t stars = 0;
      while (stars < pattern.size() && pattern[stars] == '*') ++stars;
      pattern.remove_prefix(stars);
      out.push_back({stars == 1 ? Step::run : Step::any_run, 0});
    } else if (pattern.front() == '?') {
      pattern.remove_prefix(1);
      out.push_back({Step::one, 0});
    } else {
      out.push_back({Step::literal, unit(pattern)});
    }
  }
  return out;
}

bool is_run(const Token& token) {
  return token.step == Step::run || token.step == Step::any_run;
}

// Runs may be empty: a state before one is also a state behind it.
void skip_empty_runs(const std::vector<Token>& tokens, std::vector<char>& states) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (states[i] != 0 && is_run(tokens[i])) states[i + 1] = 1;
  }
}

bool accepts(const Token& token, char32_t c) {
  switch (token.step) {
    case Step::literal:
      return token.value == c;
    case Step::one:
    case Step::run:
      return c != U'/';
    case Step::any_run:
      return true;
  }
  return false;
}

bool match_steps(std::string_view pattern, std::string_view text) {
  const std::vector<Token> tokens = tokens_of(pattern);
  std::vector<char> states(tokens.size() + 1, 0), next(tokens.size() + 1, 0);
  states[0] = 1;
  skip_empty_runs(tokens, states);
  while (!text.empty()) {
    const char32_t c = unit(text);
    std::fill(next.begin(), next.end(), 0);
    bool alive = false;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (states[i] == 0 || !accepts(tokens[i], c)) continue;
      next[is_run(tokens[i]) ? i : i + 1] = 1;
      alive = true;
    }
    if (!alive) return false;
    std::swap(states, next);
    skip_empty_runs(tokens, states);
  }
  return states[tokens.size()] != 0;
}

}  // namespace

std::string closest_match(std::string_view word, const std::vector<std::string>& candidates) {
  const std::u32string wanted = points_of(fold(word));
  if (wanted.empty() || wanted.size() > compared_points_max) return {};
  std::string best;
  std::size_t best_distance = 1 + std::max<std::size_t>(1, wanted.size() / 3);
  for (const std::string& candidate : candidates) {
    const std::u32string points = points_of(fold(candidate));
    if (points.empty() || points.size() > compared_points_max) continue;
    const std::size_t d = distance(wanted, points);
    // A word that shares nothing with the candidate is not near, however short both are.
    if (d < best_distance && d < std::max(wanted.size(), points.size())) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

bool glob_match(std::string_view pattern, std::string_view text) {
  const std::size_t wild = pattern.find_first_of("*?");
  if (wild == std::string_view::npos) return pattern == text;
  if (text.substr(0, wild) != pattern.substr(0, wild)) return false;
  return match_steps(pattern.substr(wild), text.substr(wild));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace pawl
