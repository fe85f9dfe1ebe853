// One code point at a time, for code that must look at characters.
//
// Well-formed means RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pawl::utf8 {

struct Point {
  char32_t value = 0;  // the code point, or the byte where no well-formed sequence begins
  bool valid = false;
};

// Takes the first code point, or one byte that begins none, off a text that is not empty.
Point next(std::string_view& text);

// Whether a byte goes on with a character, and begins none.
constexpr bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The place behind the character that begins at `at`, which lies inside the text.
constexpr std::size_t behind(std::string_view text, std::size_t at) {
  do ++at;
  while (at < text.size() && continues(text[at]));
  return at;
}

// The longest beginning of at most so many bytes that cuts no character in two.
std::string_view beginning(std::string_view text, std::size_t bytes_max);

// The same, with `…` behind it where that is not all.
std::string shortened(std::string_view text, std::size_t bytes_max);

// Takes the last character off, where there is one.
void erase_last(std::string& text);

// Appends the encoding of a scalar value (no surrogate, at most U+10FFFF).
void append(char32_t point, std::string& out);

// The number of code points; a byte that begins none counts as one.
std::size_t count(std::string_view text);

}  // namespace pawl::utf8
