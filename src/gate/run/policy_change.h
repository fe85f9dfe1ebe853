// A policy that is not the one in force: stricter at once, laxer by a person (rule 14). Private to
// the gate.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gate/state/gate_state.h"

namespace pawl {

class Policy;

// What `after` would permit that the policy of this digest does not, in words with their places;
// empty: nothing.
std::string laxer_than(GateState& gate_state, std::string_view digest, const Policy& after);

// The policy's bytes are in the journal before any decision that was made with them.
Status record_policy(GateState& gate_state, const Policy& policy, const std::string& digest);

// The policy of an agent's next runs: the same, the first, a vouched or a stricter one is taken and
// recorded; any other one is refused with what got laxer, and people are told once.
Status accept_or_refuse(GateState& gate_state, const std::shared_ptr<const Policy>& policy,
                        const std::string& digest, bool vouched);

// Refuses it: people hear of a file once, however often it is offered.
Status refuse_laxer(GateState& gate_state, const std::shared_ptr<const Policy>& offered,
                    const std::string& digest, const std::string& laxer);

// The run goes on under this policy if that is at least as strict as its own.
Status tighten(GateState& gate_state, const Run& run, const std::shared_ptr<const Policy>& policy,
               const std::string& digest);

}  // namespace pawl
