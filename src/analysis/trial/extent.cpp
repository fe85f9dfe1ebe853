#include "analysis/trial/extent.h"

#include <algorithm>

#include "base/utf8.h"

namespace pawl {

namespace {

// Positions count characters; offsets count bytes.
std::size_t offset_of(std::string_view text, const Position& at) {
  std::size_t offset = 0;
  for (std::uint32_t line = 1; line < at.line; ++line) {
    const auto end = text.find('\n', offset);
    if (end == std::string_view::npos) return text.size();
    offset = end + 1;
  }
  for (std::uint32_t column = 1; column < at.column && offset < text.size(); ++column) {
    offset = utf8::behind(text, offset);
  }
  return offset;
}

// Behind the quote that closes the one at `at`.
std::size_t behind_quote(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '\'' && at + 1 < text.size() && text[at + 1] == '\'') {
        ++at;
      } else {
        return at + 1;
      }
    }
  }
  return text.size();
}

// Whether a quote or a `#` at this place begins something: inside of a plain word it does not.
bool begins(std::string_view text, std::size_t at) {
  return at == 0 || std::string_view(" \t\n{[,:").find(text[at - 1]) != std::string_view::npos;
}

std::size_t behind_flow(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if ((c == '"' || c == '\'') && begins(text, at)) {
      at = behind_quote(text, at);
      continue;
    }
    if (c == '#' && begins(text, at)) {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at + 1;
    ++at;
  }
  return text.size();
}

// A block goes on while lines are indented at least as far as its first key.
std::size_t behind_block(std::string_view text, std::size_t at, std::uint32_t column) {
  std::size_t end = std::min(text.find('\n', at), text.size());
  std::size_t line = end;
  while (line < text.size()) {
    const std::size_t begin = line + 1;
    line = std::min(text.find('\n', begin), text.size());
    const auto first = text.substr(begin, line - begin).find_first_not_of(' ');
    if (first == std::string_view::npos) continue;
    if (first + 1 < column) break;
    end = line;
  }
  return end;
}

}  // namespace

Extent extent_of(std::string_view text, const yaml::Entry& entry) {
  Extent extent;
  extent.begin = offset_of(text, entry.key_at);
  const std::size_t value = offset_of(text, entry.value.at);
  const bool flow = value < text.size() && (text[value] == '{' || text[value] == '[');
  extent.end = flow ? behind_flow(text, value) : behind_block(text, value, entry.value.at.column);
  return extent;
}

std::string replace_extents(std::string_view text,
                            std::vector<std::pair<Extent, std::string>> replacements) {
  std::ranges::sort(replacements, {}, [](const auto& one) { return one.first.begin; });
  std::string out;
  std::size_t done = 0;
  for (const auto& [extent, replacement] : replacements) {
    if (extent.begin < done) continue;
    out += text.substr(done, extent.begin - done);
    out += replacement;
    done = extent.end;
  }
  out += text.substr(done);
  return out;
}

}  // namespace pawl
