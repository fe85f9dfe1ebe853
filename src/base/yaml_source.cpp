#include "base/yaml_source.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "base/utf8.h"
#include "base/yaml.h"

namespace pawl::yaml {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Where the value of a line begins: behind the indentation, dashes, and `key: `.
std::size_t value_start(std::string_view line) {
  std::size_t at = std::min(line.find_first_not_of(" \t"), line.size());
  while (line.substr(at).starts_with("- ")) {
    at = std::min(line.find_first_not_of(" \t", at + 1), line.size());
  }
  if (at < line.size() && std::string_view("\"'[{&*!|>@`%").find(line[at]) != line.npos) return at;
  const std::size_t colon = line.find(": ", at);
  if (colon == std::string_view::npos) return at;
  return std::min(line.find_first_not_of(" \t", colon + 1), line.size());
}

// The length of the quoted text at the front, quotes included; nothing if it goes on elsewhere.
std::optional<std::size_t> quoted_size(std::string_view text) {
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != '\'') return i + 1;
      ++i;
    }
  }
  return std::nullopt;
}

// The same for a list or mapping in brackets.
std::optional<std::size_t> bracketed_size(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      const auto size = quoted_size(text.substr(i));
      if (!size) return std::nullopt;
      i += *size - 1;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if ((c == ']' || c == '}') && --depth == 0) {
      return i + 1;
    }
  }
  return std::nullopt;
}

bool goes_on(std::string_view rest) {
  rest = trim(rest);
  return !rest.empty() && rest.front() != '#';
}

// Why YAML does not take this value as the text it looks like; empty if it does.
std::string why_eaten(std::string_view value) {
  if (value.empty()) return {};
  const std::string first = "`" + std::string(1, value.front()) + "`";
  const std::string advice = "; put the whole value in quotes";
  switch (value.front()) {
    case '"':
    case '\'': {
      const auto size = quoted_size(value);
      if (!size || !goes_on(value.substr(*size))) return {};
      return "a value that begins with a quote ends with that quote, and here more follows" +
             advice;
    }
    case '[':
    case '{': {
      const auto size = bracketed_size(value);
      if (!size || !goes_on(value.substr(*size))) return {};
      return "YAML reads a value that begins with " + first +
             " as a list or mapping, and here more follows" + advice;
    }
    case '@':
    case '`':
    case '%':
      return "YAML reserves a value that begins with " +
             (value.front() == '`' ? std::string("a backtick") : first) + advice;
    case '!':
    case '&':
    case '*':
      return "YAML reads a value that begins with " + first +
             (value.front() == '!'   ? " as a tag"
              : value.front() == '&' ? " as an anchor"
                                     : " as an alias") +
             ", which is not accepted" + advice;
    case '|':
    case '>':
      if (!goes_on(
              value.substr(std::min(value.find_first_not_of("+-0123456789", 1), value.size())))) {
        return {};
      }
      return "YAML reads a value that begins with " + first + " as a block of text" + advice;
    default:
      if (value.find(": ") == std::string_view::npos && !value.ends_with(':')) return {};
      return "YAML reads `: ` inside a value as another mapping" + advice;
  }
}

}  // namespace

Source::Source(std::string_view text, std::string_view file)
    : text_(text), file_(file), working_(text), line_starts_{0} {
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
  check_characters();
  for (std::size_t line = 0; line < line_starts_.size(); ++line) check_line(line_span(line));
  check_directives();
}

void Source::report(std::size_t offset, std::string message) {
  errors_.push_back({ErrorKind::invalid, std::move(message), at(offset)});
}

std::size_t Source::line_of(std::size_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  return static_cast<std::size_t>(after - line_starts_.begin()) - 1;
}

Source::Span Source::line_span(std::size_t line) const {
  const bool last = line + 1 == line_starts_.size();
  return {line_starts_[line], last ? text_.size() : line_starts_[line + 1] - 1};
}

std::string_view Source::part(Span span) const {
  return std::string_view(working_).substr(span.first, span.last - span.first);
}

Position Source::at(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const std::size_t line = line_of(offset);
  const std::size_t start = line_starts_[line];
  if (last_offset_ < start || last_offset_ > offset) {
    last_offset_ = start;
    last_column_ = 0;
  }
  last_column_ += utf8::count(text_.substr(last_offset_, offset - last_offset_));
  last_offset_ = offset;
  return {file_, static_cast<std::uint32_t>(line + 1),
          static_cast<std::uint32_t>(last_column_ + 1)};
}

