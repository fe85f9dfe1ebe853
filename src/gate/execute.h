// Execute: the last look before the bytes leave, and what stops a call. Private to this room.
#pragma once

#include <string>

#include "base/error.h"
#include "gate/call_context.h"

namespace pawl {

// `next`, unless the caller is gone: then what was let run ends, and what waits is woken.
Next unless_gone(CallContext& context, Next next);

// After the last wait before execution, without waiting: is the decision durable, the caller there,
// the run open, no kill over it? (threats, section 3, rule 15). A run keeps its policy, so that
// cannot have changed.
Next last_look(CallContext& context, const Status& durable);

// From here on the server may have the call.
void sending(CallContext& context);

// Asks the server to stop, once. The call still ends with what the server makes of it.
void cancel(CallContext& context);
void cancel_later(CallContext& context);

// A call that was let through, or held, and was never sent.
void end_unsent(CallContext& context);
void abort_call(GateState& gate_state, const std::string& call, const std::string& run);

}  // namespace pawl
