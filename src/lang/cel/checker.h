// Types of all parts of an expression, and everything that does not fit.
//
// What is more than in other implementations of CEL: a property that may be missing must be asked
// for (`has(args.note)`, or `args.?note`) before it is read, on every way that leads to it; texts
// that a closed set does not have are mistakes; mistakes name the nearest right word.
#pragma once

#include <vector>

#include "lang/cel/ast.h"
#include "lang/cel/environment.h"
#include "lang/cel/source.h"

namespace pawl::cel {

// The type of every node, by its index. `errors` gets what is wrong; the types are only good where
// there is nothing. `result` is what the whole has to be, or null.
std::vector<TypeRef> check(const Tree& tree, const Environment& environment, const Source& source,
                           const TypeRef& result, Errors& errors);

}  // namespace pawl::cel
