// Words: quotes, escapes, globs, tildes, braces.
#include <algorithm>

#include "base/utf8.h"
#include "lang/shell/reader.h"

namespace pawl::shell {

void Reader::add_text(Word& word, std::uint32_t at, std::string_view text, bool quoted) {
  if (!word.parts.empty() && word.parts.back().kind == PartKind::text) {
    word.parts.back().text += text;
    return;
  }
  Part part;
  part.at = at;
  part.quoted = quoted;
  part.text = text;
  word.parts.push_back(std::move(part));
}

bool Reader::word_ends(Place place) const {
  if (done()) return true;
  switch (place) {
    case Place::command:
    case Place::value:
      return is_divider(peek());
    case Place::operand:
    case Place::quoted_operand:
      return peek() == '}';
  }
  return true;
}

Word Reader::read_word(Place place) {
  Word word;
  word.at = pos_;
  word.end = pos_;
  const Level level(*this);
  if (!level) return word;
  if (++words_ > limits_.words_max) {
    stop("too many words");
    return word;
  }
  if (place == Place::command && (sees("<(") || sees(">("))) {
    read_process(word);
    if (!word_ends(place)) stop("text behind a process substitution");
    word.end = pos_;
    return word;
  }
  if (place == Place::command || place == Place::value) read_tilde(word);
  while (!word_ends(place)) {
    if (!read_piece(word, place)) break;
  }
  if (place == Place::command || place == Place::value) {
    const bool joined = pos_ > word.at && (sees("<(") || sees(">("));
    if (joined) stop("a process substitution behind text");
  }
  word.end = pos_;
  if (word.end == word.at && place == Place::command) stop("expected a word");
  if (place == Place::command) finish_word(word);
  return word;
}

// One piece of a word; false where the word cannot be read.
bool Reader::read_piece(Word& word, Place place) {
  const char c = peek();
  const bool quoted = place == Place::quoted_operand;
  if ((c == '\'' || c == '"') && quoted) {
    stop("a quote inside of a quoted expansion");
  } else if (c == '\\') {
    read_escape(word, place);
  } else if (c == '\'') {
    read_single_quotes(word);
  } else if (c == '"') {
    read_double_quotes(word);
  } else if (c == '`') {
    word.plain = false;
    read_backquotes(word, quoted);
  } else if (c == '$' && !quoted && peek(1) == '\'') {
    bash_only("`$'`");
    read_ansi_quotes(word);
  } else if (c == '$') {
    word.plain = false;
    read_dollar(word, quoted);
  } else if (!quoted && (c == '*' || c == '?' || c == '[')) {
    add_sign(word, PartKind::glob);
  } else if (c == '{' && place != Place::command && place != Place::value) {
    stop("a brace inside of an expansion");
  } else if (place == Place::operand && (sees("<(") || sees(">("))) {
    stop("a process substitution inside of an expansion");
  } else if (c == '~' && !quoted && pos_ > word.at + 1 &&
             (text_[pos_ - 1] == '=' || text_[pos_ - 1] == ':')) {
    // `x=~/y` is expanded by bash in arguments too.
    word.plain = false;
    add_sign(word, PartKind::tilde);
  } else {
    word.braces = word.braces || c == '{';
    read_run(word);
  }
  return !broken_;
}

void Reader::add_sign(Word& word, PartKind kind) {
  Part part;
  part.kind = kind;
  part.at = pos_;
  part.text = text_.substr(pos_++, 1);
  word.parts.push_back(std::move(part));
}

// Ordinary bytes at once.
void Reader::read_run(Word& word) {
  const std::uint32_t start = pos_;
  constexpr std::string_view special = "\\'\"`$*?[{}~ \t\n;&|<>()";
  do {
    const char c = text_[pos_++];
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7f) {
      return stop("a control character outside of quotes");
    }
  } while (pos_ < end_ && special.find(text_[pos_]) == std::string_view::npos);
  add_text(word, start, text_.substr(start, pos_ - start), false);
}

