// Patterns of JSON Schema: the regular expressions of ECMA-262, unanchored, done by RE2.
//
// Translated are what RE2 spells in another way or means differently: `\d \w \s` and their
// opposites (`\s` has the blanks of Unicode), `.` (no line ends), `\uXXXX` and pairs of them,
// `\u{…}`, `\xXX`, `\cX`, `\0`, `\/`, `[]`, `[^]`, names of groups, `\p{…}`. A letter that is
// escaped for no reason is refused; a mark is itself. References backwards, looking ahead or
// behind, and what exceeds RE2's memory or 1000 repetitions cannot be done.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace re2 {
class RE2;
}

namespace pawl::json_schema {

// The same expression for RE2, or why there is none: `looks ahead`.
Result<std::string> to_re2(std::string_view ecma);

// Compiled, or `why` it cannot be.
struct Pattern {
  std::string source;
  std::unique_ptr<const re2::RE2> compiled;  // null: it cannot be checked
  std::string why;

  Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();
  // Precondition: compiled.
  bool found_in(std::string_view text) const;
};

// Memory that the patterns of one schema may take together.
inline constexpr std::size_t pattern_memory_max = 32UL << 20;

// Takes its memory from `left`.
Pattern compile_pattern(std::string_view source, std::size_t& left);

}  // namespace pawl::json_schema
