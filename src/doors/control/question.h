// One question as every view of it begins. Private to this room.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "doors/control/activity.h"
#include "gate/gate.h"
#include "io/journal/journal.h"

namespace pawl {

// What would run, and what its agent asked for.
Result<std::string> arguments_of(Journal& journal, const Approval& approval);
Result<std::string> asked_arguments_of(Journal& journal, const Approval& approval);

// Null where it is not known how its call was judged.
const JudgedCall* judged_in(const ActivityFeed* activity, const Approval& approval);
// From nothing to worst: what a list is ordered by. Unknown is nearly the worst.
std::uint64_t risk_of(const Approval& approval);

// Into an open object: what it is, how its call was judged, and why whoever asks may not answer it.
void write_question(json::Writer& out, const Approval& approval, Instant now);
void write_judged(json::Writer& out, const Approval& approval, const JudgedCall* judged);
void write_may_not(json::Writer& out, const Objections& why);

}  // namespace pawl