void Reader::read_escape(Word& word, Place place) {
  const char next = peek(1);
  if (pos_ + 1 >= end_) return stop("a backslash at the end");
  if (next == '\n') return stop("a line is continued in the middle of a word");
  word.plain = false;
  const std::uint32_t at = pos_;
  if (place == Place::quoted_operand) return stop("a backslash inside of a quoted expansion");
  // The whole character, so that no byte of it is read as something else.
  std::string_view rest = text_.substr(pos_ + 1, end_ - pos_ - 1);
  const std::size_t before = rest.size();
  utf8::next(rest);
  const std::size_t length = before - rest.size();
  add_text(word, at, text_.substr(pos_ + 1, length), true);
  pos_ += 1 + static_cast<std::uint32_t>(length);
}

void Reader::read_single_quotes(Word& word) {
  word.plain = false;
  const std::size_t close = text_.substr(0, end_).find('\'', pos_ + 1);
  if (close == std::string_view::npos) return stop("a quote is not closed");
  add_text(word, pos_, text_.substr(pos_ + 1, close - pos_ - 1), true);
  pos_ = static_cast<std::uint32_t>(close) + 1;
}

// $'…': the escapes that mean one byte or character in every version.
void Reader::read_ansi_quotes(Word& word) {
  word.plain = false;
  const std::uint32_t at = pos_;
  std::string text;
  pos_ += 2;
  while (!done() && peek() != '\'') {
    char c = text_[pos_++];
    if (c == '\\') {
      constexpr std::string_view letters = "abefnrtv\\'\"?";
      constexpr std::string_view meaning = "\a\b\033\f\n\r\t\v\\'\"?";
      const std::size_t which = letters.find(peek());
      if (pos_ >= end_ || which == std::string_view::npos) {
        return stop("an escape that is read in several ways");
      }
      c = meaning[which];
      ++pos_;
    }
    text += c;
  }
  if (!take("'")) return stop("a quote is not closed");
  add_text(word, at, text, true);
}

void Reader::read_double_quotes(Word& word) {
  word.plain = false;
  const Level level(*this);
  if (!level) return;
  const std::size_t before = word.parts.size();
  const std::uint32_t open = pos_++;
  while (!done() && peek() != '"') {
    const std::uint32_t at = pos_;
    const char c = peek();
    if (c == '$') {
      read_dollar(word, true);
    } else if (c == '`') {
      read_backquotes(word, true);
    } else if (c == '\\' && pos_ + 1 < end_ && std::string_view("$`\"\\\n").contains(peek(1))) {
      if (peek(1) != '\n') add_text(word, at, text_.substr(pos_ + 1, 1), true);
      pos_ += 2;
    } else {
      ++pos_;
      while (pos_ < end_ && !std::string_view("$`\"\\").contains(text_[pos_])) ++pos_;
      add_text(word, at, text_.substr(at, pos_ - at), true);
    }
  }
  if (!take("\"")) return stop("a quote is not closed");
  if (word.parts.size() == before) add_text(word, open, "", true);
}

void Reader::read_tilde(Word& word) {
  if (peek() != '~') return;
  Part part;
  part.kind = PartKind::tilde;
  part.at = pos_++;
  while (!done() && (is_name(peek()) || peek() == '+' || peek() == '-')) part.text += text_[pos_++];
  if (!done() && peek() != '/' && peek() != ':' && !is_divider(peek())) {
    return stop("a tilde with something else than a name behind it");
  }
  word.plain = false;
  word.parts.push_back(std::move(part));
}

// Braces are expanded before anything else, and what they produce is expanded again: `{$,x}HOME`
// is `$HOME` and `xHOME`. So a word with braces holds nothing but plain text.
void Reader::finish_word(Word& word) {
  if (!word.braces || broken_) return;
  const std::string_view source = text_.substr(word.at, word.end - word.at);
  const bool redirects =
      source.front() == '{' && source.back() == '}' && (peek() == '<' || peek() == '>');
  if (redirects) return trouble(word.at, "a redirection that sets a variable");
  const std::string_view rest = source.substr(source.find('{'));
  if (rest.find(',') == std::string_view::npos && rest.find("..") == std::string_view::npos) return;
  if (!word.plain) return trouble(word.at, "braces together with quotes or expansions");
  Part part;
  part.kind = PartKind::braces;
  part.at = word.at;
  word.parts.insert(word.parts.begin(), std::move(part));
}

}  // namespace pawl::shell
