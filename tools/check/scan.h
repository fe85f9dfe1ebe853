// C++ as a row of tokens: what is left of a file without comments, and with strings kept as one
// token each. Enough to count, to name and to follow braces; it knows nothing of meaning.
// Understands line and block comments, escapes, raw strings, digit separators, spliced lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::check {

enum class Kind : std::uint8_t { name, number, text, mark };

struct Token {
  Kind kind;
  std::string_view text;
  int line;        // from 1
  bool directive;  // part of a preprocessor line

  bool is(std::string_view what) const { return text == what; }
};

struct Include {
  std::string_view path;
  bool angled;  // <path> instead of "path"
  int line;
};

struct Scan {
  std::vector<Token> tokens;
  std::vector<Include> includes;
};

Scan scan(std::string_view text);

}  // namespace pawl::check
