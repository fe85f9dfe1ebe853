#include "outline.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace pawl::check {
namespace {

enum class Scope : std::uint8_t { names, type, function, block, braces };

// What stands open. `braces` are initialisers: behind them the statement goes on.
struct Frame {
  Scope scope;
  std::size_t statement;  // where the surrounding statement began
  int parens;             // how deep the surrounding parentheses were
  std::size_t function;   // index into functions, for Scope::function
};

using Tokens = std::span<const Token>;

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

// The index behind the bracket that closes the one at `open`.
std::size_t behind(Tokens tokens, std::size_t open, std::string_view opening,
                   std::string_view closing) {
  int depth = 0;
  for (std::size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].is(opening)) ++depth;
    if (tokens[i].is(closing) && --depth == 0) return i + 1;
  }
  return tokens.size();
}

// Without `template <...>`, attributes and words that say nothing about what follows.
Tokens stripped(Tokens tokens) {
  constexpr std::array<std::string_view, 3> idle = {"inline", "export", "friend"};
  for (;;) {
    if (tokens.size() > 1 && tokens[0].is("template") && tokens[1].is("<")) {
      tokens = tokens.subspan(behind(tokens, 1, "<", ">"));
    } else if (!tokens.empty() && tokens[0].is("[[")) {
      const auto end = behind(tokens, 0, "[[", "]");
      tokens = tokens.subspan(std::min(end + 1, tokens.size()));
    } else if (!tokens.empty() && one_of(tokens[0].text, idle)) {
      tokens = tokens.subspan(1);
    } else {
      return tokens;
    }
  }
}

// The first of `=`, `(`, `{` outside of template arguments: where a declaration shows its kind.
std::size_t turning_point(Tokens tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool template_arguments = tokens[i].is("<") && i > 0 &&
                                    tokens[i - 1].kind == Kind::name &&
                                    !tokens[i - 1].is("operator");
    if (template_arguments) {
      i = behind(tokens, i, "<", ">") - 1;
    } else if (tokens[i].is("=") || tokens[i].is("(") || tokens[i].is("{")) {
      return i;
    }
  }
  return tokens.size();
}

bool is_type(Tokens tokens) {
  constexpr std::array<std::string_view, 4> keys = {"class", "struct", "union", "enum"};
  return !tokens.empty() && one_of(tokens[0].text, keys);
}

bool is_namespace(Tokens tokens) {
  if (tokens.empty()) return false;
  return tokens[0].is("namespace") ||
         (tokens[0].is("extern") && tokens.size() == 2 && tokens[1].kind == Kind::text);
}

// `Name(...) : member` and then `{`: the brace belongs to the member, not to the body.
bool in_member_list(Tokens tokens) {
  int depth = 0;
  bool parameters = false;
  bool list = false;
  for (const Token& token : tokens) {
    if (token.is("(")) ++depth;
    if (token.is(")")) parameters = --depth == 0 || parameters;
    if (token.is(":") && depth == 0 && parameters) list = true;
  }
  return list && (tokens.back().kind == Kind::name || tokens.back().is(">"));
}

bool has_word(Tokens tokens, std::string_view word) {
  return std::ranges::any_of(tokens, [&](const Token& token) { return token.is(word); });
}

Scope scope_of(Tokens statement) {
  const Tokens tokens = stripped(statement);
  if (is_namespace(tokens)) return Scope::names;
  const std::size_t turn = turning_point(tokens);
  const bool operator_name = has_word(tokens, "operator");
  if (is_type(tokens)) return tokens[0].is("enum") ? Scope::block : Scope::type;
  if (turn == tokens.size() || (tokens[turn].is("=") && !operator_name)) return Scope::braces;
  return in_member_list(tokens) ? Scope::braces : Scope::function;
}

std::string function_name(Tokens statement) {
  const Tokens tokens = stripped(statement);
  std::size_t turn = turning_point(tokens);
  if (has_word(tokens, "operator")) return "operator";
  if (turn == 0 || turn >= tokens.size()) return "?";
  std::string name(tokens[turn - 1].text);
  if (!name.starts_with("TEST") && !name.starts_with("TYPED_TEST")) return name;
  for (; turn < tokens.size(); ++turn) name += tokens[turn].is(",") ? ", " : tokens[turn].text;
  return name;
}

// The class before the name: `A::B` of `void A::B::f(`.
std::string owner_of(Tokens statement) {
  const Tokens tokens = stripped(statement);
  const std::size_t turn = turning_point(tokens);
  if (turn < 3 || turn >= tokens.size()) return {};
  // A destructor's name has two tokens.
  std::size_t at = tokens[turn - 2].is("~") ? turn - 2 : turn - 1;
  std::string owner;
  for (; at >= 2 && tokens[at - 1].is("::") && tokens[at - 2].kind == Kind::name; at -= 2) {
    owner = std::string(tokens[at - 2].text) + (owner.empty() ? "" : "::") + owner;
  }
  return owner;
}

