// Command lines in arguments: the constraint kinds `shell` and `argv`, and what `commands` of an
// entry shares with them. The reading and the rows are lang/shell's; here they meet the values
// of a call.
//
// `shell` is about a text that a shell will read, `argv` about an array of words that a program is
// started with, no shell between. The text is judged as it stands and forwarded as it stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "lang/shell/rows.h"

namespace pawl {

struct LineRule {
  bool words = false;  // an array of words instead of a line
  shell::Dialect dialect = shell::Dialect::posix;
  shell::Rows rows;
  std::vector<std::string> spelled;  // each row in one canonical spelling, for comparing policies
};

// What the value runs. The error says what is wrong with the value, as the end of a sentence about
// the argument, without bytes of it.
Result<shell::Analysis> read_line(bool words, shell::Dialect dialect, json::View value);

// Why a line is not covered, and in which part of it: `no row covers it (the 2nd of 3 commands, at
// byte 9)`. No bytes of the line.
std::string describe(const shell::Analysis& analysis, const shell::Judgement& judgement);

// `the 2nd of 3 commands`, for the command with this index.
std::string ordinal(const shell::Analysis& analysis, std::size_t index);

// Empty, or what is wrong with the value: for a check of kind `shell` or `argv`.
std::string check_line(const LineRule& rule, json::View value);

}  // namespace pawl
