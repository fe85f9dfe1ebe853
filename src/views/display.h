// What a reviewer is shown of a call's arguments, and the digest of it (case H01).
//
// Everything goes through one escaping writer: no byte of an argument moves a cursor, sets a
// colour, reorders or hides text. A value that is too long to be read where the decision is made is
// folded: its beginning is shown, and how much is missing. What is folded cannot be approved: only
// a whole display has a digest, an answer carries that digest, and it goes into the record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kernel/state/state.h"

namespace pawl::views {

inline constexpr std::size_t value_bytes_shown_max = 4096;     // as displayed, of one argument
inline constexpr std::size_t display_bytes_shown_max = 32768;  // of all of them
inline constexpr std::size_t folded_bytes_shown = 1024;        // what is left of a folded value

struct ShownArgument {
  std::string name, text;
  bool hidden = false;     // invisible characters, shown as escapes
  bool mixed = false;      // words of letters that look alike in two alphabets
  std::size_t folded = 0;  // bytes that are not in `text`
  // A text as a person reads it, with its line breaks; nothing where that could be taken for
  // another value (`5`, `true`), and where something is folded.
  std::optional<std::string> plain = {};
};

struct Display {
  std::vector<ShownArgument> arguments;
  std::string digest;  // empty where something is folded
};

// `full` folds nothing, for a person who asked for all of it.
Display display(const Approval& approval, json::View arguments, bool full);

// What a call is about to do to what, for the head of its card and for its row in a list: `edit
// app.conf`, `move a.txt to b.txt`, `run make test`, `send customer email to ann@example`, `use
// export`. By its tool's name and its arguments, which are its agent's: it is where reading begins,
// and nothing is decided by it. Visible text on one line.
std::string wants_text(std::string_view tool, json::View arguments);

// `name value, name value`, cut between two characters. Visible text.
std::string arguments_text(json::View arguments, std::size_t bytes_max);

// The path of the file that a call is about; empty where none is named. Visible text.
std::string file_of(json::View arguments);

// What an edit changes, line by line, for a person who has to approve it.
//
// An edit is an argument pair of a name for the old text and one for the new (`oldText` and
// `newText`, `old_string` and `new_string`, …), alone or in a list. The diff is shown beside the
// arguments, never in their place: what is approved is the arguments, as display.h shows them.
// Lines are as untrusted as everything else: who shows them escapes them.
// Bounded: beyond `diff_lines_max` on one side there is no diff.

inline constexpr std::size_t diff_lines_max = 400;  // of the old text, and of the new

struct DiffLine {
  char sign = ' ';                      // ` `, `-`, `+`; `@` begins the next edit
  std::uint32_t before = 0, after = 0;  // line numbers from 1; 0: not on that side
  std::string text;
};

// Empty where one side has too many lines.
std::vector<DiffLine> line_diff(std::string_view before, std::string_view after);

// Of all edits that the arguments hold, in their order; empty where they hold none.
std::vector<DiffLine> diff_of_edits(json::View arguments);
// The arguments that such a diff says all of; none where they hold more than old and new text.
std::vector<std::string> names_in_diff(json::View arguments);

}  // namespace pawl::views
