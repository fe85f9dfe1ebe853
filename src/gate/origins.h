// What a run keeps about where values come from (kernel/origin). Private to this room.
//
// It is not part of the state: what was found with it is in the facts of each decision, so that a
// replay needs nothing else. After a restart the sponsor's words are there again with the policy of
// the run, and results of before are not: values from them come from nowhere, until the agent reads
// them again.
#pragma once

#include "gate/call_context.h"
#include "kernel/origin/origin.h"

namespace pawl {

RunOrigins origins_for(const Policy& policy);

// After a result was recorded and before it is delivered: values may come from what the agent is
// given.
void learn_origins(CallContext& context);

}  // namespace pawl
