// What people said about calls of this run before, and what it means for the next one: nobody is
// asked again for what they rejected, or for what they made an approval good for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/call_context.h"
#include "model/facts.h"

namespace pawl {

// The rejection of exactly this call.
std::optional<ApprovalFact> said_no(const CallContext& context, const std::string& binding);

// The rejection of a call that differs from this one in blanks, digits or case only.
std::optional<ApprovalFact> said_no_to_the_like(const CallContext& context);

// Approvals about this tool that stand for more calls than their own, of people who may still
// answer. Whether one is good for this call says the kernel.
std::vector<ApprovalFact> standing_approvals(const CallContext& context);

}  // namespace pawl
