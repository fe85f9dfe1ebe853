// The values of literals: escapes of strings and bytes, digits of numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pawl::cel {

struct Unescaped {
  std::string text;
  std::size_t offset = 0;  // of the mistake, in bytes of the given text
  std::string wrong;       // empty where there is none
};

// In a string `\xFF` and `\377` are the character U+00FF, in bytes they are that byte.
Unescaped unescape(std::string_view text, bool bytes);

// Digits, or 0x and hexadecimal digits. Nothing where the value does not fit.
std::optional<std::uint64_t> read_natural(std::string_view digits);
std::optional<std::int64_t> read_integer(std::string_view digits, bool negative);

// A number as CEL and JSON write it, with `inf`, `nan` and their like as strtod reads them;
// nothing where there is anything else around it. Too large is infinite, too small is zero.
std::optional<double> read_number(std::string_view text);

}  // namespace pawl::cel
