// What the tests of this room share.
#pragma once

#include <string>
#include <string_view>

#include "lang/shell/rows.h"

namespace pawl::shell {

// One line as `program arg arg; program …`, unknown words as `?` behind what is known of them, or
// `!` and the first reason where the line is not fully analysable.
inline std::string shown(const Analysis& analysis) {
  if (!analysis.troubles.empty()) return "! " + analysis.troubles[0].why;
  std::string out;
  for (const Command& command : analysis.commands) {
    if (!out.empty()) out += "; ";
    out += command.program;
    for (const Argument& word : command.arguments) {
      out += ' ' + word.text;
      if (!word.literal()) out += word.known == Known::one ? "?" : "??";
    }
  }
  return out;
}

inline std::string shown(std::string_view text, Dialect dialect = Dialect::bash) {
  const Result<Line> line = parse(text, dialect);
  return line ? shown(analyse(*line)) : "error: " + line.error().message;
}

}  // namespace pawl::shell
