// Reads the text of an expression into a tree: the whole grammar of CEL, with optional fields
// (`a.?b`, `a[?i]`, `[?x]`, `{?k: v}`), macros over lists and maps with one and two variables,
// `cel.bind`, `optMap` and `optFlatMap`. Messages of protobuf are refused.
//
// The first mistake ends the reading: what follows it can't be trusted.
#pragma once

#include <expected>

#include "kernel/expr/ast.h"
#include "kernel/expr/limits.h"
#include "kernel/expr/source.h"

namespace pawl::expr {

std::expected<Tree, Error> parse(const Source& source, const Limits& limits);

}  // namespace pawl::expr
