// Change: a reviewer approves a call with other arguments than its agent asked for. Private to this
// room.
#pragma once

#include <string>

#include "gate/ticket.h"

namespace pawl {

// Puts what a reviewer changed in the place of the arguments of the waiting call, once. From then
// on they are what is judged, recorded and sent. An error: they are not stored any more.
Status take_change(Ticket& ticket, const Approval& asked);

// The result of a call with changed arguments, and before it what the agent has to know of them.
std::string with_change_told(const Ticket& ticket, std::string result);

}  // namespace pawl
