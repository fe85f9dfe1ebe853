// What people decided about calls of this run before, and what it means for the next one: they are
// not asked again for what they rejected, or for what they made an approval good for. Private to
// the gate.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/state/call_context.h"
#include "model/facts.h"

namespace pawl {

// What people said about the question that this call holds: counted again, with the people as they
// are now (threats H06). Nothing where the question is open.
std::optional<ApprovalFact> approval_fact(const GateState& gate_state, const Approval& approval);

// The rejection of exactly this call.
std::optional<ApprovalFact> prior_rejection(const CallContext& context, const std::string& binding);

// The rejection of a call that differs from this one in blanks, digits or case only.
std::optional<ApprovalFact> near_duplicate_rejection(const CallContext& context);

// Approvals about this tool that stand for more calls than their own, of people who may still
// answer. Whether one is good for this call says the kernel.
std::vector<ApprovalFact> standing_approvals(const CallContext& context);

}  // namespace pawl
