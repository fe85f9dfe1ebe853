#include "lang/cel/lexer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"
#include "lang/cel/literal.h"

namespace pawl::cel {
namespace {

constexpr auto kReserved = std::to_array<std::string_view>(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
     "package", "namespace", "return", "var", "void", "while"});
constexpr auto kWordMarks = std::to_array<std::string_view>({"true", "false", "null", "in"});
// Longer marks first.
constexpr auto kMarks = std::to_array<std::string_view>(
    {"&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/",
     "%",  "!",  "?",  ":",  ".",  ",",  "(", ")", "[", "]", "{", "}"});

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool in_name(char c) {
  return begins_name(c) || is_digit(c);
}

class Lexer {
 public:
  explicit Lexer(const Source& source) : source_(source), text_(source.text) {}

  std::expected<std::vector<Token>, Error> run() {
    for (;;) {
      skip_blanks();
      begin_ = at_;
      if (at_ == text_.size()) break;
      if (auto wrong = one()) return std::unexpected(std::move(*wrong));
    }
    add(TokenKind::end, "");
    return std::move(tokens_);
  }

 private:
  using Wrong = std::optional<Error>;

  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void add(TokenKind kind, std::string text) {
    tokens_.push_back({kind, static_cast<std::uint32_t>(begin_), std::move(text)});
  }
  Wrong wrong(std::size_t offset, std::string message) const {
    return error_at(source_, static_cast<std::uint32_t>(offset), std::move(message));
  }

  void skip_blanks() {
    for (;;) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  Wrong one() {
    const char c = peek();
    if (begins_string()) return string();
    if (begins_name(c)) return word();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return digits();
    if (c == '`') return quoted_name();
    for (std::string_view mark : kMarks) {
      if (!text_.substr(at_).starts_with(mark)) continue;
      at_ += mark.size();
      add(TokenKind::mark, std::string(mark));
      return {};
    }
    std::string message = fmt::format("{} means nothing in an expression", shown_character());
    if (c == '&' || c == '|' || c == '=') message += fmt::format("; `{0}{0}` is meant?", c);
    return wrong(at_, std::move(message));
  }

  std::string shown_character() const {
    return fmt::format("`{}`", escape_untrusted(text_.substr(at_, utf8::behind(text_, at_) - at_)));
  }

  // Prefixes are r, b, or both in either order and case.
  bool begins_string() const {
    std::size_t ahead = 0;
    bool raw = false, bytes = false;
    for (; ahead < 2; ++ahead) {
      const char c = peek(ahead);
      if ((c == 'r' || c == 'R') && !raw) {
        raw = true;
      } else if ((c == 'b' || c == 'B') && !bytes) {
        bytes = true;
      } else {
        break;
      }
    }
    return peek(ahead) == '"' || peek(ahead) == '\'';
  }

  Wrong string() {
    bool raw = false, bytes = false;
    for (; peek() != '"' && peek() != '\''; ++at_) {
      (peek() == 'r' || peek() == 'R' ? raw : bytes) = true;
    }
    const char quote = peek();
    const bool triple = peek(1) == quote && peek(2) == quote;
    at_ += triple ? 3 : 1;
    const std::size_t first = at_;
    for (;; ++at_) {
      if (at_ >= text_.size())
        return wrong(begin_, "this text has no end: the closing quote is missing");
      const char c = text_[at_];
      if (c == quote && (!triple || (peek(1) == quote && peek(2) == quote))) break;
      if (!triple && (c == '\n' || c == '\r')) {
        return wrong(begin_, "this text has no end on its line: a line break needs three quotes");
      }
      if (c == '\\' && at_ + 1 < text_.size()) ++at_;
    }
    auto decoded = raw ? Unescaped{std::string(text_.substr(first, at_ - first)), 0, {}}
                       : unescape(text_.substr(first, at_ - first), bytes);
    at_ += triple ? 3 : 1;
    if (!decoded.wrong.empty()) return wrong(first + decoded.offset, std::move(decoded.wrong));
    add(bytes ? TokenKind::bytes : TokenKind::string, std::move(decoded.text));
    return {};
  }

  Wrong word() {
    while (in_name(peek())) ++at_;
    std::string text(text_.substr(begin_, at_ - begin_));
    TokenKind kind = TokenKind::name;
    if (std::ranges::find(kReserved, text) != kReserved.end()) kind = TokenKind::reserved;
    if (std::ranges::find(kWordMarks, text) != kWordMarks.end()) kind = TokenKind::mark;
    add(kind, std::move(text));
    return {};
  }

  Wrong quoted_name() {
    const std::size_t end = text_.find('`', at_ + 1);
    const std::string_view inside = text_.substr(at_ + 1, end == text_.npos ? 0 : end - at_ - 1);
    const bool good = !inside.empty() && std::ranges::all_of(inside, [](char c) {
      return in_name(c) || c == '.' || c == '-' || c == '/' || c == ' ';
    });
    if (!good)
      return wrong(at_, "a quoted field holds letters, digits, `_`, `.`, `-`, `/` and blanks");
    at_ = end + 1;
    add(TokenKind::quoted_name, std::string(inside));
    return {};
  }

  void skip_digits() {
    while (is_digit(peek())) ++at_;
  }

  Wrong digits() {
    TokenKind kind = TokenKind::integer;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
      at_ += 2;
      if (!is_hex(peek())) return wrong(begin_, "a hexadecimal number needs a digit behind `0x`");
      while (is_hex(peek())) ++at_;
    } else {
      skip_digits();
      if (peek() == '.' && is_digit(peek(1))) {
        kind = TokenKind::number;
        ++at_;
        skip_digits();
      }
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
      if ((peek() == 'e' || peek() == 'E') && is_digit(peek(sign))) {
        kind = TokenKind::number;
        at_ += sign;
        skip_digits();
      }
    }
    std::string text(text_.substr(begin_, at_ - begin_));
    if (kind == TokenKind::integer && (peek() == 'u' || peek() == 'U')) {
      kind = TokenKind::natural;
      ++at_;
    }
    if (in_name(peek())) {
      return wrong(begin_, fmt::format("`{}` is neither a number nor a name",
                                       escape_untrusted(text_.substr(begin_, at_ + 1 - begin_))));
    }
    add(kind, std::move(text));
    return {};
  }

  const Source& source_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::expected<std::vector<Token>, Error> tokens_of(const Source& source, const Limits& limits) {
  if (source.text.size() > limits.expression_bytes_max) {
    return std::unexpected(error_at(source, 0,
                                    fmt::format("an expression has at most {} bytes; this has {}",
                                                limits.expression_bytes_max, source.text.size())));
  }
  if (!valid_utf8(source.text)) {
    return std::unexpected(error_at(source, 0, "an expression is UTF-8, and this is not"));
  }
  return Lexer(source).run();
}

std::string described(const Token& token) {
  switch (token.kind) {
    case TokenKind::end:
      return "the end of the expression";
    case TokenKind::string:
      return "a string";
    case TokenKind::bytes:
      return "bytes";
    case TokenKind::integer:
    case TokenKind::natural:
    case TokenKind::number:
    case TokenKind::name:
    case TokenKind::quoted_name:
    case TokenKind::reserved:
    case TokenKind::mark:
      return fmt::format("`{}`", escape_untrusted(token.text));
  }
  return "";
}

}  // namespace pawl::cel
