// Is one policy at least as strict as another?
//
// Two compiled policies are compared part by part, and carefully: a part that got narrower, smaller
// or harder is stricter, and whatever is not understood counts as laxer. So a policy that is called
// stricter here decides no call more generously than the one before, in any run and at any time;
// the contrary is not promised. Words that only the agent reads (`instead`) may change freely.
//
// One way out of a denial is not laxer: an entry whose stated class was a mistake (below what the
// knowledge base says of the tool, so that every call was refused) may be raised to a class that
// always asks a person.
// Pure; threads: policies are immutable.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "kernel/policy/policy.h"

namespace pawl {

// Something that the new policy permits and the old one did not, or that cannot be told.
struct Laxer {
  Position at;  // in the new file; of what was taken away: the nearest thing that is still there
  std::string says;  // `max_steps` was 25 and is 50
};

// In the order of the file. Empty: as strict or stricter.
std::vector<Laxer> laxer_parts(const Policy& before, const Policy& after);

// The same as one line for a person: `file:line: what`, separated by `; `, at most `most` of them.
std::string laxer_text(const std::vector<Laxer>& parts, std::size_t most = 3);

}  // namespace pawl
