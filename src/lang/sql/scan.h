// The look at a text before PostgreSQL's own parser sees it (cases L01, L02, L04).
//
// Two questions, both answered by the lexical structure alone:
//   - is it small and flat enough that a recursive parser cannot run out of stack?
//   - does it have one reading? A text that another database, or PostgreSQL with other settings,
//     would cut into other tokens is refused, so that a wrongly declared dialect is a denial.
// Refused therefore, although PostgreSQL reads them: nested comments, comments of the forms `/*!`
// and `--x`, dollar quotes, `U&` strings and names, a backslash before a quote, a bare `#`,
// control characters, invalid UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace pawl::sql {

inline constexpr std::size_t text_bytes_max = 64UL << 10;
inline constexpr std::size_t tokens_max = 4000;
inline constexpr std::size_t nesting_max = 100;  // brackets
// Operators and words that join operands without brackets, between two commas, AND or OR: each may
// be one level of the parsed tree.
inline constexpr std::size_t chain_max = 200;
// CASE, JOIN, UNION, BETWEEN and others that AND and OR do not separate, in the whole text.
inline constexpr std::size_t joints_max = 300;

// The error says what is wrong in words of ours, without any byte of the text.
Status scan(std::string_view text);

}  // namespace pawl::sql
