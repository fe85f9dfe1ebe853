#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include <emmintrin.h>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

namespace pawl::json {
namespace {

constexpr std::size_t number_bytes_max = 32;
// Members of an object whose order is found without allocating.
constexpr std::size_t small_members_max = 16;

template <class Number>
void append_number(Number value, std::string& out) {
  std::array<char, number_bytes_max> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// Which of 16 bytes need an escape.
__m128i escaped(__m128i bytes) {
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  return _mm_or_si128(control, _mm_or_si128(quote, backslash));
}

__m128i load_16(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// The first and the last eight (or four) bytes of a shorter text: together all of it.
template <class Word>
__m128i load_both_ends(std::string_view text) {
  std::array<Word, 2> ends;
  std::memcpy(&ends[0], text.data(), sizeof(Word));
  std::memcpy(&ends[1], text.data() + text.size() - sizeof(Word), sizeof(Word));
  if constexpr (sizeof(Word) == 8) {
    return _mm_set_epi64x(static_cast<long long>(ends[1]), static_cast<long long>(ends[0]));
  } else {
    return _mm_set1_epi64x(static_cast<long long>(std::uint64_t{ends[1]} << 32 | ends[0]));
  }
}

// ASCII in which nothing needs an escape: nearly every text. Names have a few bytes, so no loop
// goes over single ones but in the shortest.
bool is_plain(std::string_view text) {
  const auto good = [](__m128i bytes) {
    return _mm_movemask_epi8(_mm_or_si128(escaped(bytes), bytes)) == 0;
  };
  if (text.size() >= 16) {
    for (std::size_t i = 0; i + 16 <= text.size(); i += 16) {
      if (!good(load_16(text.data() + i))) return false;
    }
    return good(load_16(text.data() + text.size() - 16));
  }
  if (text.size() >= 8) return good(load_both_ends<std::uint64_t>(text));
  if (text.size() >= 4) return good(load_both_ends<std::uint32_t>(text));
  return std::ranges::none_of(
      text, [](char c) { return needs_escape(c) || static_cast<unsigned char>(c) >= 0x80; });
}

// How many bytes from the front need no escape, 16 at a time.
std::size_t plain_run(std::string_view text) {
  std::size_t i = 0;
  for (; i + 16 <= text.size(); i += 16) {
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(escaped(load_16(text.data() + i))));
    if (mask != 0) return i + static_cast<std::size_t>(std::countr_zero(mask));
  }
  while (i < text.size() && !needs_escape(text[i])) ++i;
  return i;
}

void append_escape(char c, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '\\';
  switch (c) {
    case '"':
    case '\\':
      out += c;
      return;
    case '\b':
      out += 'b';
      return;
    case '\f':
      out += 'f';
      return;
    case '\n':
      out += 'n';
      return;
    case '\r':
      out += 'r';
      return;
    case '\t':
      out += 't';
      return;
    default:
      out += "u00";
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 0xF];
  }
}

// The common case in one step. Nothing in the text needs an escape.
void write_plain_string(std::string_view text, std::string& out) {
  const std::size_t at = out.size();
  const std::size_t size = at + text.size() + 2;
  if (size > out.capacity()) out.reserve(std::max(size, 2 * out.capacity()));
  out.resize_and_overwrite(size, [&](char* bytes, std::size_t) {
    bytes[at] = '"';
    std::copy_n(text.data(), text.size(), bytes + at + 1);
    bytes[size - 1] = '"';
    return size;
  });
}

// `text` is valid UTF-8.
void write_valid_string(std::string_view text, std::string& out) {
  if (is_plain(text)) return write_plain_string(text, out);
  out += '"';
  for (std::size_t run = plain_run(text);; run = plain_run(text)) {
    out += text.substr(0, run);
    if (run == text.size()) break;
    append_escape(text[run], out);
    text.remove_prefix(run + 1);
  }
  out += '"';
}

void write_array(View array, std::string& out) {
  out += '[';
  bool first = true;
  for (View element : array.elements()) {
    if (!first) out += ',';
    first = false;
    write(element, out);
  }
  out += ']';
}

template <class Range>
void write_members(const Range& members, std::string& out) {
  bool first = true;
  for (const auto& [key, value] : members) {
    if (!first) out += ',';
    first = false;
    write_valid_string(key, out);
    out += ':';
    write(value, out);
  }
}

bool is_sorted(View object) {
  std::string_view before;
  for (const auto& [key, value] : object.members()) {
    if (key < before) return false;
    before = key;
  }
  return true;
}

bool by_key(const View::Member& a, const View::Member& b) {
  return a.key < b.key;
}

void write_object(View object, std::string& out) {
  out += '{';
  if (is_sorted(object)) {
    write_members(object.members(), out);
  } else if (object.size() <= small_members_max) {
    std::array<View::Member, small_members_max> members;
    std::size_t count = 0;
    for (const View::Member& member : object.members()) members[count++] = member;
    const std::span<View::Member> used(members.data(), count);
    std::sort(used.begin(), used.end(), by_key);
    write_members(used, out);
  } else {
    std::vector<View::Member> members;
    members.reserve(object.size());
    for (const View::Member& member : object.members()) members.push_back(member);
    std::sort(members.begin(), members.end(), by_key);
    write_members(members, out);
  }
  out += '}';
}

}  // namespace

void write_string(std::string_view text, std::string& out) {
  if (is_plain(text)) return write_plain_string(text, out);
  // ASCII cannot be broken.
  if (is_ascii(text)) return write_valid_string(text, out);
  std::string repaired;
  std::string_view rest = text;
  bool broken = false;
  while (!rest.empty()) {
    const std::string_view before = rest;
    const utf8::Point point = utf8::next(rest);
    if (!point.valid && !broken) {
      broken = true;
      repaired.assign(text.substr(0, text.size() - before.size()));
    }
    if (!broken) continue;
    if (point.valid) {
      repaired += before.substr(0, before.size() - rest.size());
    } else {
      utf8::append(U'\uFFFD', repaired);
    }
  }
  write_valid_string(broken ? std::string_view(repaired) : text, out);
}

void write_number(double value, std::string& out) {
  constexpr double two_to_63 = 0x1p63;
  constexpr double two_to_64 = 0x1p64;
  if (!std::isfinite(value)) {
    out += "null";  // JSON has no word for it
  } else if (value == std::trunc(value) && value >= -two_to_63 && value < two_to_63) {
    append_number(static_cast<std::int64_t>(value), out);
  } else if (value == std::trunc(value) && value >= two_to_63 && value < two_to_64) {
    append_number(static_cast<std::uint64_t>(value), out);
  } else if (value == std::trunc(value)) {
    // All digits written out would look like an integer of more than 64 bits.
    std::array<char, number_bytes_max> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   std::chars_format::scientific)
                         .ptr;
    out.append(buffer.data(), end);
  } else {
    append_number(value, out);
  }
}

