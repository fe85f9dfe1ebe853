// The candidate of a role, asked beside its policy (gate/state/rollout.h). Private to the gate.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gate/state/call_context.h"
#include "kernel/admit/admit.h"
#include "model/record.h"

namespace pawl {

// What the candidate of the context's role says of a look that the policy in force just judged;
// nothing where the role has none that can be used.
std::optional<CandidateSaid> ask_candidate(const CallContext& context, const Facts& facts,
                                           const Verdict& verdict, Look look, Instant now);

// The look is in the journal: it counts. `why` of an error.
void count_candidate(const CallContext& context, CandidateKind kind, std::string_view why);

}  // namespace pawl
