// Parts of the views that are about runs. Inside of this room only.
#pragma once

#include "base/json.h"
#include "doors/control/activity.h"
#include "gate/gate.h"

namespace pawl {

// `last` and `budgets` of a run: what of its ceilings is used.
void write_budgets(json::Writer& out, const Gate& gate, const Run& run, Instant now,
                   const ActivityFeed& activity);
// `grants`: what people let runs use for a while, the soonest to end first.
void write_grants(json::Writer& out, const Gate& gate, Instant now);
// `alarms`: sentences about what a person has to look at now.
void write_alarms(json::Writer& out, const Gate& gate);

}  // namespace pawl
