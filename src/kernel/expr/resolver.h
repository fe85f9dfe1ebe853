// Finds out what the names of a tree stand for: variables of the environment, variables of folds
// and binds, types, and functions with dots in their names (`math.greatest`).
//
// Names that stand for nothing stay as they are; the checker complains about them, and without a
// checker they are errors of the run. Folds inside each other are counted here.
#pragma once

#include "kernel/expr/ast.h"
#include "kernel/expr/environment.h"
#include "kernel/expr/limits.h"
#include "kernel/expr/source.h"

namespace pawl::expr {

void resolve(Tree& tree, const Environment& environment, const Source& source, const Limits& limits,
             Errors& errors);

}  // namespace pawl::expr
