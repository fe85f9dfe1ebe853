// Change: a reviewer approves a call with other arguments than its agent asked for. Private to this
// room.
#pragma once

#include <string>

#include "gate/ticket.h"

namespace pawl {

// The arguments that a commitment of a record is of.
Result<std::string> arguments_at(const Desk& desk, const std::string& commitment);

// The call of a question as its agent would have made it, with these arguments; an error where the
// agent did not come back after a start of the node. Lives as long as `arguments` and the question.
Result<Proposal> proposal_of(const RunDesk& run, const Approval& asked, json::View arguments);

// Puts what a reviewer changed in the place of the arguments of the waiting call, once. From then
// on they are what is judged, recorded and sent. An error: they are not stored any more.
Status take_change(Ticket& ticket, const Approval& asked);

// The result of a call with changed arguments, and before it what the agent has to know of them.
std::string with_change_told(const Ticket& ticket, std::string result);

}  // namespace pawl
