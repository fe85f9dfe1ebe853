// Finds out what the names of a tree stand for: variables of the environment, variables of folds
// and binds, types, and functions with dots in their names (`math.greatest`).
//
// Names that stand for nothing stay as they are; the checker complains about them, and without a
// checker they are errors of the run. Folds inside each other are counted here.
#pragma once

#include "lang/cel/ast.h"
#include "lang/cel/environment.h"
#include "lang/cel/limits.h"
#include "lang/cel/source.h"

namespace pawl::cel {

void resolve(Tree& tree, const Environment& environment, const Source& source, const Limits& limits,
             Errors& errors);

}  // namespace pawl::cel
