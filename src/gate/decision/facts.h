// Facts: what the gate finds out before it asks the kernel. Private to the gate.
#pragma once

#include <optional>

#include "gate/state/call_context.h"
#include "model/facts.h"

namespace pawl {

class Policy;
struct BoundTool;

// What facts are gathered about. `tool` may be null.
struct FactSources {
  const GateState& gate_state;
  const GateRun& run;
  const Proposal& asked;
  const BoundTool* tool;
  const Facts* ahead = nullptr;  // of this call and tool, found out a moment ago: its origins
};

// Gathers again on every look: a pin that changed or a link that moved while a call waited is seen.
Facts gather(const FactSources& what, std::optional<ApprovalFact> approval = {});
Facts gather(const CallContext& context, std::optional<ApprovalFact> approval = {});
// Paths and SQL alone.
Facts gather_resolved(const CallContext& context, const BoundTool& tool);

// The same for another policy of the role, whose entry for the tool is `tool`: what is known
// already is not found out again, and no answer is among it. The error says what cannot be
// known.
Result<Facts> gather_for_candidate(const CallContext& context, const BoundTool* tool,
                                   const Policy& policy, const Facts& known);

}  // namespace pawl
