// The state of one compilation, shared by compile.cpp (forms) and compile.cpp (functions and
// constants). A tree that is checked has types; without them nothing is known before the run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lang/cel/ast.h"
#include "lang/cel/code.h"
#include "lang/cel/expr.h"

namespace pawl::cel {

class Compiling {
 public:
  Compiling(const Tree& tree, std::vector<TypeRef> types, const Environment& environment,
            const Source& source, const Limits& limits, Errors& errors)
      : tree_(tree),
        types_(std::move(types)),
        environment_(environment),
        source_(source),
        errors_(errors),
        code_(std::make_shared<Code>(limits.constant_bytes_max)) {}

  Program run();

 private:
  bool checked() const { return !types_.empty(); }

  // compile.cpp
  void emit(NodeId id);
  void emit_form(NodeId id);
  void add(Op op, std::uint32_t c = 0, std::uint32_t b = 0, std::uint8_t a = 0);
  std::uint32_t here() const { return static_cast<std::uint32_t>(code_->instructions.size()); }
  void land(std::uint32_t jump) { code_->instructions[jump].c = here(); }
  std::uint32_t name(const std::string& text);
  std::int32_t expectation(NodeId id, bool only_numbers);
  std::int32_t add_expectation(const TypeRef& type, std::string what);
  void expect(NodeId id, bool only_numbers);
  bool path_to(NodeId id, Path& path) const;
  bool named(const Node& node) const;
  void load(NodeId id, bool believed);
  void select(NodeId id);
  void conditions(const Node& node);
  void choice(const Node& node);
  void collection(const Node& node);
  void fold(NodeId id);
  void map_option(const Node& node);

  // compile.cpp
  void call(NodeId id);
  bool call_of_operator(NodeId id);
  bool call_of_field(NodeId id);
  bool call_of_option(NodeId id);
  void prepare(NodeId call, NodeId argument);
  std::optional<Value> prepared(NodeId call, const Value& text);
  const Value* last_constant(std::uint32_t from) const;
  void constant(const Value& value);
  void literal(const Node& node);
  void fold_constant(std::uint32_t from);
  std::optional<Value> kept(const Value& value);

  // compile_probe.cpp
  std::optional<std::uint32_t> path_loaded(std::uint32_t from, std::uint32_t count);
  std::optional<Probe> asked(std::uint32_t from) const;
  void shorten(Probe& probe) const;
  void join(std::uint32_t from);
  bool join_condition(std::uint32_t skip, bool all);

  // compile_probe.cpp
  std::vector<Reference> references() const;

  const Tree& tree_;
  std::vector<TypeRef> types_;
  const Environment& environment_;
  const Source& source_;
  Errors& errors_;
  std::shared_ptr<Code> code_;
  std::uint32_t depth_ = 0;  // of the stack, where the next instruction is
  std::uint32_t folds_ = 0;
  Fuel fuel_;  // of all constants together
};

}  // namespace pawl::cel