void write(View value, std::string& out) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += value.boolean() ? "true" : "false";
      return;
    case Kind::integer:
      append_number(value.integer(), out);
      return;
    case Kind::natural:
      append_number(value.natural(), out);
      return;
    case Kind::number:
      write_number(value.number(), out);
      return;
    case Kind::string:
      write_valid_string(value.string(), out);
      return;
    case Kind::array:
      write_array(value, out);
      return;
    case Kind::object:
      write_object(value, out);
      return;
  }
}

std::string write(View value) {
  std::string out;
  write(value, out);
  return out;
}

namespace {

// Room for most texts from the start, so that few have to move while they grow.
constexpr std::size_t first_writer_bytes = 256;

template <class Number>
void append_integer(Number value, std::string& out) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

}  // namespace

void Writer::separate() {
  if (after_key_) {
    after_key_ = false;
  } else {
    assert(open_.empty() || open_.back() == ']');  // inside an object a key comes first
    if (!first_) out_ += ',';
  }
  first_ = false;
}

Writer& Writer::object() {
  if (out_.empty()) out_.reserve(first_writer_bytes);
  separate();
  out_ += '{';
  open_.push_back('}');
  first_ = true;
  return *this;
}

Writer& Writer::array() {
  separate();
  out_ += '[';
  open_.push_back(']');
  first_ = true;
  return *this;
}

Writer& Writer::end() {
  assert(!open_.empty() && !after_key_);
  out_ += open_.back();
  open_.pop_back();
  first_ = false;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  assert(!open_.empty() && open_.back() == '}' && !after_key_);
  if (!first_) out_ += ',';
  first_ = false;
  write_string(name, out_);
  out_ += ':';
  after_key_ = true;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  separate();
  write_string(text, out_);
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  separate();
  append_integer(value, out_);
  return *this;
}

Writer& Writer::natural(std::uint64_t value) {
  separate();
  append_integer(value, out_);
  return *this;
}

Writer& Writer::number(double value) {
  separate();
  write_number(value, out_);
  return *this;
}

Writer& Writer::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
  return *this;
}

Writer& Writer::null() {
  separate();
  out_ += "null";
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

Writer& Writer::value(View view) {
  separate();
  write(view, out_);
  return *this;
}

}  // namespace pawl::json
