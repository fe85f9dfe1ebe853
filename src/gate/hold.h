// Hold: questions to people and the calls that wait for them. Private to this room.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "gate/call_context.h"
#include "model/verdict.h"

namespace pawl {

// What a question is about: what its answer is good for, and the commitment to the arguments.
struct About {
  std::string binding, args;
  std::string likeness;  // see ApprovalOpened
};

// Opens the question of a call that was just recorded as held, and waits.
Next ask(CallContext& context, const Verdict& verdict, About about);

// Remembers how this tool was asked for, for a change of the arguments while nobody waits.
void remember_means(CallContext& context);

// Goes on with the question of an identical call whose caller is gone. False: it could not be
// written, so this call has to be judged by itself.
bool attach(CallContext& context, const Approval& asked);

// True while people may still answer.
bool still_open(const CallContext& context);

// Begins to wait; `after_waiting` looks why the waiting ended: an answer, the end of its time, a
// halt or a kill, the caller's patience, or no caller any more.
Next wait(CallContext& context);
Next after_waiting(CallContext& context);

// The caller is gone, or told to come back: the question stays, and nothing executes for it.
void leave_alone(CallContext& context);

// A question ended: whoever waits for it looks again, and a call that nobody waits for is over.
void wake_or_end(GateState& gate_state, const std::string& approval, const std::string& call);

// A halt, a kill or a close withdraws questions in the fold of its own record. Around it: what
// could be withdrawn, and then the end of what was. Answers the questions that are gone.
struct UsableQuestion {
  std::string approval, call;
  friend auto operator<=>(const UsableQuestion&, const UsableQuestion&) = default;
};
std::vector<UsableQuestion> usable_questions(const State& state);
std::vector<std::string> end_withdrawn(GateState& gate_state,
                                       const std::vector<UsableQuestion>& before);

// The same for a run whose questions the fold has withdrawn already.
void end_held(GateState& gate_state, const std::string& run);

// Errands of the timers.
void expire(GateState& gate_state, const std::string& approval);
void keep_patient(GateState& gate_state, const std::string& approval);

// Sets the timer for the end of a question that nobody waits for; a wait sees to it itself.
void schedule_end(GateState& gate_state, const Approval& approval);

}  // namespace pawl
