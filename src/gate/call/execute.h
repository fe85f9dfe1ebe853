// Execute: the last look before the bytes leave, and what stops a call. Private to the gate.
#pragma once

#include <string>

#include "base/error.h"
#include "gate/state/call_context.h"

namespace pawl {

// `next`, unless the caller is gone: then what was let run ends, and what waits is woken.
Next unless_gone(CallContext& context, Next next);

// After the last wait before execution, without waiting: the decision must be durable, the caller
// there, the run and its sub-run open, no kill or halt over it, the grant that it uses still valid,
// the policy not stricter than the one that decided, and the role still observed where that let the
// call run.
Next last_look(CallContext& context, const Status& durable);

// From here on the server may have the call.
void sending(CallContext& context);

}  // namespace pawl
