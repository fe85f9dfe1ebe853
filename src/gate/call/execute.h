// Execute: the last look before the bytes leave, and what stops a call. Private to the gate.
#pragma once

#include <string>

#include "base/error.h"
#include "gate/state/call_context.h"

namespace pawl {

// `next`, unless the caller is gone: then what was let run ends, and what waits is woken.
Next unless_gone(CallContext& context, Next next);

// After the last wait before execution, without waiting: is the decision durable, the caller there,
// the run open, no kill over it? (threats, section 3, rule 15). A run keeps its policy, so that
// cannot have changed.
Next last_look(CallContext& context, const Status& durable);

// From here on the server may have the call.
void sending(CallContext& context);

}  // namespace pawl
