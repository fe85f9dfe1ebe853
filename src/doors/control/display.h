// What a reviewer is shown of a call's arguments, and the digest of it (threats H01, rule 13).
//
// Everything goes through one escaping writer: no byte of an argument moves a cursor, sets a
// colour, reorders or hides text. A value that is too long to be read where the decision is made is
// folded: its beginning is shown, and how much is missing. What is folded cannot be approved: only
// a whole display has a digest, an answer carries that digest, and it goes into the record.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.h"
#include "kernel/state/state.h"

namespace pawl {

inline constexpr std::size_t value_bytes_shown_max = 4096;     // as displayed, of one argument
inline constexpr std::size_t display_bytes_shown_max = 32768;  // of all of them
inline constexpr std::size_t folded_bytes_shown = 1024;        // what is left of a folded value

struct ShownArgument {
  std::string name, text;
  bool hidden = false;     // characters that nobody sees, shown as escapes
  bool mixed = false;      // words of letters that look alike in two alphabets
  std::size_t folded = 0;  // bytes that are not in `text`
};

struct Display {
  std::vector<ShownArgument> arguments;
  std::string digest;  // empty where something is folded
};

// `full` folds nothing, for a person who asked for all of it.
Display display(const Approval& approval, json::View arguments, bool full);

}  // namespace pawl
