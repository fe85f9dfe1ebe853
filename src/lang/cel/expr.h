// Expressions in policies: the Common Expression Language, in a form that fails closed.
//
//   cel::Environment names;
//   names.declare("args", cel::type_of_schema(tool_schema));
//   const auto program = cel::compile({text, place}, names);
//   ...
//   cel::Scratch scratch;                      // one per thread, used again and again
//   cel::Fuel fuel;                            // one per decision, shared by its expressions
//   const cel::Value values[] = {cel::Value::of(arguments)};
//   if (cel::true_to_allow(program->evaluate(values, scratch, fuel))) ...
//
// The language is CEL (cel.dev) without messages of protobuf: literals, operators, `has`, macros
// over lists and maps with one and two variables, optionals, and the extensions for strings, math,
// sets, network addresses, base64 and bindings; functions.h has the table of functions. Ours are
// stricter in some points:
//   - Types come from the tool's own schema. What does not fit is an error of the policy, and a
//     property that may be missing must be asked for before it is read (checker.h).
//   - Values are believed only after they were compared with their type: `args.status != "done"`
//     is an error and not true where `status` is suddenly a list.
//   - Regular expressions and time zones are constants, compiled and found at load (RE2, with a
//     bound on their memory).
//   - Size, depth and nesting are limited when an expression is compiled, fuel and memory when it
//     runs (limits.h). Running out of either is an error that `||` does not absorb.
// An evaluation is a function of its values. It throws nothing and calls nothing outside.
//
// Threads: environments and programs are values, and programs can be evaluated by many threads at
// once. A scratch belongs to one.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lang/cel/context.h"
#include "lang/cel/environment.h"
#include "lang/cel/limits.h"
#include "lang/cel/schema_type.h"
#include "lang/cel/scratch.h"
#include "lang/cel/source.h"
#include "lang/cel/type.h"
#include "lang/cel/value.h"

namespace pawl::cel {

struct Code;

// Something of a variable that an expression reads: `args.items[].price` as variable `args` and
// path `items[].price`; an empty path is the variable itself. `present` where it is only asked
// whether it is there.
struct Reference {
  std::string variable;
  std::string path;
  bool present = false;
  friend bool operator==(const Reference&, const Reference&) = default;
};

class Program {
 public:
  // One value for each variable of the environment, in the order of their declaration. The result
  // may point into `values`, the program and the scratch; it is good until the scratch is used
  // again. An error is a value too (`Value::failed`).
  Value evaluate(std::span<const Value> values, Scratch& scratch, Fuel& fuel) const;

  // Where the result does not depend on any variable. A condition that has one is a mistake of
  // its author.
  std::optional<Value> constant() const;

  const TypeRef& type() const { return type_; }
  const std::vector<Reference>& references() const { return references_; }

 private:
  friend class Compiling;
  Program() = default;
  std::shared_ptr<const Code> code_;
  TypeRef type_;
  std::vector<Reference> references_;
};

// Whether an expression is checked before it runs. `off` is for the conformance cases that ask
// what an unchecked expression does: unknown names and wrong arguments are errors of the run.
enum class Checked : std::uint8_t { on, off };

struct CompileOptions {
  Limits limits = policy_limits;
  TypeRef result = simple(TypeKind::boolean);  // what it has to be; null for anything
  Checked checked = Checked::on;
};

// All mistakes at once, in the order of the text; one alone where the text can't be read.
std::expected<Program, Errors> compile(const Source& source, const Environment& environment,
                                       const CompileOptions& options = {});

// Strictness wins: what failed is false where true would allow, and true where true would stop.
inline bool true_to_allow(const Value& result) {
  return result.is_true();
}
inline bool true_to_stop(const Value& result) {
  return !result.is_false();
}

}  // namespace pawl::cel
