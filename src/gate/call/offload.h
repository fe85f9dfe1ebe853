// What takes long for large arguments and results, and needs nothing but them: it is done beside
// the loop, with values in and a value out, so that the switch, people and other clients are not
// kept waiting. Everything that looks at the state stays on the loop, and looks at it afterwards.
// Private to the gate.
#pragma once

#include "base/task.h"
#include "gate/state/call_context.h"

namespace pawl {

bool large_arguments(const CallContext& context);
// Fills `context.findings`.
Task<void> look_ahead(CallContext& context);

bool large_result(const CallContext& context, const Outcome& outcome);
// Fills `context.result_findings`.
Task<void> read_result(CallContext& context, const Outcome& outcome);

}  // namespace pawl
