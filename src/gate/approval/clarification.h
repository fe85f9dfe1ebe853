// What is said about a question besides its answers: a reviewer asks the agent something, the agent
// replies, a reviewer reassigns the question. Private to the gate.
#pragma once

#include <string>

#include "gate/state/gate_state.h"
#include "kernel/state/state.h"

namespace pawl {

// A reviewer asked something that the agent was not told in this life of the node.
bool has_untold_remarks(const GateState& gate_state, const Approval& asked);

// What the agent reads of it in a reply that is pending, and how it looks in the decision; both
// empty where nothing is asked. From then on it is told.
struct ClarificationText {
  std::string text, decision;
  bool first = false;  // it was not told before
};
ClarificationText tell_clarification(GateState& gate_state, const Approval& asked);

}  // namespace pawl
