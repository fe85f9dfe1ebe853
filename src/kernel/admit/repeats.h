// What `max_repeats: N` says of a run that goes in circles (kernel/state/repeats.h counts):
//   from N/2, rounded up, on   the answer to the call warns
//   N                          the next call that goes on with it waits for a person
//   2 N, or once a person      the call is denied with `ceiling`, and the run halts
//   said no to the same call
// A person who lets a call run begins the count anew. A call that is denied anyway waits for no
// one.
#pragma once

#include <cstdint>
#include <string>

#include "kernel/policy/policy.h"

namespace pawl {

// For the agent, after a call with which it repeated so much; empty: there is nothing to warn of.
std::string repeats_warning(const Ceilings& ceilings, std::uint64_t repeats);

}  // namespace pawl
