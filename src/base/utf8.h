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

// Appends the encoding of a scalar value (no surrogate, at most U+10FFFF).
void append(char32_t point, std::string& out);

// The number of code points; a byte that begins none counts as one.
std::size_t count(std::string_view text);

}  // namespace pawl::utf8