void Source::check_characters() {
  bool utf8_good = true;
  std::string_view rest = text_;
  if (rest.starts_with(byte_order_mark)) {
    report(0, "the file begins with a byte order mark; save it as UTF-8 without one");
    rest.remove_prefix(byte_order_mark.size());
  }
  while (!rest.empty()) {
    const std::size_t offset = text_.size() - rest.size();
    const std::string_view before = rest;
    const utf8::Point point = utf8::next(rest);
    const std::string_view whole = before.substr(0, before.size() - rest.size());
    if (!point.valid) {
      working_[offset] = 'x';
      if (utf8_good) report(offset, "the file is not valid UTF-8: " + in_backticks(whole));
      utf8_good = false;
    } else if (point.value == U'\r' && !rest.starts_with('\n')) {
      working_[offset] = '\n';  // which is what an editor shows
      report(offset, "a carriage return without a line feed; end lines with a line feed");
    } else if (point.value != U'\r' && point.value != U'\n' && point.value != U'\t' &&
               has_hidden_characters(whole)) {
      overwrite({offset, offset + whole.size()});
      report(offset, "a character that cannot be seen, " + in_backticks(whole) +
                         "; write it as an escape in double quotes if it is meant");
    }
  }
}

void Source::check_line(Span line) {
  const std::string_view text = part(line);
  const std::size_t content = std::min(text.find_first_not_of(" \t\r"), text.size());
  const std::size_t tab = text.find('\t');
  if (tab > content) return;
  const auto from = working_.begin() + static_cast<std::ptrdiff_t>(line.first);
  const auto behind = from + static_cast<std::ptrdiff_t>(content);
  std::replace(from, behind, '\t', ' ');
  if (content == text.size()) return;  // a blank line; only yaml-cpp would mind
  report(line.first + tab, "a tab in the indentation; YAML is indented with spaces");
  // How deep the line is meant to be cannot be known, so it is left out.
  *behind = '#';
  lines_dropped_ = true;
}

// Lines such as `%TAG ! …` change what follows, so a reviewer would have to know them.
void Source::check_directives() {
  for (std::size_t line = 0; line < line_starts_.size(); ++line) {
    const Span span = line_span(line);
    const std::string_view text = trim(part(span));
    if (text.empty() || text.front() == '#') continue;
    if (byte(span.first) != '%') return;
    report(span.first, "a YAML directive, " + in_backticks(text) + ", is not accepted");
    working_[span.first] = '#';
  }
}

void Source::overwrite(Span span) {
  std::fill(working_.begin() + static_cast<std::ptrdiff_t>(span.first),
            working_.begin() + static_cast<std::ptrdiff_t>(span.last), 'x');
}

std::string_view Source::repaired(std::size_t offset) const {
  for (const Span& span : repairs_) {
    if (span.first == offset) return trim(text_.substr(span.first, span.last - span.first));
  }
  return {};
}

bool Source::repair(std::size_t offset) {
  if (repair_token(offset)) return true;
  // The parser notices late: the value to blame may end on a line before.
  std::size_t line = line_of(std::min(offset, text_.size()));
  if (repair_line(line)) return true;
  while (line > 0) {
    --line;
    const std::string_view text = trim(part(line_span(line)));
    if (!text.empty() && text.front() != '#') return repair_line(line);
  }
  return false;
}

bool Source::repair_token(std::size_t offset) {
  const std::string_view rest = std::string_view(working_).substr(std::min(offset, text_.size()));
  if (rest.empty() || std::string_view("*&!@`%").find(rest.front()) == rest.npos) return false;
  const std::size_t size = std::min(rest.find_first_of(" \t\r\n,]}"), rest.size());
  report(offset, why_eaten(rest.substr(0, size)) + ": " + in_backticks(rest.substr(0, size)));
  overwrite({offset, offset + size});
  repairs_.push_back({offset, offset + size});
  return true;
}

bool Source::repair_line(std::size_t line) {
  Span span = line_span(line);
  if (span.last > span.first && byte(span.last - 1) == '\r') --span.last;
  span.first += value_start(part(span));
  std::string why = why_eaten(part(span));
  if (why.empty()) return false;
  report(span.first, std::move(why) + ": " + in_backticks(trim(part(span))));
  overwrite(span);
  repairs_.push_back(span);
  return true;
}

}  // namespace pawl::yaml
