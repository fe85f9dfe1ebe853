// Watching without enforcing (gate/rollout.h). Private to this room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "gate/rollout.h"
#include "model/verdict.h"

namespace pawl {

struct GateState;

// What the gate_state keeps of one, by agent.
struct ObservationInUse {
  Observation what;
  Duration ends{};  // boot, besides the wall clock, which somebody may set
  std::uint64_t passed = 0;
};

enum class Enforcement : std::uint8_t { enforced, watched };
// Asked after each verdict: whether what the policy stops is stopped in runs of this agent.
Enforcement enforcement(const GateState& gate_state, std::string_view agent);

// A call was let through under it.
void count_passed(GateState& gate_state, std::string_view agent);

// Those that are over by now end, with a record.
void end_observations(GateState& gate_state);

}  // namespace pawl
