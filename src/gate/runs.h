// Runs: which policy one is under, and when it ends by itself. Private to this room.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gate/gate_state.h"

namespace pawl {

// The policy of that digest, from memory or from the journal; null where neither has it.
std::shared_ptr<PolicyInUse> known_policy(GateState& gate_state, std::string_view digest);

// A policy that this life of the node has not seen yet, from the payload of its record. Null where
// the journal does not have it or it does not load any more.
std::shared_ptr<PolicyInUse> reload_policy(GateState& gate_state, std::string_view digest);

// After a run was closed: what the gate_state kept about it, unless calls of it are still under way
// or refusals of it are not in the journal yet.
void forget_run(GateState& gate_state, const std::string& id);

// A policy as a run with this task has it; the policy itself where the task is empty.
Result<std::shared_ptr<const Policy>> narrowed(const std::shared_ptr<const Policy>& policy,
                                               const std::string& task, const std::string& file);

// Closes the run at this time, in boot time, if nobody has been there for long by then.
void close_when_idle(GateState& gate_state, const std::string& run, Duration boot);

}  // namespace pawl
