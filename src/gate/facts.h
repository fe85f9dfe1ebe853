// Facts: what the gate finds out before it asks the kernel. Private to this room.
#pragma once

#include <optional>

#include "gate/ticket.h"
#include "model/facts.h"

namespace pawl {

// Gathers anew on every look: a pin that changed or a link that moved while a call waited is seen.
Facts gather(const Ticket& ticket, std::optional<ApprovalFact> approval = {});

// What people said about the question that this call holds: counted again, with the people as they
// are now (threats H06). Nothing where the question is open.
std::optional<ApprovalFact> approval_fact(const Desk& desk, const Approval& approval);

}  // namespace pawl
