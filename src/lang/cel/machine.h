// Runs the compact form of an expression.
//
// The machine belongs to one evaluation. It takes its stack, frame and folds from the scratch, so
// nothing is allocated unless the scratch's own block is too small.
#pragma once

#include <cstdint>
#include <span>

#include "lang/cel/code.h"
#include "lang/cel/collection.h"
#include "lang/cel/context.h"

namespace pawl::cel {

class Machine {
 public:
  Machine(const Code& code, std::span<const Value> variables, Scratch& scratch, Fuel& fuel)
      : code_(code), variables_(variables), context_{scratch, fuel.left}, fuel_(fuel) {}

  Value run() { return run_from(0); }
  // From this instruction on, for the constants of a program that is still being made.
  Value run_from(std::uint32_t instruction);

 private:
  // One macro over a range, while it runs.
  struct Folding {
    const FoldPlan* plan;
    Walk walk;
    Value pending;        // the first error, or the result that ends it early
    std::uint32_t found;  // elements that fit, of exists_one
    Value* values;        // of a list that is being made, or keys and values of a map
    std::uint32_t size;   // elements, or entries
    std::uint32_t used;   // values
    std::uint32_t room;
  };

  // machine.cpp
  Value loop();
  void push(const Value& value) { *top_++ = value; }
  Value& top() { return top_[-1]; }
  Value pop() { return *--top_; }
  void load_field(std::uint32_t name);
  void expect(const Expectation& expectation, Value& value);
  void compare_equal(const Value& right, bool equal_is_true);
  void compare_order(const Value& right, Comparison comparison);
  void find_in(const Value& list);
  void call(const Instruction& at);
  void choose(const Instruction& at);
  void and_with();
  void or_with();

  // machine.cpp
  void load_path(const Path& path);
  Value follow(const Path& path) const;
  [[gnu::noinline]] Value follow_far(const Path& path) const;
  Value probe(const Probe& asked, std::uint32_t around);
  [[gnu::noinline]] Value judge(const Probe& asked, const Path& path, Value found);
  void joined_probe(const Instruction& at);

  // machine.cpp: what makes or goes through lists and maps
  void maybe_field(std::uint32_t name);
  void has_field(std::uint32_t name);
  void make_list(const Instruction& at);
  void make_map(const Instruction& at);
  bool add_entry(Value* entries, std::uint32_t& size, const Value& key, const Value& value,
                 Value& wrong);
  void begin_fold(const Instruction& at);
  void next(const Instruction& at);
  void keep(const Instruction& at);
  void add(const Instruction& at);
  void finish_fold(const Value& result, std::uint32_t to);
  Value result_of(const Folding& folding);
  bool take_body(Folding& folding, const Value& body);
  bool append(Folding& folding, const Value& value);
  bool append_entries(Folding& folding, const Value& body);
  void open_option(const Instruction& at);
  void or_option(const Instruction& at);

  const Code& code_;
  std::span<const Value> variables_;
  Context context_;
  Fuel& fuel_;
  const Instruction* pc_ = nullptr;
  Value* top_ = nullptr;
  Value* frame_ = nullptr;
  Folding* folding_ = nullptr;  // one behind the innermost
};

inline Order order_of(std::int64_t a, std::int64_t b) {
  if (a < b) return Order::less;
  return b < a ? Order::greater : Order::equal;
}
// Whether two values in this order compare like that. Precondition: they have an order, or `none`.
inline bool holds(Comparison comparison, Order order) {
  // A row of bits for each comparison, one for less, one for equal, one for greater: no branch.
  static_assert(Order::less < Order::equal && Order::equal < Order::greater &&
                Order::greater < Order::none && Order::less == Order{});
  constexpr std::uint32_t rows = 0b110'100'011'001;
  return order < Order::none &&
         (rows >> (3 * static_cast<unsigned>(comparison) + static_cast<unsigned>(order)) & 1U) != 0;
}

// Whether a value of a document is of the type; a whole number where a double is wanted becomes
// one, if that is exact. Goes through lists, maps and records and pays for it.
bool conforms(Context& context, const Type& type, Value& value);

}  // namespace pawl::cel
