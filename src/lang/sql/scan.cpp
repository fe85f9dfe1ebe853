#include "lang/sql/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "base/utf8.h"

namespace pawl::sql {

namespace {

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
bool operator_char(char c) {
  return std::string_view("~!@#^&|`?+-*/%<>=:").find(c) != std::string_view::npos;
}

// Words that put one more level between an operand and the root of the tree.
constexpr std::array<std::string_view, 13> kChaining = {
    "at",     "cast", "collate", "from",    "ilike",    "in",      "is",
    "isnull", "like", "not",     "notnull", "operator", "similar",
};
constexpr std::array<std::string_view, 13> kJoints = {
    "between", "case",   "except", "explain", "intersect", "join", "lateral",
    "prepare", "select", "union",  "values",  "when",      "with",
};

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& words, std::string_view lower) {
  return std::ranges::find(words, lower) != words.end();
}

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}
  Status run();

 private:
  char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\0'; }
  Status refuse(std::string_view what) const { return fail(ErrorKind::invalid, std::string(what)); }
  Status line_comment();
  Status block_comment();
  Status quoted(char quote);
  Status word();
  Status number();
  Status signs();
  Status bracket(char c);
  Status next();
  Status count();
  Status link();

  std::string_view text_;
  std::size_t here_ = 0;
  std::size_t tokens_ = 0;
  std::size_t depth_ = 0;
  std::size_t joints_ = 0;
  std::array<std::size_t, nesting_max + 1> chain_{};
};

Status Scan::count() {
  if (++tokens_ > tokens_max) return refuse("the SQL text has too many tokens");
  return {};
}

Status Scan::link() {
  if (++chain_[depth_] > chain_max) {
    return refuse("the SQL text has a chain of too many operators");
  }
  return {};
}

// MySQL wants a blank behind the dashes; without one it reads two minus signs.
Status Scan::line_comment() {
  const char behind = at(here_ + 2);
  if (here_ + 2 < text_.size() && !blank(behind)) {
    return refuse("`--` without a blank behind it is not a comment in other dialects");
  }
  while (here_ < text_.size() && text_[here_] != '\n' && text_[here_] != '\r') ++here_;
  return {};
}

Status Scan::block_comment() {
  if (at(here_ + 2) == '!' || (at(here_ + 2) == 'M' && at(here_ + 3) == '!')) {
    return refuse("a comment that some databases execute");
  }
  for (here_ += 2; here_ < text_.size(); ++here_) {
    if (at(here_) == '/' && at(here_ + 1) == '*') {
      return refuse("a comment inside a comment ends elsewhere in other dialects");
    }
    if (at(here_) == '*' && at(here_ + 1) == '/') {
      // `*/*` would be read as an end and a beginning by us, and otherwise by another reader.
      if (at(here_ + 2) == '*' || at(here_ + 2) == '/') {
        return refuse("signs directly behind a comment");
      }
      here_ += 2;
      return {};
    }
  }
  return refuse("a comment has no end");
}

Status Scan::quoted(char quote) {
  for (++here_; here_ < text_.size(); ++here_) {
    if (text_[here_] != quote) continue;
    // Whether the backslash escapes the quote depends on settings and dialects.
    if (text_[here_ - 1] == '\\') return refuse("a backslash before a quote has two readings");
    if (at(here_ + 1) == quote) {
      ++here_;
      continue;
    }
    ++here_;
    return count();
  }
  return refuse("a quoted text has no end");
}

Status Scan::word() {
  const std::size_t start = here_;
  while (letter(at(here_)) || is_digit(at(here_)) || at(here_) == '$') ++here_;
  std::string lower(text_.substr(start, here_ - start));
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (lower == "u" && at(here_) == '&' && (at(here_ + 1) == '\'' || at(here_ + 1) == '"')) {
    return refuse("`U&` spells characters by number");
  }
  if (lower == "and" || lower == "or") chain_[depth_] = 0;
  if (one_of(kJoints, lower) && ++joints_ > joints_max) {
    return refuse("the SQL text joins too many parts");
  }
  if (one_of(kChaining, lower)) {
    PAWL_TRY(link());
  }
  return count();
}

Status Scan::number() {
  while (is_digit(at(here_)) || letter(at(here_)) || at(here_) == '.') ++here_;
  return count();
}

Status Scan::signs() {
  const std::size_t start = here_;
  while (operator_char(at(here_))) {
    const bool comment =
        (at(here_) == '-' && at(here_ + 1) == '-') || (at(here_) == '/' && at(here_ + 1) == '*');
    if (comment) break;
    ++here_;
  }
  const std::string_view op = text_.substr(start, here_ - start);
  if (op.find('#') != std::string_view::npos && op != "#>" && op != "#>>" && op != "#-") {
    return refuse("`#` begins a comment in other dialects");
  }
  if (op.find('`') != std::string_view::npos) return refuse("a backtick quotes in other dialects");
  // PostgreSQL may cut a long run of signs into several tokens: each of them counts.
  const std::size_t tokens = op.size() <= 3 ? 1 : op.size();
  for (std::size_t i = 0; i < tokens; ++i) {
    PAWL_TRY(link());
    PAWL_TRY(count());
  }
  return {};
}

Status Scan::bracket(char c) {
  ++here_;
  if (c == '(' || c == '[') {
    // A subscript or an empty argument list is a level of its own.
    PAWL_TRY(link());
    if (depth_ == nesting_max) return refuse("the SQL text is nested too deeply");
    chain_[++depth_] = 0;
  } else if (depth_ > 0) {
    --depth_;
  }
  return count();
}

Status Scan::next() {
  const char c = text_[here_];
  const char d = at(here_ + 1);
  if (blank(c)) {
    ++here_;
    return {};
  }
  if (c == '-' && d == '-') return line_comment();
  if (c == '/' && d == '*') return block_comment();
  if (c == '\'' || c == '"') return quoted(c);
  if (letter(c)) return word();
  if (is_digit(c) || (c == '.' && is_digit(d))) return number();
  if (c == '(' || c == ')' || c == '[' || c == ']') return bracket(c);
  if (c == '$') {
    if (!is_digit(d)) return refuse("a dollar quote is an ordinary name in other dialects");
    ++here_;
    return number();
  }
  if (operator_char(c)) return signs();
  if (c == ',' || c == ';' || c == '.') {
    if (c != '.') chain_[depth_] = 0;
    ++here_;
    return count();
  }
  return refuse("a character that SQL does not know");
}

Status Scan::run() {
  while (here_ < text_.size()) {
    PAWL_TRY(next());
  }
  return {};
}

bool hidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && !blank(c)) || byte == 0x7f;
}

}  // namespace

Status scan(std::string_view text) {
  if (text.size() > text_bytes_max) {
    return fail(ErrorKind::invalid,
                fmt::format("the SQL text is longer than {} bytes", text_bytes_max));
  }
  if (std::ranges::any_of(text, hidden)) {
    return fail(ErrorKind::invalid, "the SQL text holds a control character");
  }
  for (std::string_view rest = text; !rest.empty();) {
    if (static_cast<unsigned char>(rest.front()) < 0x80) {
      rest.remove_prefix(1);
    } else if (!utf8::next(rest).valid) {
      return fail(ErrorKind::invalid, "the SQL text is not valid UTF-8");
    }
  }
  return Scan(text).run();
}

}  // namespace pawl::sql
