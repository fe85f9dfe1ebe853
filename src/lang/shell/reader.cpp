// Characters, levels, ends of lines.
#include "lang/shell/reader.h"

#include <utility>

#include "base/text.h"
#include "base/utf8.h"

namespace pawl::shell {

Cursor::Cursor(std::string_view text, Dialect dialect, const Limits& limits)
    : text_(text),
      dialect_(dialect),
      limits_(limits),
      end_(static_cast<std::uint32_t>(text.size())) {}

void ShellLineReader::read(Line& line) {
  line.list = read_list();
  if (!broken_ && pos_ < end_) stop("expected the end of a command here");
  if (!broken_ && !pending_.empty()) trouble(pending_[0].at, "a here-document has no body");
  line.troubles = std::move(troubles_);
}

bool Cursor::sees(std::string_view text) const {
  return pos_ + text.size() <= end_ && text_.substr(pos_, text.size()) == text;
}

bool Cursor::take(std::string_view text) {
  if (!sees(text)) return false;
  pos_ += static_cast<std::uint32_t>(text.size());
  return true;
}

void Cursor::trouble(std::uint32_t at, std::string_view why) {
  // One reason is enough for a denial; a handful is enough for a person.
  constexpr std::size_t troubles_max = 8;
  if (troubles_.size() < troubles_max) troubles_.push_back({at, std::string(why)});
}

void Cursor::stop(std::string_view why) {
  if (broken_) return;
  trouble(pos_, why);
  broken_ = true;
}

bool Cursor::deeper() {
  if (++level_ <= limits_.levels_max) return !broken_;
  stop("too many levels");
  return false;
}

void Cursor::bash_only(std::string_view what) {
  if (bash()) return;
  trouble(pos_, std::string(what) + " means different things to different shells");
}

void Cursor::skip_blanks() {
  for (;;) {
    if (is_blank(peek())) {
      ++pos_;
    } else if (peek() == '\\' && peek(1) == '\n') {
      // Behind a blank nothing is joined; elsewhere the word reader meets it and refuses.
      if (pos_ > 0 && !is_blank(text_[pos_ - 1]) && text_[pos_ - 1] != '\n') {
        return stop("a line is continued in the middle of a word");
      }
      pos_ += 2;
    } else if (peek() == '#' && (pos_ == 0 || is_divider(text_[pos_ - 1]))) {
      while (pos_ < end_ && peek() != '\n') ++pos_;
    } else {
      return;
    }
    if (done()) return;
  }
}

void Cursor::end_line() {
  ++pos_;
  if (!pending_.empty()) read_pending();
}

void Cursor::skip_lines() {
  skip_blanks();
  while (!done() && peek() == '\n') {
    end_line();
    skip_blanks();
  }
}

bool is_identifier(std::string_view text) {
  if (text.empty() || !is_name_start(text[0])) return false;
  for (const char c : text) {
    if (!is_name(c)) return false;
  }
  return true;
}

const std::string* Word::literal() const {
  static const std::string empty;
  if (parts.empty()) return &empty;
  return parts.size() == 1 && parts[0].kind == PartKind::text ? &parts[0].text : nullptr;
}

std::string_view to_string(Dialect dialect) {
  switch (dialect) {
    case Dialect::posix:
      return "sh";
    case Dialect::bash:
      return "bash";
  }
  return "";
}

Result<Dialect> parse_dialect(std::string_view name) {
  if (name == "sh" || name == "posix") return Dialect::posix;
  if (name == "bash") return Dialect::bash;
  return fail(ErrorKind::invalid,
              "`" + escape_untrusted(name) +
                  "` is not a shell that can be analysed: expected `sh` or `bash`");
}

Result<Line> parse(std::string_view text, Dialect dialect, const Limits& limits) {
  if (text.size() > limits.text_bytes_max) {
    return fail(ErrorKind::invalid, "the command line has more than " +
                                        std::to_string(limits.text_bytes_max) + " bytes");
  }
  if (!is_ascii(text) && !valid_utf8(text)) {
    return fail(ErrorKind::invalid, "the command line is not UTF-8");
  }
  if (text.contains('\0')) return fail(ErrorKind::invalid, "the command line has a zero byte");
  Line line{dialect, limits, std::string(text), {}, {}};
  ShellLineReader(line.text, dialect, limits).read(line);
  return line;
}

// Compound commands: ( ), { }, if, while, until, for, select, case, [[ ]], (( )), functions.

Node ShellLineReader::read_subshell() {
  Node node;
  node.kind = NodeKind::subshell;
  ++pos_;
  node.lists.push_back(read_list());
  if (!broken_ && !take(")")) stop("expected `)`");
  return node;
}

Node ShellLineReader::read_group() {
  Node node;
  node.kind = NodeKind::group;
  ++pos_;
  node.lists.push_back(read_list());
  expect_reserved("}");
  return node;
}

Node ShellLineReader::read_if() {
  Node node;
  node.kind = NodeKind::conditional;
  pos_ += 2;
  node.lists.push_back(read_list());
  expect_reserved("then");
  node.lists.push_back(read_list());
  while (!broken_) {
    skip_lines();
    if (take_reserved("elif")) {
      node.lists.push_back(read_list());
      expect_reserved("then");
      node.lists.push_back(read_list());
    } else if (take_reserved("else")) {
      node.lists.push_back(read_list());
    } else {
      break;
    }
  }
  expect_reserved("fi");
  return node;
}

void ShellLineReader::read_do_group(Node& node) {
  expect_reserved("do");
  node.lists.push_back(read_list());
  expect_reserved("done");
}

Node ShellLineReader::read_loop() {
  Node node;
  node.kind = NodeKind::loop;
  pos_ += 5;
  node.lists.push_back(read_list());
  read_do_group(node);
  return node;
}

std::string ShellLineReader::read_name() {
  skip_blanks();
  const std::uint32_t start = pos_;
  while (is_name(peek())) ++pos_;
  const std::string_view name = text_.substr(start, pos_ - start);
  if (!is_identifier(name) || (pos_ < end_ && !is_divider(peek()))) stop("expected a name");
  return std::string(name);
}

Node ShellLineReader::read_for() {
  Node node;
  node.kind = NodeKind::each;
  if (sees("select")) bash_only("`select`");
  pos_ += sees("select") ? 6 : 3;
  skip_blanks();
  if (sees("((")) {
    bash_only("`for ((`");
    pos_ += 2;
    node.kind = NodeKind::counted;
    node.expressions.push_back(read_arithmetic());
    skip_blanks();
    if (peek() == ';') ++pos_;
    read_do_group(node);
    return node;
  }
  node.name = read_name();
  skip_blanks();
  if (peek() == ';') {
    ++pos_;
    read_do_group(node);
    return node;
  }
  skip_lines();
  if (take_reserved("in")) {
    for (skip_blanks(); !done() && peek() != ';' && peek() != '\n'; skip_blanks()) {
      if (is_divider(peek())) {
        stop("an operator among the words of `for`");
        return node;
      }
      node.words.push_back(read_word(Place::command));
    }
    if (peek() == ';') ++pos_;
  }
  read_do_group(node);
  return node;
}

void ShellLineReader::read_case_branch(Node& node) {
  skip_blanks();
  if (peek() == '(') ++pos_;
  for (;;) {
    skip_blanks();
    if (done() || is_divider(peek())) return stop("expected a pattern");
    node.words.push_back(read_word(Place::command));
    skip_blanks();
    if (peek() != '|') break;
    ++pos_;
  }
  if (broken_ || !take(")")) return stop("expected `)` behind a pattern");
  node.lists.push_back(read_list());
  skip_lines();
  if (take(";;&") || take(";&")) {
    bash_only("falling through a branch of `case`");
  } else {
    take(";;");
  }
}

Node ShellLineReader::read_case() {
  Node node;
  node.kind = NodeKind::choice;
  pos_ += 4;
  skip_blanks();
  if (done() || is_divider(peek())) {
    stop("expected a word behind `case`");
    return node;
  }
  node.words.push_back(read_word(Place::command));
  skip_lines();
  if (!take_reserved("in")) {
    stop("expected `in`");
    return node;
  }
  for (skip_lines(); !done() && reserved() != "esac"; skip_lines()) read_case_branch(node);
  expect_reserved("esac");
  return node;
}

// Inside of [[ ]] words are not divided and not matched with files. Operators stay plain words.
Node ShellLineReader::read_test() {
  Node node;
  node.kind = NodeKind::test;
  bash_only("`[[`");
  pos_ += 2;
  for (;;) {
    skip_lines();
    if (done()) break;
    if (take_reserved("]]")) return node;
    if (sees("<(") || sees(">(")) break;
    Word word;
    word.at = pos_;
    for (const std::string_view sign : {"&&", "||", "(", ")", "<", ">"}) {
      if (take(sign)) {
        add_text(word, word.at, sign, false);
        break;
      }
    }
    if (word.parts.empty()) {
      if (is_divider(peek())) break;
      word = read_word(Place::command);
    }
    node.words.push_back(std::move(word));
  }
  stop("expected `]]`");
  return node;
}

Node ShellLineReader::read_arithmetic_command() {
  Node node;
  if (!bash()) {
    stop("`((` means different things to different shells");
    return node;
  }
  node.kind = NodeKind::arithmetic;
  pos_ += 2;
  node.expressions.push_back(read_arithmetic());
  return node;
}

Node ShellLineReader::read_function() {
  Node node;
  node.kind = NodeKind::function;
  bash_only("`function`");
  trouble(pos_, "a function could take the place of a program");
  pos_ += 8;
  skip_blanks();
  if (done() || is_divider(peek())) {
    stop("expected a name");
    return node;
  }
  const Word name = read_word(Place::command);
  if (const std::string* text = name.literal()) node.name = *text;
  skip_blanks();
  if (take("(")) {
    skip_blanks();
    if (!take(")")) stop("expected `)`");
  }
  skip_lines();
  if (!done()) node.children.push_back(read_command());
  return node;
}

// What begins with `$`, backquotes, process substitutions, arithmetic.

namespace {

bool is_special_parameter(char c) {
  return c != '\0' && std::string_view("@*#?$!-").contains(c);
}

}  // namespace

void WordReader::read_dollar(Word& word, bool quoted) {
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
void WordReader::read_parameter(Word& word, bool quoted, std::uint32_t at) {
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

bool WordReader::read_subscript(Part& part) {
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

void WordReader::read_operator(Part& part, bool quoted) {
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
  ++inside_;
  part.words.push_back(read_word(place));
  --inside_;
}

void WordReader::read_command_substitution(Word& word, bool quoted, std::uint32_t at) {
  const Level level(*this);
  if (!level) return;
  if (!pending_.empty()) return stop("a substitution behind a here-document on its line");
  Part part;
  part.kind = PartKind::command;
  part.quoted = quoted;
  part.at = at;
  const bool before = std::exchange(here_inside_, inside_ == 0);
  ++inside_;
  part.list = std::make_unique<List>(read_list());
  --inside_;
  here_inside_ = before;
  if (broken_) return;
  if (!pending_.empty()) return stop("a here-document whose text is outside of its substitution");
  if (!take(")")) return stop("a substitution is not closed");
  word.parts.push_back(std::move(part));
}

// Text between backquotes is read by the same reader, in place; with a backslash or, inside of
// double quotes, with another quote in it, shells disagree about what it is.
void WordReader::read_backquotes(Word& word, bool quoted) {
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
  const bool before = std::exchange(here_inside_, false);
  ++inside_;
  part.list = std::make_unique<List>(read_list());
  --inside_;
  here_inside_ = before;
  if (!broken_ && pos_ < end_) stop("expected the end of a command here");
  end_ = outer_end;
  pos_ = static_cast<std::uint32_t>(close) + 1;
  word.parts.push_back(std::move(part));
}

void WordReader::read_process(Word& word) {
  const Level level(*this);
  if (!level) return;
  bash_only("a process substitution");
  if (!pending_.empty()) return stop("a substitution behind a here-document on its line");
  word.plain = false;
  Part part;
  part.kind = PartKind::process;
  part.at = pos_;
  pos_ += 2;
  const bool before = std::exchange(here_inside_, false);
  ++inside_;
  part.list = std::make_unique<List>(read_list());
  --inside_;
  here_inside_ = before;
  if (broken_) return;
  if (!take(")")) return stop("a substitution is not closed");
  // `<()` is not a word at all.
  if (part.list->nodes.empty()) return stop("a process substitution without a command");
  word.parts.push_back(std::move(part));
}

// Numbers, names and operators. Expansions and subscripts inside would be evaluated twice:
// `$((a[$(id)]))` runs id, and so does `$((x))` where x holds that text. Which names are numbers
// is decided by the analysis; everything else is refused here.
std::string WordReader::read_arithmetic() {
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

// Redirections and here-documents.

namespace {

std::uint32_t number_of(std::string_view digits) {
  std::uint32_t number = 0;
  for (const char digit : digits.substr(0, 4)) {
    number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  return number;
}

}  // namespace

// Digits directly before `<` or `>` belong to it; so does `&>`.
bool ShellLineReader::at_redirect() const {
  std::uint32_t at = pos_;
  while (at < end_ && is_digit(text_[at])) ++at;
  if (at >= end_) return false;
  if (at == pos_ && text_[at] == '&') return at + 1 < end_ && text_[at + 1] == '>';
  if (text_[at] != '<' && text_[at] != '>') return false;
  // `<(` and `>(` at the beginning of a word are substitutions.
  return at != pos_ || at + 1 >= end_ || text_[at + 1] != '(';
}

Redirect ShellLineReader::read_redirect() {
  Redirect redirect;
  redirect.at = pos_;
  while (is_digit(peek())) ++pos_;
  if (pos_ > redirect.at + 1) bash_only("a descriptor of several digits");
  const std::string_view digits = text_.substr(redirect.at, pos_ - redirect.at);
  if (digits.size() > 4) trouble(redirect.at, "a descriptor of many digits");
  redirect.descriptor = digits.empty() ? (peek() == '<' ? 0 : 1) : number_of(digits);
  bool copies = false;
  if (sees("&>")) {
    bash_only("`&>`");
    redirect.both = true;
    pos_ += sees("&>>") ? 3 : 2;
    redirect.kind = text_[pos_ - 2] == '>' ? RedirectKind::append : RedirectKind::write;
  } else if (take("<<<")) {
    bash_only("`<<<`");
    redirect.kind = RedirectKind::here_text;
  } else if (sees("<<")) {
    read_here(redirect);
    return redirect;
  } else if (take("<>")) {
    redirect.kind = RedirectKind::read_write;
  } else if (take("<&") || take(">&")) {
    copies = true;
    redirect.kind = RedirectKind::duplicate;
  } else if (take(">>")) {
    redirect.kind = RedirectKind::append;
  } else if (take(">|") || take(">")) {
    redirect.kind = RedirectKind::write;
  } else {
    ++pos_;
  }
  skip_blanks();
  const bool process = sees("<(") || sees(">(");
  if (done() || (is_divider(peek()) && !process)) {
    stop("a redirection without a target");
    return redirect;
  }
  redirect.target = read_word(Place::command);
  if (!copies) return redirect;
  // `>&2`, `2>&-`, `2>&1-` copy a descriptor; `>&file` is a file to bash and an error to dash.
  const std::string* target = redirect.target.literal();
  if (target == nullptr || target->find_first_not_of("0123456789-") != std::string::npos) {
    trouble(redirect.at, "a descriptor is copied from a word that is not a number");
  }
  return redirect;
}

void ShellLineReader::read_redirects(Node& node) {
  for (skip_blanks(); !done() && at_redirect(); skip_blanks()) {
    if (peek() == '&' && !bash()) return;  // the `&` of `( … ) & > file`: refused by the list
    node.redirects.push_back(read_redirect());
  }
}

void ShellLineReader::read_here(Redirect& redirect) {
  redirect.kind = RedirectKind::here;
  Pending pending;
  pending.at = redirect.at;
  pos_ += 2;
  pending.strip = take("-");
  skip_blanks();
  if (inside_ > 0 && !here_inside_) return stop("a here-document inside of a substitution");
  pending.inside = inside_ > 0;
  char quote = '\0';
  if (peek() == '\'' || peek() == '"') {
    quote = peek();
    ++pos_;
    pending.quoted = true;
  }
  while (is_name(peek()) || peek() == '-' || peek() == '.') pending.delimiter += text_[pos_++];
  if (quote != '\0' && !take(std::string_view(&quote, 1))) {
    return stop("the end mark of a here-document is not a simple word");
  }
  if (pending.delimiter.empty() || (pos_ < end_ && !is_divider(peek()))) {
    return stop("the end mark of a here-document is not a simple word");
  }
  pending_.push_back(std::move(pending));
}

// Inside of `$(…)` bash ends the text at a line that only begins with the mark, if a `)` follows.
// An `sh` that is an old bash counts quotes and parentheses in it.
bool Cursor::ends_for_some(std::string_view line, std::string_view mark) const {
  return line.starts_with(mark) || (!bash() && line.find_first_of("'\"`\\()") != line.npos);
}

// The bodies that begin behind this line end. An unquoted body with anything but plain text is
// refused: what is expanded in it, and how, is not worth a reader of its own.
void Cursor::read_pending() {
  const std::vector<Pending> all = std::move(pending_);
  pending_.clear();
  for (const Pending& pending : all) {
    bool closed = false;
    while (!closed && pos_ < end_) {
      std::uint32_t stop_at = pos_;
      while (stop_at < end_ && text_[stop_at] != '\n') ++stop_at;
      std::string_view line = text_.substr(pos_, stop_at - pos_);
      while (pending.strip && line.starts_with('\t')) line.remove_prefix(1);
      closed = line == pending.delimiter;
      if (pending.inside && !closed && ends_for_some(line, pending.delimiter)) {
        return stop("a here-document inside of a substitution that shells end differently");
      }
      if (!pending.quoted && line.find_first_of("$`\\") != std::string_view::npos) {
        trouble(pos_, "a here-document with expansions");
      }
      pos_ = stop_at < end_ ? stop_at + 1 : end_;
    }
    if (!closed) return stop("a here-document is not closed");
  }
}

}  // namespace pawl::shell
