// Which values the names of an expression can have, and what that makes of the expression.
//
// A domain is what the entry's own constraints, the schema of its tool and the policy itself leave:
// a list of values, or a range of numbers. `judge` says `always` or `never` only where no value
// that is left makes it otherwise; everything that it does not understand is `open`. So a finding
// made from it is true, and none made is not a proof.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel/constraint/constraint.h"
#include "kernel/definition/definition.h"
#include "lang/cel/ast.h"

namespace pawl::checking {

struct Domain {
  bool present = false;                           // a call without it never comes this far
  std::optional<std::vector<std::string>> among;  // canonical JSON; not set: any value
  std::vector<std::string> never;                 // values that are ruled out
  std::optional<double> least, most;              // of a number; set only where it is one
  bool above = false, below = false;              // the bound itself is ruled out

  // Leaves only values that pass these checks too.
  void narrow(const std::vector<Check>& checks);
  bool empty() const;
};

// By the name in an expression: `args.status`, `env`, `agent`, `tool`.
using Domains = std::map<std::string, Domain>;

// Of the arguments that rules name by a path without elements.
void add_rules(const std::vector<ArgumentRule>& rules, Domains& into);
// Of the arguments that the schema closes with an `enum`.
void add_shape(const Shape& shape, Domains& into);

enum class Answer : std::uint8_t { open, always, never };
Answer judge(const cel::Tree& tree, Domains domains);
// Whether every argument that the expression compares is there: then it does not fail for want of
// one.
bool all_present(const cel::Tree& tree, const Domains& domains);

}  // namespace pawl::checking
