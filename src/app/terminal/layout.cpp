#include "app/terminal/layout.h"

#include <algorithm>

#include "base/text.h"

namespace pawl::app {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t last_column_least = 24;  // narrower than this is not worth wrapping

// Without the colours.
std::string bare(std::string_view painted) {
  std::string out;
  for (std::size_t i = 0; i < painted.size(); ++i) {
    if (painted[i] == '\x1b') {
      const auto end = painted.find('m', i);
      if (end == std::string_view::npos) break;
      i = end;
      continue;
    }
    out += painted[i];
  }
  return out;
}

void wrap_line(std::string_view line, std::size_t columns_max, std::string_view first,
               std::string_view rest, std::string& out) {
  out += first;
  std::size_t used = shown_columns(first);
  bool fresh = true;
  for (const std::string_view word : split(line, ' ')) {
    const std::size_t width = shown_columns(word);
    if (!fresh && columns_max != columns_unlimited && used + 1 + width > columns_max) {
      out += '\n';
      out += rest;
      used = shown_columns(rest);
      fresh = true;
    }
    if (!fresh) {
      out += ' ';
      ++used;
    }
    out += word;
    used += width;
    fresh = false;
  }
}

std::vector<std::size_t> widths_of(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    if (row.size() > widths.size()) widths.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], shown_columns(row[i]));
    }
  }
  return widths;
}

// A row whose columns do not fit beside each other: its cells one after the other, filled into
// lines. What belongs to the row above stands behind an indent.
std::string fill_row(const std::vector<std::string>& row, std::size_t columns_max,
                     std::string_view margin) {
  const std::string rest = std::string(margin) + "    ";
  std::string cells;
  for (const std::string& cell : row) {
    if (!cell.empty()) cells += (cells.empty() ? "" : "  ") + cell;
  }
  const bool continues = !row.empty() && row.front().empty();
  std::string out = wrap(cells, columns_max, {.first = continues ? rest : margin, .rest = rest});
  for (auto at = out.find(" \n"); at != out.npos; at = out.find(" \n")) out.erase(at, 1);
  return out;
}

// Blanks at the ends of lines are noise in a file and in a diff.
void drop_trailing_blanks(std::string& text) {
  while (text.ends_with(' ')) text.pop_back();
}

}  // namespace

std::size_t shown_columns(std::string_view painted) {
  if (painted.find('\x1b') == std::string_view::npos) return columns(painted);
  return columns(bare(painted));
}

std::string wrap(std::string_view text, std::size_t columns_max, Indents indents) {
  std::string out;
  bool first = true;
  for (const std::string_view line : split(text, '\n')) {
    if (!first) out += '\n';
    if (!line.empty()) {
      wrap_line(line, columns_max, first ? indents.first : indents.rest, indents.rest, out);
    }
    first = false;
  }
  return out;
}

std::string lay_out(const std::vector<std::vector<std::string>>& rows, std::size_t columns_max,
                    std::string_view margin) {
  const auto widths = widths_of(rows);
  if (widths.empty()) return {};
  std::size_t left = shown_columns(margin);
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) left += widths[i] + gap;
  const bool narrow = columns_max != columns_unlimited &&
                      columns_max < left + std::min(widths.back(), last_column_least);

  std::string out;
  for (const auto& row : rows) {
    if (narrow) {
      out += fill_row(row, columns_max, margin) + '\n';
      continue;
    }
    std::string line(margin);
    for (std::size_t i = 0; i < row.size() && i + 1 < widths.size(); ++i) {
      line += row[i];
      line.append(widths[i] + gap - shown_columns(row[i]), ' ');
    }
    if (row.size() == widths.size() && !row.back().empty()) {
      line = wrap(row.back(), columns_max, {.first = line, .rest = std::string(left, ' ')});
    } else {
      drop_trailing_blanks(line);
    }
    out += line + '\n';
  }
  return out;
}

}  // namespace pawl::app
