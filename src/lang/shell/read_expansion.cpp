// What begins with `$`, backquotes, process substitutions, arithmetic.
#include "lang/shell/reader.h"

namespace pawl::shell {
namespace {

bool is_special_parameter(char c) {
  return c != '\0' && std::string_view("@*#?$!-").contains(c);
}

}  // namespace

void Reader::read_dollar(Word& word, bool quoted) {
  const std::uint32_t at = pos_;
  const char next = peek(1);
  if (next == '(' && peek(2) == '(') {
    pos_ += 3;
    Part part;
    part.kind = PartKind::arithmetic;
    part.quoted = quoted;
    part.at = at;
    part.text = read_arithmetic();
    word.parts.push_back(std::move(part));
    return;
  }
  if (next == '(') {
    pos_ += 2;
    return read_command_substitution(word, quoted, at);
  }
  if (next == '{') {
    pos_ += 2;
    return read_parameter(word, quoted, at);
  }
  if (is_name_start(next) || is_digit(next) || is_special_parameter(next)) {
    Part part;
    part.kind = PartKind::parameter;
    part.quoted = quoted;
    part.at = at;
    const std::uint32_t start = ++pos_;
    ++pos_;
    if (is_name_start(next)) {
      while (is_name(peek())) ++pos_;
    }
    part.text = text_.substr(start, pos_ - start);
    word.parts.push_back(std::move(part));
    return;
  }
  if (next == '[') return stop("`$[` is arithmetic of old shells");
  if (next == '\\' && peek(2) == '\n') return stop("a line is continued in the middle of a word");
  if (!quoted && next == '"') return stop("`$\"` is translated when the line runs");
  add_text(word, at, "$", quoted);
  ++pos_;
}

// Behind `${`.
void Reader::read_parameter(Word& word, bool quoted, std::uint32_t at) {
  const Level level(*this);
  if (!level) return;
  Part part;
  part.kind = PartKind::parameter;
  part.quoted = quoted;
  part.at = at;
  if (peek() == '!') return stop("an indirect expansion");
  const bool length = peek() == '#' && peek(1) != '}';
  if (length) ++pos_;
  const std::uint32_t start = pos_;
  if (is_name_start(peek())) {
    while (is_name(peek())) ++pos_;
  } else if (is_digit(peek())) {
    while (is_digit(peek())) ++pos_;
  } else if (is_special_parameter(peek())) {
    ++pos_;
  } else {
    return stop("an expansion that cannot be read");
  }
  part.text = text_.substr(start, pos_ - start);
  if (peek() == '[' && !read_subscript(part)) return;
  if (length && peek() != '}') return stop("an expansion that cannot be read");
  if (length) part.text = "#";
  if (peek() != '}') read_operator(part, quoted);
  if (broken_) return;
  if (!take("}")) return stop("an expansion is not closed");
  word.parts.push_back(std::move(part));
}

bool Reader::read_subscript(Part& part) {
  bash_only("an array");
  ++pos_;
  if (peek() == '@' || peek() == '*') {
    part.text = "@";  // as many words as elements
    ++pos_;
  } else if (is_digit(peek())) {
    while (is_digit(peek())) ++pos_;
  } else {
    stop("a subscript is evaluated as arithmetic");
    return false;
  }
  if (take("]")) return true;
  stop("a subscript is evaluated as arithmetic");
  return false;
}

void Reader::read_operator(Part& part, bool quoted) {
  const Place place = quoted ? Place::quoted_operand : Place::operand;
  const char c = peek();
  const char next = peek(1);
  if (c == ':' && next != '\0' && std::string_view("-=?+").contains(next)) {
    part.assigns = next == '=';
    pos_ += 2;
  } else if (c != '\0' && std::string_view("-=?+").contains(c)) {
    part.assigns = c == '=';
    ++pos_;
  } else if (c == '#' || c == '%') {
    pos_ += next == c ? 2 : 1;
  } else if (c == '/' || c == '^' || c == ',') {
    bash_only("this expansion");
    pos_ += next == c ? 2 : 1;
  } else if (c == '@') {
    // `@P` expands its value as a prompt and runs what it finds there.
    bash_only("this expansion");
    if (next == '\0' || !std::string_view("QUuLa").contains(next) || peek(2) != '}') {
      return stop("a transformation that can run what a variable holds");
    }
    pos_ += 2;
    return;
  } else if (c == ':') {
    bash_only("this expansion");
    ++pos_;
    while (is_digit(peek()) || peek() == ' ' || peek() == ':' || peek() == '-') ++pos_;
    if (peek() != '}') stop("a subscript is evaluated as arithmetic");
    return;
  } else {
    return stop("an expansion that cannot be read");
  }
  part.words.push_back(read_word(place));
}

void Reader::read_command_substitution(Word& word, bool quoted, std::uint32_t at) {
  const Level level(*this);
  if (!level) return;
  if (!pending_.empty()) return stop("a substitution behind a here-document on its line");
  Part part;
  part.kind = PartKind::command;
  part.quoted = quoted;
  part.at = at;
  ++inside_;
  part.list = std::make_unique<List>(read_list());
  --inside_;
  if (broken_) return;
  if (!take(")")) return stop("a substitution is not closed");
  word.parts.push_back(std::move(part));
}

// Text between backquotes is read by the same reader, in place; with a backslash or, inside of
// double quotes, with another quote in it, shells disagree about what it is.
void Reader::read_backquotes(Word& word, bool quoted) {
  const Level level(*this);
  if (!level) return;
  Part part;
  part.kind = PartKind::command;
  part.quoted = quoted;
  part.at = pos_;
  const std::size_t close = text_.substr(0, end_).find('`', pos_ + 1);
  if (close == std::string_view::npos) return stop("a backquote is not closed");
  const std::string_view inside = text_.substr(pos_ + 1, close - pos_ - 1);
  if (inside.contains('\\') || (quoted && inside.contains('"'))) {
    return stop("quotes or backslashes between backquotes");
  }
  if (!pending_.empty()) return stop("a substitution behind a here-document on its line");
  const std::uint32_t outer_end = end_;
  ++pos_;
  end_ = static_cast<std::uint32_t>(close);
  ++inside_;
  part.list = std::make_unique<List>(read_list());
  --inside_;
  if (!broken_ && pos_ < end_) stop("expected the end of a command here");
  end_ = outer_end;
  pos_ = static_cast<std::uint32_t>(close) + 1;
  word.parts.push_back(std::move(part));
}

void Reader::read_process(Word& word) {
  const Level level(*this);
  if (!level) return;
  bash_only("a process substitution");
  if (!pending_.empty()) return stop("a substitution behind a here-document on its line");
  word.plain = false;
  Part part;
  part.kind = PartKind::process;
  part.at = pos_;
  pos_ += 2;
  ++inside_;
  part.list = std::make_unique<List>(read_list());
  --inside_;
  if (broken_) return;
  if (!take(")")) return stop("a substitution is not closed");
  // `<()` is no word at all.
  if (part.list->nodes.empty()) return stop("a process substitution without a command");
  word.parts.push_back(std::move(part));
}

// Numbers, names and operators. Expansions and subscripts inside would be evaluated twice:
// `$((a[$(id)]))` runs id, and so does `$((x))` where x holds that text. Which names are numbers
// is decided by the analysis; everything else is refused here.
std::string Reader::read_arithmetic() {
  const std::uint32_t start = pos_;
  std::uint32_t open = 0;
  for (; !done(); ++pos_) {
    const char c = peek();
    if (sees("<(") || sees(">(")) break;
    if (c == '(') {
      ++open;
    } else if (c == ')' && open > 0) {
      --open;
    } else if (c == ')') {
      if (peek(1) != ')') break;
      pos_ += 2;
      return std::string(text_.substr(start, pos_ - start - 2));
    } else if (!is_name(c) && !std::string_view(" \t+-*/%<>=!&|^~?:,;").contains(c)) {
      break;
    }
  }
  stop("arithmetic with something else than numbers and names");
  return {};
}

}  // namespace pawl::shell
