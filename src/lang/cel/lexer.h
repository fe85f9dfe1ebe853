// Cuts the text of an expression into tokens.
//
// Literals are decoded here: `text` of a string or bytes token is its value with escapes applied,
// of a number the digits as they were written. Strings hold valid UTF-8 only.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "lang/cel/limits.h"
#include "lang/cel/source.h"

namespace pawl::cel {

enum class TokenKind : std::uint8_t {
  end,
  name,         // an identifier that is not a keyword
  quoted_name,  // `between backticks`, only behind a dot
  reserved,     // a word that CEL keeps for later: fine as a field, not as a name
  integer,      // int64, digits or 0x
  natural,      // with the suffix u
  number,
  string,
  bytes,
  mark,  // an operator or a bracket, and the words `true`, `false`, `null` and `in`
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t offset = 0;  // where it begins, in bytes
  std::string text;

  bool is(std::string_view mark) const { return kind == TokenKind::mark && text == mark; }
};

std::expected<std::vector<Token>, Error> tokens_of(const Source& source, const Limits& limits);

// What a token is called in a message: `` `&&` ``, "a string", "the end of the expression".
std::string described(const Token& token);

}  // namespace pawl::cel
