// Lists, pipelines and simple commands.
#include <algorithm>
#include <array>

#include "lang/shell/reader.h"

namespace pawl::shell {
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
std::string_view Reader::reserved() const {
  std::uint32_t stop = pos_;
  while (stop < end_ && !is_divider(text_[stop]) && stop - pos_ < 10) ++stop;
  const std::string_view word = text_.substr(pos_, stop - pos_);
  return one_of(word, kReserved) ? word : std::string_view();
}

bool Reader::take_reserved(std::string_view word) {
  if (broken_ || reserved() != word) return false;
  return take(word);
}

void Reader::expect_reserved(std::string_view word) {
  skip_lines();
  if (!take_reserved(word)) stop("expected `" + std::string(word) + "`");
}

bool Reader::at_list_end() {
  return done() || peek() == ')' || sees(";;") || sees(";&") || one_of(reserved(), kClosing);
}

List Reader::read_list() {
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
Node Reader::read_chain_link() {
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

Node Reader::read_command() {
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

Node Reader::read_simple() {
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
void Reader::read_word_or_function(Node& node) {
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

bool Reader::at_assignment() const {
  std::uint32_t at = pos_;
  if (at >= end_ || !is_name_start(text_[at])) return false;
  while (at < end_ && is_name(text_[at])) ++at;
  if (at >= end_) return false;
  if (text_[at] == '=' || text_[at] == '[') return true;
  return text_[at] == '+' && at + 1 < end_ && text_[at + 1] == '=';
}

bool Reader::read_assignment(Node& node) {
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

void Reader::read_array(Assignment& assignment) {
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
