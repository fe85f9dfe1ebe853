// One look over the arguments of a call, prepared when a tool is bound.
//
// Most calls are plain: texts and numbers under names that the policy or the schema knows, each in
// order. For them everything that does not depend on the call is found out once, by `make`: which
// name has which rule, what its schema says, whether the name stands for long text, that no two
// names are nearly the same. `look` then goes over the members once and says what it could not
// settle; that is left to `evaluate` and `evaluate_unnamed`, which alone say what is wrong.
//
//   Unsettled left = plan.look(arguments);
//   for every rule i, in their order: if (left.rule(i)) evaluate(rule, …);
//   if (left.defaults) evaluate_unnamed(…);
//
// is the same as evaluating all of them: a rule is settled only where `evaluate` would find nothing
// and forward nothing else, and a plan never refuses. plan_test.cpp compares the two over many
// thousands of rules and calls.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text_key.h"
#include "kernel/constraint/constraint.h"

namespace pawl {

// What one look left open.
struct Unsettled {
  std::uint64_t rules = ~std::uint64_t{0};  // a bit for each of the first 64
  bool defaults = true;                     // what `evaluate_unnamed` judges

  bool rule(std::size_t index) const { return index >= 64 || (rules >> index & 1) != 0; }
  bool nothing() const { return rules == 0 && !defaults; }
};

// Immutable. Refers to the rules, the names and the shape that it was made for, which must live as
// long and stay as they are.
class ArgumentPlan {
 public:
  // Null where a plan would not be worth it: more rules or names than it keeps.
  static std::unique_ptr<const ArgumentPlan> make(std::span<const ArgumentRule> rules,
                                                  std::span<const std::string> named,
                                                  const Shape* shape);

  // Whether it was made for these very objects: anything else must be evaluated in full.
  bool is_for(std::span<const ArgumentRule> rules, std::span<const std::string> named,
              const Shape* shape) const {
    return rules_.data() == rules.data() && rules_.size() == rules.size() &&
           named_.data() == named.data() && named_.size() == named.size() && shape_ == shape;
  }

  // `arguments` is an object.
  Unsettled look(json::View arguments) const;

 private:
  // How one check is judged at once. A value that a way is not for is judged in general.
  enum class Way : std::uint8_t {
    among_texts,    // `in`, for a string
    at_most,        // `max` written as an integer, for an integer that every reader sees alike
    at_least,       // `min`, likewise
    begins_short,   // `prefix` with one text of at most eight bytes
    bytes_at_most,  // `max_length`: a text with no more bytes has no more characters
    in_general,     // object_to()
  };
  struct Step {
    Way way = Way::in_general;
    std::int64_t bound = 0;     // at_most, at_least
    std::uint64_t bytes = 0;    // begins_short: of the text; bytes_at_most
    std::uint64_t begin = 0;    // begins_short: the text as the head of a TextKey
    const void* set = nullptr;  // among_texts: the LiteralSet
    const Check* check = nullptr;
  };
  // A name that a call may use, and all that is known about its value before.
  struct Known {
    TextKey key;
    std::uint64_t rule = 0;  // its bit; 0 where no rule can be settled at once
    std::vector<Step> steps;
    bool compared_whole = false;  // a check of the rule compares the whole text
    bool lines_settled = false;   // the defaults have nothing against line breaks
    const Shape* shape = nullptr;
    std::string name;
  };

  ArgumentPlan(std::span<const ArgumentRule> rules, std::span<const std::string> named,
               const Shape* shape)
      : rules_(rules), named_(named), shape_(shape) {}
  bool learn_names();
  void learn(std::string_view name);
  void learn_rule(std::size_t index);
  void fill_slots();
  Known* known(std::string_view name);
  bool near_a_named_one(std::string_view name) const;

  static Step step_of(const Check& check);
  const Known* find(std::string_view name) const;
  // What one member leaves open: whether its rule passes, and the defaults.
  struct Passed {
    bool rule, defaults;
  };
  static Passed judge(const Known& known, json::View value);
  static Passed judge_text(const Known& known, json::View value);
  static Passed judge_integer(const Known& known, json::View value);
  static bool passes_in_general(const Step& step, const Known& known, json::View value);

  std::span<const ArgumentRule> rules_;
  std::span<const std::string> named_;
  const Shape* shape_;
  std::vector<Known> known_;
  std::vector<std::uint16_t> slots_;  // open addressing, at most half full
  std::uint64_t all_ = 0;             // a bit for every rule
  std::uint64_t may_be_absent_ = 0;   // rules that pass where no member has their name
};

}  // namespace pawl
