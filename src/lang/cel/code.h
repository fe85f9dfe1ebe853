// The compact form of an expression, which the machine runs.
//
// Instructions work on a stack of values and a frame of locals; both have a size that is known
// here. Errors are values like others and fall through to the end, except where `&&`, `||`, `all`
// and `exists` absorb them. A jump is an absolute index.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/zone.h"
#include "lang/cel/ast.h"
#include "lang/cel/collection.h"
#include "lang/cel/functions.h"
#include "lang/cel/scratch.h"
#include "lang/cel/type.h"
#include "lang/cel/value.h"

namespace pawl::cel {

enum class Op : std::uint8_t {
  end,          // the top is the result
  constant,     // push constants[c]
  variable,     // push the variable of slot c
  local,        // push frame[c]
  path,         // push what paths[c] leads to
  field,        // top = its member names[c]
  maybe_field,  // top = an optional of its member names[c]
  has_field,    // top = whether it has a member names[c]
  expect,       // top has to be what expectations[c] says
  equal,        // two off the stack, push whether they are equal (a: or not)
  less,         // order of two: a is the Comparison
  equal_to,     // top = whether it equals constants[c] (a: or not)
  less_than,    // the order of top and constants[c]
  in_list,      // top = whether it is an element of the constant list c
  call,         // functions[c] of the top b values
  list,         // the top b values; where c is not 0, flags[c - 1 + i] says whether i is optional
  map,          // the same with b entries of key and value
  jump,         // to c
  and_skip,     // to c where the top is false; it stays
  or_skip,      // to c where the top is true; it stays
  and_with,     // two off the stack, push what && makes of them
  or_with,      //
  probe,        // push what probes[c] finds
  and_probe,    // to c where the top is false; else && it with what probes[b] finds
  or_probe,     // to c where the top is true; else || it with what probes[b] finds
  choose,  // pop: true goes on, false goes to c, an error stays and goes where code[c - 1] goes
  store,   // pop into frame[c]
  fold,    // pop the range of folds[c] and begin
  next,    // bind the next element, or push the result and go to c
  keep,    // pop the filter: false goes to the next element (code index c)
  add,     // pop the body; ready: push the result and go where code[c] goes, else to c
  open_option,  // pop: none stays and goes to c, else its value goes to frame[b]
  wrap_option,  // top = an optional of it
  or_option,    // pop: none goes on; an optional with a value stays (a: as its value) and goes to c
};

enum class Comparison : std::uint8_t { less, less_equal, greater, greater_equal };

struct Instruction {
  Op op = Op::end;
  std::uint8_t a = 0;
  std::uint16_t b = 0;
  std::uint32_t c = 0;
};
static_assert(sizeof(Instruction) == 8);

// What a value from outside has to be, because the expression was checked on that understanding.
struct Expectation {
  TypeRef type;
  ValueKind plain;   // a value of this kind needs no closer look; error where all need one
  std::string what;  // the message where it is not
};

// `args.address.city`: a variable and the fields behind it.
struct Path {
  std::uint32_t slot = 0;
  std::vector<MemberName> names;
  std::int32_t expectation = -1;  // index, where there is one
  std::string missing;            // the message
};

// A place against a constant: `args.status == "done"`, `args.to.endsWith("@x.example")`. Nearly all
// conditions are made of these, joined by `&&` and `||`, so each is one instruction, and one with
// its `&&` or `||`. It costs the fuel of its parts, in the same cases, and gives the same values:
// compile_probe.cpp makes it out of them.
struct Probe {
  enum class Kind : std::uint8_t { order, equality, in_list, call };
  Kind kind = Kind::order;
  std::uint8_t how = 0;    // Comparison; of an equality, 1 for unequal
  std::uint32_t fuel = 0;  // instructions that it stands for
  std::uint32_t path = 0;
  std::uint32_t constant = 0;
  std::uint32_t function = 0;  // of a call: with the place and the constant as its arguments
  // The short way for values of the kind `plain`, which need no closer look at their type; another
  // value goes the long way. `same_text`: the constant itself is of the type that is expected, so a
  // text that equals it is too.
  enum class Way : std::uint8_t { only_long, integers, same_text, called };
  Way way = Way::only_long;
  ValueKind plain = ValueKind::error;
  TextWords words = {};  // of a text that is compared
};

// A text of at most `TextWords::whole_bytes_max` bytes, as it is compared.
struct ShortText {
  std::uint32_t size = 0;
  TextWords words = {};
};

// A probe once more, for the quick way of a whole expression that is nothing but probes (chain.h).
struct Link {
  enum class Way : std::uint8_t { order, whole, equal, one_of, begins, ends, called };
  Way way = Way::order;
  ValueKind plain = ValueKind::error;  // what the place has to hold
  std::uint8_t how = 0;                // as in Probe
  bool named = false;                  // a member of the variable, else the variable itself
  bool sure = false;                   // a text that fits is of the type that is expected
  std::uint32_t slot = 0;
  std::uint32_t fuel = 0;  // without what a comparison or a function charges
  ShortText name = {};
  std::int64_t integer = 0;
  ShortText text = {};  // of a beginning or an end
  std::uint32_t constant = 0;
  std::uint32_t function = 0;
  // Ranges in Code::texts: what the text is compared with, and what its type allows, where that is
  // not everything.
  std::uint32_t wanted = 0, wanted_end = 0;
  std::uint32_t choices = 0, choices_end = 0;
};

struct FoldPlan {
  Fold fold = Fold::all;
  std::uint32_t first = 0;   // frame slots of the variables
  std::uint32_t second = 0;  // where `two`
  bool two = false;
  std::int32_t first_expected = -1;  // of elements that come from outside
  std::int32_t second_expected = -1;
};

struct Code {
  explicit Code(std::size_t constant_bytes_max) : memory(constant_bytes_max) {}

  std::vector<Instruction> instructions;
  std::vector<Value> constants;
  std::vector<MemberName> names;
  std::vector<Path> paths;
  std::vector<Probe> probes;
  std::vector<Link> links;  // of the whole expression; empty where it is more than a chain
  bool links_all = true;    // joined by `&&`, else by `||`
  std::vector<ShortText> texts;
  std::vector<Expectation> expectations;
  std::vector<FoldPlan> folds;
  std::vector<Run> functions;
  std::vector<bool> flags;
  std::uint32_t stack_size = 0;
  std::uint32_t frame_size = 0;
  std::uint32_t fold_depth = 0;

  Scratch memory;  // of the constants
  std::vector<std::shared_ptr<const re2::RE2>> patterns;
  std::vector<std::unique_ptr<const Zone>> zones;
};

}  // namespace pawl::cel
