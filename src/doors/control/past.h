// What a card says of the past: what its run is for, what was found out about the call, what the
// run did before, and how people answered about its tool. Private to this room.
#pragma once

#include "base/json.h"
#include "doors/control/activity.h"
#include "kernel/policy/policy.h"
#include "kernel/state/state.h"

namespace pawl {

// `facts`, or `facts_missing` with where they are; `before`, the last happenings of the run before
// the question, oldest first, with `earlier` where there were more; `same_tool`, what became of
// questions about the same tool. `run` is that of the question, or null.
void write_past(json::Writer& out, const Approval& approval, const Run* run,
                const ActivityFeed& activity);

// `task`: what the sponsor said that the run is for (a task file); nothing where it has none.
void write_task(json::Writer& out, const Approval& approval, const Policy& policy);

}  // namespace pawl