// `constexpr`, or `const` with no pointer behind it.
bool fixed(Tokens head) {
  bool is_const = false;
  for (const Token& token : head) {
    if (token.is("constexpr")) return true;
    if (token.is("const")) is_const = true;
    if (token.is("*")) is_const = false;
  }
  return is_const;
}

// A variable of this declaration that can change, or nothing.
std::optional<MutableGlobal> changing(Tokens statement, Scope scope) {
  constexpr std::array<std::string_view, 13> no_variable = {
      "using",  "namespace", "class",   "struct", "union",   "enum",    "static_assert",
      "return", "concept",   "virtual", "goto",   "typedef", "explicit"};
  const Tokens tokens = stripped(statement);
  if (tokens.empty() || one_of(tokens[0].text, no_variable)) return std::nullopt;
  if (has_word(tokens, "operator")) return std::nullopt;
  const std::size_t turn = turning_point(tokens);
  const Tokens head = tokens.first(turn);
  const bool lasting = has_word(head, "static") || has_word(head, "thread_local");
  if (scope != Scope::names && !lasting) return std::nullopt;
  const bool call = turn < tokens.size() && tokens[turn].is("(");
  if (call && (scope == Scope::names || scope == Scope::type)) return std::nullopt;
  if (fixed(head)) return std::nullopt;
  const auto is_name = [](const Token& token) { return token.kind == Kind::name; };
  if (std::ranges::count_if(head, is_name) < 2) return std::nullopt;
  const auto name = std::find_if(head.rbegin(), head.rend(), is_name);
  return MutableGlobal{std::string(name->text), name->line};
}

class Outliner {
 public:
  explicit Outliner(const Scan& scan) {
    for (const Token& token : scan.tokens) {
      if (!token.directive) tokens_.push_back(token);
    }
  }

  Outline run() {
    for (at_ = 0; at_ < tokens_.size() && out_.unbalanced == 0; ++at_) {
      const Token& token = tokens_[at_];
      if (token.is("(")) ++parens_;
      if (token.is(")")) --parens_;
      if (token.is("{")) open();
      if (token.is("}")) close();
      if (token.is(";") && parens_ == 0) end_statement();
      if (token.is(":") && is_label()) statement_ = at_ + 1;
    }
    if (!frames_.empty() && out_.unbalanced == 0) out_.unbalanced = tokens_.back().line;
    return std::move(out_);
  }

 private:
  Scope scope() const { return frames_.empty() ? Scope::names : frames_.back().scope; }
  Tokens statement() const { return Tokens(tokens_).subspan(statement_, at_ - statement_); }

  bool is_label() const {
    constexpr std::array<std::string_view, 3> labels = {"public", "private", "protected"};
    return scope() == Scope::type && at_ == statement_ + 1 &&
           one_of(tokens_[statement_].text, labels);
  }

  void open() {
    Scope opened = Scope::block;
    const bool declares = scope() == Scope::names || scope() == Scope::type;
    if (parens_ > 0 || scope() == Scope::braces) {
      opened = Scope::braces;
    } else if (declares) {
      opened = scope_of(statement());
    } else {
      note_lasting();
    }
    if (opened == Scope::function) {
      const Tokens signature = stripped(statement());
      const int first = signature.empty() ? tokens_[at_].line : signature.front().line;
      out_.functions.push_back({function_name(statement()), owner_of(statement()), first, 0});
    }
    frames_.push_back({opened, statement_, parens_, out_.functions.size() - 1});
    parens_ = 0;
    statement_ = at_ + 1;
  }

  void close() {
    if (frames_.empty()) {
      out_.unbalanced = tokens_[at_].line;
      return;
    }
    const Frame frame = frames_.back();
    frames_.pop_back();
    if (frame.scope == Scope::function) out_.functions[frame.function].last = tokens_[at_].line;
    parens_ = frame.parens;
    statement_ = frame.scope == Scope::braces ? frame.statement : at_ + 1;
  }

  void end_statement() {
    note_lasting();
    statement_ = at_ + 1;
  }

  void note_lasting() {
    if (auto global = changing(statement(), scope())) out_.globals.push_back(std::move(*global));
  }

  std::vector<Token> tokens_;
  std::vector<Frame> frames_;
  std::size_t at_ = 0;
  std::size_t statement_ = 0;
  int parens_ = 0;
  Outline out_;
};

}  // namespace

Outline outline(const Scan& scan) {
  return Outliner(scan).run();
}

}  // namespace pawl::check
