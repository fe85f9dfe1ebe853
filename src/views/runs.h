// Runs, as JSON: budgets, grants and alarms; and how people answer.
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "gate/gate.h"
#include "views/activity.h"

namespace pawl::views {

// A run with its budgets and its last happenings, oldest first.
Result<std::string> run_json(const Gate& gate, const std::string& id, Instant now,
                             const ActivityFeed& activity);
// How people answer, and what that says about the policy; with members that `more` writes, if any.
std::string people_json(const State& state, Instant now, const ActivityFeed& activity,
                        const std::function<void(json::Writer& out)>& more = {});

// Parts of the views that are about runs. Inside of this room only.

// `last` and `budgets` of a run: what of its ceilings is used.
void write_budgets(json::Writer& out, const Gate& gate, const Run& run, Instant now,
                   const ActivityFeed& activity);
// `grants`: what people let runs use for a while, the soonest to end first.
void write_grants(json::Writer& out, const Gate& gate, Instant now);
// `alarms`: sentences about what a person has to look at now.
void write_alarms(json::Writer& out, const Gate& gate);

}  // namespace pawl::views
