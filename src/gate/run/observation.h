// Watching without enforcing (gate/state/rollout.h). Private to the gate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "gate/state/gate_state.h"
#include "model/verdict.h"

namespace pawl {

enum class Enforcement : std::uint8_t { enforced, watched };
// Asked after each verdict: whether what the policy stops is stopped in runs of this agent.
Enforcement enforcement(const GateState& gate_state, std::string_view agent);

// A call was let through under it.
void count_passed(GateState& gate_state, std::string_view agent);

// Those that are over by now end, with a record.
void end_observations(GateState& gate_state);

}  // namespace pawl
