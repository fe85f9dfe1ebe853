// Words: quotes, escapes, globs, tildes, braces.
#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "lang/shell/reader.h"

namespace pawl::shell {

void WordReader::add_text(Word& word, std::uint32_t at, std::string_view text, bool quoted) {
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

bool WordReader::word_ends(Place place) const {
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

Word WordReader::read_word(Place place) {
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
bool WordReader::read_piece(Word& word, Place place) {
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

void WordReader::add_sign(Word& word, PartKind kind) {
  Part part;
  part.kind = kind;
  part.at = pos_;
  part.text = text_.substr(pos_++, 1);
  word.parts.push_back(std::move(part));
}

// Ordinary bytes at once.
void WordReader::read_run(Word& word) {
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

void WordReader::read_escape(Word& word, Place place) {
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

void WordReader::read_single_quotes(Word& word) {
  word.plain = false;
  const std::size_t close = text_.substr(0, end_).find('\'', pos_ + 1);
  if (close == std::string_view::npos) return stop("a quote is not closed");
  add_text(word, pos_, text_.substr(pos_ + 1, close - pos_ - 1), true);
  pos_ = static_cast<std::uint32_t>(close) + 1;
}

// $'…': the escapes that mean one byte or character in every version.
void WordReader::read_ansi_quotes(Word& word) {
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

void WordReader::read_double_quotes(Word& word) {
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

void WordReader::read_tilde(Word& word) {
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
void WordReader::finish_word(Word& word) {
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

// Lists, pipelines and simple commands.

namespace {

constexpr auto kReserved = std::to_array<std::string_view>(
    {"!",    "{",     "}",     "if",  "then",   "else",     "elif", "fi",     "do", "done", "case",
     "esac", "while", "until", "for", "select", "function", "time", "coproc", "in", "[[",   "]]"});
// What ends a list where a command would begin.
constexpr auto kClosing =
    std::to_array<std::string_view>({"}", "then", "else", "elif", "fi", "do", "done", "esac"});

bool one_of(std::string_view word, const auto& words) {
  return std::ranges::find(words, word) != words.end();
}

// Control characters that no shell treats as blanks, but that terminals and people do not see.
bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
}

}  // namespace

// The unquoted word at this place if it is a reserved one, otherwise empty. Consumes nothing.
std::string_view ShellLineReader::reserved() const {
  std::uint32_t stop = pos_;
  while (stop < end_ && !is_divider(text_[stop]) && stop - pos_ < 10) ++stop;
  const std::string_view word = text_.substr(pos_, stop - pos_);
  return one_of(word, kReserved) ? word : std::string_view();
}

bool ShellLineReader::take_reserved(std::string_view word) {
  if (broken_ || reserved() != word) return false;
  return take(word);
}

void ShellLineReader::expect_reserved(std::string_view word) {
  skip_lines();
  if (!take_reserved(word)) stop("expected `" + std::string(word) + "`");
}

bool ShellLineReader::at_list_end() {
  return done() || peek() == ')' || sees(";;") || sees(";&") || one_of(reserved(), kClosing);
}

List ShellLineReader::read_list() {
  List list;
  const Level level(*this);
  if (!level) return list;
  skip_lines();
  while (!at_list_end()) {
    bool depends = false;
    for (;;) {
      Node node = read_chain_link();
      node.depends = depends;
      list.nodes.push_back(std::move(node));
      skip_blanks();
      if (done() || !(take("&&") || take("||"))) break;
      depends = true;
      skip_lines();
    }
    if (done()) break;
    if (sees(";;") || sees(";&")) break;
    if (peek() == '&') {
      if (peek(1) == '>') bash_only("`&>`");
      ++pos_;
      // The whole chain goes to the background.
      for (Node& node : list.nodes) node.background = true;
    } else if (peek() == ';') {
      ++pos_;
    } else if (peek() != '\n') {
      if (peek() != ')') stop("expected the end of a command here");
      break;
    }
    skip_lines();
  }
  return list;
}

// A pipeline with `!` and `time` before it.
Node ShellLineReader::read_chain_link() {
  Node pipeline;
  pipeline.kind = NodeKind::pipeline;
  pipeline.at = pos_;
  for (bool prefix = true; prefix && !broken_;) {
    prefix = take_reserved("!");
    if (!prefix && bash() && take_reserved("time")) {
      prefix = true;
      skip_blanks();
      if (sees("-p") && (pos_ + 2 >= end_ || is_divider(peek(2)))) pos_ += 2;
      skip_blanks();
      if (sees("--") && (pos_ + 2 >= end_ || is_divider(peek(2)))) pos_ += 2;
    }
    skip_blanks();
  }
  // A bare `time` or `!` has nothing to run.
  if (done() || peek() == '\n' || peek() == ';') {
    if (pos_ == pipeline.at) stop("expected a command");
    return pipeline;
  }
  for (;;) {
    pipeline.children.push_back(read_command());
    skip_blanks();
    if (done() || peek() != '|' || peek(1) == '|') break;
    if (peek(1) == '&') bash_only("`|&`");
    pos_ += peek(1) == '&' ? 2 : 1;
    skip_lines();
    if (done()) stop("expected a command behind `|`");
  }
  pipeline.end = pos_;
  if (pipeline.children.size() == 1) {
    Node only = std::move(pipeline.children[0]);
    return only;
  }
  return pipeline;
}

Node ShellLineReader::read_command() {
  const Level level(*this);
  Node node;
  if (!level) return node;
  const std::uint32_t at = pos_;
  const std::string_view word = reserved();
  if (peek() == '(') {
    node = peek(1) == '(' ? read_arithmetic_command() : read_subshell();
  } else if (word == "{") {
    node = read_group();
  } else if (word == "if") {
    node = read_if();
  } else if (word == "while" || word == "until") {
    node = read_loop();
  } else if (word == "for" || word == "select") {
    node = read_for();
  } else if (word == "case") {
    node = read_case();
  } else if (word == "[[") {
    node = read_test();
  } else if (word == "function") {
    node = read_function();
  } else if (word == "coproc") {
    stop("a coprocess runs beside the line");
  } else if (!word.empty() && word != "in" && word != "time") {
    stop("`" + std::string(word) + "` where a command begins");
  } else {
    node = read_simple();
    node.at = at;
    node.end = pos_;
    return node;
  }
  node.at = at;
  read_redirects(node);
  node.end = pos_;
  return node;
}

Node ShellLineReader::read_simple() {
  Node node;
  for (;;) {
    skip_blanks();
    if (done()) break;
    const char c = peek();
    if (is_control(c)) {
      stop("a control character outside of quotes");
    } else if (at_redirect()) {
      node.redirects.push_back(read_redirect());
    } else if (c == '(') {
      if (node.words.size() != 1 || !node.assignments.empty()) {
        stop("a parenthesis where none can stand");
      } else {
        read_word_or_function(node);
      }
      return node;
    } else if (is_divider(c) && !sees("<(") && !sees(">(")) {
      break;
    } else if (!node.words.empty() || !read_assignment(node)) {
      node.words.push_back(read_word(Place::command));
    }
  }
  if (node.words.empty() && node.assignments.empty() && node.redirects.empty()) {
    stop("expected a command");
  }
  return node;
}

// `name ()` and a body.
void ShellLineReader::read_word_or_function(Node& node) {
  const std::string* name = node.words[0].literal();
  ++pos_;
  skip_blanks();
  if (name == nullptr || !take(")")) return stop("a parenthesis where none can stand");
  trouble(node.words[0].at, "a function could take the place of a program");
  node.name = *name;
  node.kind = NodeKind::function;
  node.words.clear();
  skip_lines();
  if (!done()) node.children.push_back(read_command());
}

bool ShellLineReader::at_assignment() const {
  std::uint32_t at = pos_;
  if (at >= end_ || !is_name_start(text_[at])) return false;
  while (at < end_ && is_name(text_[at])) ++at;
  if (at >= end_) return false;
  if (text_[at] == '=' || text_[at] == '[') return true;
  return text_[at] == '+' && at + 1 < end_ && text_[at + 1] == '=';
}

bool ShellLineReader::read_assignment(Node& node) {
  if (!at_assignment()) return false;
  Assignment assignment;
  assignment.at = pos_;
  const std::uint32_t start = pos_;
  while (is_name(peek())) ++pos_;
  assignment.name = text_.substr(start, pos_ - start);
  if (peek() == '[') {
    // `a[$(id)]=x` and the program `a[0]`: a glob or arithmetic, depending on what follows.
    stop("a subscript is evaluated as arithmetic");
    return true;
  }
  if (take("+=")) {
    bash_only("`+=`");
    assignment.append = true;
  } else {
    ++pos_;
  }
  if (peek() == '(') {
    bash_only("an array");
    read_array(assignment);
  } else {
    assignment.value.push_back(read_word(Place::value));
  }
  node.assignments.push_back(std::move(assignment));
  return true;
}

void ShellLineReader::read_array(Assignment& assignment) {
  ++pos_;
  assignment.array = true;
  skip_lines();
  while (!done() && peek() != ')') {
    if (is_divider(peek())) return stop("an operator inside of an array");
    if (peek() == '[') return stop("a subscript is evaluated as arithmetic");
    assignment.value.push_back(read_word(Place::command));
    skip_lines();
  }
  if (!take(")")) stop("an array is not closed");
}

}  // namespace pawl::shell
