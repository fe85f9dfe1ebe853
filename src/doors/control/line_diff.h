// What an edit changes, line by line, for a person who has to approve it.
//
// An edit is an argument pair of a name for the old text and one for the new (`oldText` and
// `newText`, `old_string` and `new_string`, …), alone or in a list. The diff is shown beside the
// arguments, never in their place: what is approved is the arguments, as display.h shows them.
// Lines are as untrusted as everything else: whoever shows them escapes them.
// Bounded: beyond `diff_lines_max` on one side there is no diff.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace pawl {

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

}  // namespace pawl
