// How a question to people ends, and the call that waits for it. Private to the gate.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "gate/state/call_context.h"
#include "kernel/state/state.h"

namespace pawl {

// How long it is until then, by the wall clock; not less than nothing.
Duration time_until(const GateState& gate_state, Instant end);

// Sets the timer for the end of a question that no call waits for; a wait sees to it itself.
void schedule_end(GateState& gate_state, const Approval& approval);
// Its time is over, if it is.
void expire(GateState& gate_state, const std::string& approval);

// The caller is gone, or told to come back: the question stays, and nothing executes for it.
void leave_alone(CallContext& context);

// A question ended: the call that waits for it looks again, and a call without a caller is over.
void wake_or_end(GateState& gate_state, const std::string& approval, const std::string& call);

// A halt, a kill or a close withdraws questions in the fold of its own record. Around it: what
// could be withdrawn, and then the end of what was. Returns the questions that are gone.
struct UsableQuestion {
  std::string approval, call;
  friend auto operator<=>(const UsableQuestion&, const UsableQuestion&) = default;
};

std::vector<UsableQuestion> usable_questions(const State& state);
std::vector<std::string> end_withdrawn(GateState& gate_state,
                                       const std::vector<UsableQuestion>& before);

// Halts the run: a record, an escalation, and everything that waits is woken to be refused.
void halt(GateState& gate_state, const std::string& run, Code code, const std::string& why);

}  // namespace pawl
