// Hold: questions to people and the calls that wait for them. Private to the gate.
#pragma once

#include <optional>
#include <string>

#include "gate/state/call_context.h"
#include "model/verdict.h"

namespace pawl {

// A call that brings `pawl_answer` (approvals.h): its words are recorded and taken out of the
// arguments, and the call goes on as the one that its agent was asked about. Nothing: there are no
// such words, or they were taken. Else it is over.
std::optional<Next> take_reply(CallContext& context);

// What a question is about: what its answer is good for, and the commitment to the arguments.
struct About {
  std::string binding, args;
  std::string likeness;  // see ApprovalOpened
};

// Opens the question of a call that was just recorded as held, and waits.
Next ask(CallContext& context, const Verdict& verdict, About about);

// Remembers how this tool was asked for, for a change of the arguments while no call waits.
void remember_tool_context(CallContext& context);

// Goes on with the question of an identical call whose caller is gone. False: it could not be
// written, so this call has to be judged by itself.
bool attach(CallContext& context, const Approval& asked);

// True while people may still answer.
bool still_open(const CallContext& context);

// Begins to wait; `after_waiting` looks why the waiting ended: an answer, the end of its time, a
// halt or a kill, the caller's patience, or no caller any more.
Next wait(CallContext& context);
Next after_waiting(CallContext& context);

void keep_patient(GateState& gate_state, const std::string& approval);

}  // namespace pawl
