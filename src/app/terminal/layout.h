// Text in columns: lines that are wrapped, and rows that are aligned. Knows nothing of a terminal
// but its width. Colours (`\x1b[1m`) may stand in the text and take no column.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::app {

inline constexpr std::size_t columns_unlimited = 0;

// Columns that a text takes, colours not counted.
std::size_t shown_columns(std::string_view painted);

// Words filled into lines of at most `columns`; the first line starts behind `first`, the others
// behind `rest`. Line breaks of the text stay. A word longer than a line keeps a line of its own.
struct Indents {
  std::string_view first;
  std::string_view rest;
};
std::string wrap(std::string_view text, std::size_t columns, Indents indents = {});

// Rows with aligned columns, two blanks between them; the last column is wrapped; where they do
// not fit beside each other, the cells of a row one after the other. `margin` stands
// before every line. Ends with a line break unless there is no row.
std::string lay_out(const std::vector<std::vector<std::string>>& rows, std::size_t columns,
                    std::string_view margin = {});

}  // namespace pawl::app
