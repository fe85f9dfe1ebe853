// What is said about a question besides its answers: a reviewer asks the agent something, the agent
// says something to that, a reviewer passes the question on. Private to this room.
#pragma once

#include <optional>

#include "gate/call_context.h"
#include "kernel/state/state.h"

namespace pawl {

// A call that brings `pawl_answer` (gate.h): its words are recorded and taken out of the arguments,
// and the call goes on as the one that its agent was asked about. Nothing: there are no such words,
// or they were taken. Else it is over.
std::optional<Next> take_reply(CallContext& context);

// A reviewer asked something that nobody told the agent in this life of the node.
bool untold(const GateState& gate_state, const Approval& asked);

// What the agent reads of it in a reply that is pending, and how it looks in the decision; both
// empty where nothing is asked. From then on it is told.
struct ToldTalk {
  std::string text, decision;
  bool first = false;  // it was not told before
};
ToldTalk tell_talk(GateState& gate_state, const Approval& asked);

}  // namespace pawl
