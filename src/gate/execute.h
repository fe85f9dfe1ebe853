// Execute: the last look before the bytes leave, and what stops a call. Private to this room.
#pragma once

#include <string>

#include "base/error.h"
#include "gate/ticket.h"

namespace pawl {

// `next`, unless the caller is gone: then what was let run ends, and what waits is woken.
Next unless_gone(Ticket& ticket, Next next);

// After the last wait before execution, without waiting: is the decision durable, the caller there,
// the run open, no kill over it? (threats, section 3, rule 15). A run keeps its policy, so that
// cannot have changed.
Next last_look(Ticket& ticket, const Status& durable);

// From here on the server may have the call.
void sending(Ticket& ticket);

// Asks the server to stop, once. The call still ends with what the server makes of it.
void cancel(Ticket& ticket);
void cancel_later(Ticket& ticket);

// A call that was let through, or held, and was never sent.
void end_unsent(Ticket& ticket);
void abort_call(GateState& gate_state, const std::string& call, const std::string& run);

}  // namespace pawl
