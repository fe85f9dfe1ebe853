// The state of one reading, shared by parser.cpp (operators) and parser.cpp (what stands
// between them, and macros). Functions give the new node, or nothing after `wrong` was called.
#pragma once

#include <algorithm>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/cel/ast.h"
#include "lang/cel/lexer.h"
#include "lang/cel/limits.h"
#include "lang/cel/source.h"

namespace pawl::cel {

class Parsing {
 public:
  using Made = std::optional<NodeId>;

  Parsing(const Source& source, const Limits& limits, std::vector<Token> tokens)
      : source_(source), limits_(limits), tokens_(std::move(tokens)) {}

  std::expected<Tree, Error> run();

 private:
  // One more level of nesting for as long as it lives.
  class Level {
   public:
    explicit Level(Parsing& parsing) : parsing_(parsing) { ++parsing_.depth_; }
    ~Level() { --parsing_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool too_deep() const { return parsing_.depth_ > parsing_.limits_.depth_max; }

   private:
    Parsing& parsing_;
  };

  const Token& token() const { return tokens_[at_]; }
  const Token& next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  bool accept(std::string_view mark);
  bool expect(std::string_view mark);
  Made wrong(const Token& at, std::string message);
  Made unexpected(std::string_view wanted);
  Made too_deep();

  Made add(Node node);
  Made call(std::string_view function, std::uint32_t offset, std::vector<NodeId> parts);

  // parser.cpp, from the weakest to the strongest
  Made expression();
  Made any_of();
  Made all_of();
  Made relation();
  Made sum();
  Made product();
  Made unary();
  Made chain(Made (Parsing::*part)(), std::string_view mark, Form form);
  Made binary(Made (Parsing::*part)(), std::span<const std::string_view> marks);

  // parser.cpp
  Made member();
  Made behind_dot(NodeId target);
  Made index(NodeId target);
  Made primary();
  Made name();
  Made number(bool negative);
  Made text_literal();
  Made word_literal();
  Made list();
  Made map();
  bool arguments(std::vector<NodeId>& parts);

  // parser.cpp: the node of a macro, or of an ordinary call
  Made finish_call(const Token& function, std::optional<NodeId> target, std::vector<NodeId> given);
  Made has_macro(const Token& function, NodeId field);
  Made fold_macro(const Token& function, NodeId range, const std::vector<NodeId>& given);
  bool variables(const Token& function, std::span<const NodeId> given,
                 std::vector<std::string>& names);

  const Source& source_;
  const Limits& limits_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
  Tree tree_;
  std::vector<std::uint32_t> heights_;  // of the nodes
  std::optional<Error> wrong_;
};

}  // namespace pawl::cel
