// The candidate of a role, asked beside its policy (gate/rollout.h). Private to this room.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gate/policies.h"
#include "gate/rollout.h"
#include "kernel/admit/admit.h"
#include "model/record.h"

namespace pawl {

struct CallContext;

// What the gate_state keeps of it, by agent.
struct CandidateInUse {
  Candidate what;
  std::shared_ptr<PolicyInUse> policy;  // null: it cannot be used
  std::string last_error;
  CandidateCounts counts;
};

// … and of a run: the candidate as its task narrows it.
struct CandidateOfRun {
  std::shared_ptr<PolicyInUse> from, policy;  // policy null: the task does not fit
  std::string task, mistake;
};

// What the candidate of the context's role says of a look that the policy in force just judged;
// nothing where the role has none that can be used.
std::optional<CandidateSaid> ask_candidate(const CallContext& context, const Facts& facts,
                                           const Verdict& verdict, Look look, Instant now);

// The look is in the journal: it counts. `why` of an error.
void count_candidate(const CallContext& context, CandidateKind kind, std::string_view why);

}  // namespace pawl
