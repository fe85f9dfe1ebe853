// Reads the text of an expression into a tree: the whole grammar of CEL, with optional fields
// (`a.?b`, `a[?i]`, `[?x]`, `{?k: v}`), macros over lists and maps with one and two variables,
// `cel.bind`, `optMap` and `optFlatMap`. Messages of protobuf are refused.
//
// The first mistake ends the reading: what follows it can't be trusted.
#pragma once

#include <expected>

#include "lang/cel/ast.h"
#include "lang/cel/limits.h"
#include "lang/cel/source.h"

namespace pawl::cel {

std::expected<Tree, Error> parse(const Source& source, const Limits& limits);

}  // namespace pawl::cel
