// Compound commands: ( ), { }, if, while, until, for, select, case, [[ ]], (( )), functions.
#include "lang/shell/reader.h"

namespace pawl::shell {

Node Reader::read_subshell() {
  Node node;
  node.kind = NodeKind::subshell;
  ++pos_;
  node.lists.push_back(read_list());
  if (!broken_ && !take(")")) stop("expected `)`");
  return node;
}

Node Reader::read_group() {
  Node node;
  node.kind = NodeKind::group;
  ++pos_;
  node.lists.push_back(read_list());
  expect_reserved("}");
  return node;
}

Node Reader::read_if() {
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

void Reader::read_do_group(Node& node) {
  expect_reserved("do");
  node.lists.push_back(read_list());
  expect_reserved("done");
}

Node Reader::read_loop() {
  Node node;
  node.kind = NodeKind::loop;
  pos_ += 5;
  node.lists.push_back(read_list());
  read_do_group(node);
  return node;
}

std::string Reader::read_name() {
  skip_blanks();
  const std::uint32_t start = pos_;
  while (is_name(peek())) ++pos_;
  const std::string_view name = text_.substr(start, pos_ - start);
  if (!is_identifier(name) || (pos_ < end_ && !is_divider(peek()))) stop("expected a name");
  return std::string(name);
}

Node Reader::read_for() {
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

void Reader::read_case_branch(Node& node) {
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

Node Reader::read_case() {
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
Node Reader::read_test() {
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

Node Reader::read_arithmetic_command() {
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

Node Reader::read_function() {
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

}  // namespace pawl::shell
