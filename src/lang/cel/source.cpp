#include "lang/cel/source.h"

#include <algorithm>

#include "base/utf8.h"

namespace pawl::cel {

Position position_of(const Source& source, std::uint32_t offset) {
  const std::string_view before =
      source.text.substr(0, std::min<std::size_t>(offset, source.text.size()));
  const auto lines = static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
  const std::size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  const auto column = static_cast<std::uint32_t>(utf8::count(before.substr(begin)));
  Position at = source.at;
  const std::uint32_t first_line = at.line == 0 ? 1 : at.line;
  const std::uint32_t first_column = at.column == 0 ? 1 : at.column;
  at.line = first_line + lines;
  at.column = lines == 0 ? first_column + column : 1 + column;
  return at;
}

}  // namespace pawl::cel
