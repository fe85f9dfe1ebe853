#include "scan.h"

#include <algorithm>
#include <array>

namespace pawl::check {
namespace {

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool continues_name(char c) {
  return starts_name(c) || is_digit(c);
}

// Marks of more than one character that must not be taken apart. `<` and `>` stay single, because
// templates close with several.
constexpr std::array<std::string_view, 23> kMarks = {
    "...", "<=>", "->*", "::", "->", "==", "!=", "<=", ">=", "&&", "||", "++",
    "--",  "+=",  "-=",  "*=", "/=", "%=", "&=", "|=", "^=", "##", "[["};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Scan run() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void advance(std::size_t count) {
    const std::size_t end = std::min(at_ + count, text_.size());
    line_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at_ = end;
  }

  void add(Kind kind, std::size_t length) {
    out_.tokens.push_back({kind, text_.substr(at_, length), line_, directive_});
    advance(length);
    fresh_line_ = false;
  }

  void step() {
    const char c = peek();
    if (c == '\n') {
      advance(1);
      directive_ = false;
      fresh_line_ = true;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      advance(1);
    } else if (c == '\\' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'))) {
      advance(peek(1) == '\n' ? 2 : 3);
    } else if (c == '/' && peek(1) == '/') {
      line_comment();
    } else if (c == '/' && peek(1) == '*') {
      const auto end = text_.find("*/", at_ + 2);
      advance(end == std::string_view::npos ? text_.size() - at_ : end + 2 - at_);
    } else if (c == '#' && fresh_line_) {
      directive_ = true;
      add(Kind::mark, 1);
      include();
    } else {
      token();
    }
  }

  // Ends at the newline, unless a backslash carries it on.
  void line_comment() {
    while (at_ < text_.size() && peek() != '\n') {
      const bool spliced = peek() == '\\' && peek(1) == '\n';
      advance(spliced ? 2 : 1);
    }
  }

  // Behind a `#`: an include is kept apart, and its path makes no token.
  void include() {
    while (peek() == ' ' || peek() == '\t') advance(1);
    if (!text_.substr(at_).starts_with("include")) return;
    add(Kind::name, 7);
    while (peek() == ' ' || peek() == '\t') advance(1);
    const char open = peek();
    if (open != '"' && open != '<') return;
    const auto end = text_.find(open == '"' ? '"' : '>', at_ + 1);
    const auto newline = text_.find('\n', at_);
    if (end == std::string_view::npos || end > newline) return;
    out_.includes.push_back({text_.substr(at_ + 1, end - at_ - 1), open == '<', line_});
    advance(end + 1 - at_);
  }

  void token() {
    const char c = peek();
    if (starts_name(c)) {
      std::size_t length = 1;
      while (continues_name(peek(length))) ++length;
      const std::string_view word = text_.substr(at_, length);
      const bool prefix =
          word == "R" || word == "LR" || word == "uR" || word == "UR" || word == "u8R";
      if (prefix && peek(length) == '"') return raw_string(length);
      const bool plain = word == "L" || word == "u" || word == "U" || word == "u8";
      if (plain && (peek(length) == '"' || peek(length) == '\'')) return quoted(length);
      add(Kind::name, length);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      number();
    } else if (c == '"' || c == '\'') {
      quoted(0);
    } else {
      for (const std::string_view mark : kMarks) {
        if (text_.substr(at_).starts_with(mark)) return add(Kind::mark, mark.size());
      }
      add(Kind::mark, 1);
    }
  }

  void number() {
    std::size_t length = 1;
    for (;; ++length) {
      const char c = peek(length);
      const char before = peek(length - 1);
      const bool sign = (c == '+' || c == '-') &&
                        (before == 'e' || before == 'E' || before == 'p' || before == 'P');
      const bool separator = c == '\'' && continues_name(peek(length + 1));
      if (!continues_name(c) && c != '.' && !sign && !separator) break;
    }
    add(Kind::number, length);
  }

  // A string or a character from its opening quote, `prefix` characters ahead, to the closing one.
  void quoted(std::size_t prefix) {
    const char quote = peek(prefix);
    std::size_t length = prefix + 1;
    while (at_ + length < text_.size() && peek(length) != quote && peek(length) != '\n') {
      length += peek(length) == '\\' ? 2 : 1;
    }
    add(Kind::text, peek(length) == quote ? length + 1 : length);
  }

  void raw_string(std::size_t prefix) {
    const auto open = text_.find('(', at_ + prefix);
    if (open == std::string_view::npos) return add(Kind::text, text_.size() - at_);
    std::string closing = ")";
    closing += text_.substr(at_ + prefix + 1, open - at_ - prefix - 1);
    closing += '"';
    const auto end = text_.find(closing, open);
    add(Kind::text,
        end == std::string_view::npos ? text_.size() - at_ : end + closing.size() - at_);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool directive_ = false;
  bool fresh_line_ = true;
  Scan out_;
};

}  // namespace

Scan scan(std::string_view text) {
  return Scanner(text).run();
}

}  // namespace pawl::check
