// Operators that the machine uses besides the table.
#pragma once

#include "lang/cel/context.h"

namespace pawl::cel {

// `target[key]`; with `optional`, or on an optional target, an optional that may be empty.
Value indexed(Context& context, const Value& target, const Value& key, bool optional);

// a / b as IEEE 754 has it, also where b is zero.
double quotient(double a, double b);

}  // namespace pawl::cel
