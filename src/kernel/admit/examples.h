// The `examples` of a policy, checked at every load: a policy that does not mean what its author
// says does not get into force.
//
// Each example is the first call of a fresh run, at a door without schemas and without a file
// system. Times do not matter: no freeze is in force, and every accepted risk holds.
#pragma once

#include <vector>

#include "kernel/policy/policy.h"

namespace pawl {

// Every example that gets another verdict than it says, with its place.
std::vector<Error> wrong_examples(const Policy& policy);

// A load whose examples are wrong is none.
Loaded with_examples(Loaded loaded);

}  // namespace pawl
