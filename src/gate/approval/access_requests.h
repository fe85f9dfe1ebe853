// What people let a run use for a while: made when a request for it runs, and it may be taken back
// at any time. Private to the gate; see kernel/admit/access.h for what a grant is good for.
#pragma once

#include <string>

#include "gate/state/call_context.h"

namespace pawl {

// True of a request for access: it has no server, what it does is a record of ours.
bool asks_people_for_access(const CallContext& context);

// Makes the grant that people said yes to. Precondition: its decision is written and lets it run.
Outcome make_grant(CallContext& context);

// The open question with which this run asks for the same tool already; empty: there is none.
std::string asks_already(const CallContext& context);
void remember_asking(CallContext& context);

}  // namespace pawl
