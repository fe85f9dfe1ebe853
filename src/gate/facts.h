// Facts: what the gate finds out before it asks the kernel. Private to this room.
#pragma once

#include <optional>

#include "gate/call_context.h"
#include "model/facts.h"

namespace pawl {

// What facts are gathered about. `tool` may be null.
struct LookedAt {
  const GateState& gate_state;
  const GateRun& run;
  const Proposal& asked;
  const BoundTool* tool;
  const Facts* ahead = nullptr;  // of this call and tool, found out a moment ago: its origins
};

// Gathers anew on every look: a pin that changed or a link that moved while a call waited is seen.
Facts gather(const LookedAt& what, std::optional<ApprovalFact> approval = {});
Facts gather(const CallContext& context, std::optional<ApprovalFact> approval = {});
// Paths and SQL alone.
Facts gather_resolved(const CallContext& context, const BoundTool& tool);

// The same for another policy of the role, whose entry for the tool is `tool`: what is known
// already is not found out again, and nobody's answer is among it. The error says what cannot be
// known.
Result<Facts> gather_beside(const CallContext& context, const BoundTool* tool, const Policy& policy,
                            const Facts& known);

// What people said about the question that this call holds: counted again, with the people as they
// are now (threats H06). Nothing where the question is open.
std::optional<ApprovalFact> approval_fact(const GateState& gate_state, const Approval& approval);

}  // namespace pawl
