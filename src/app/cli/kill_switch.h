// What else `pawl status` shows, and when the kill switch was last tried.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/common/command.h"
#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace pawl::app {

// As the journal of the state directory has it; nothing: never. ErrorKind::missing: no journal is
// there.
Result<std::optional<Instant>> last_drill(const Arguments& arguments);

// Escalations on a terminal: what waits for a person, and how people are reached.

// Of a status: a line for each escalation, each way that does not get through, and the last drill.
std::vector<std::string> escalation_lines(json::View status);

// How roles come into force, in words for `pawl status`.

// From the answer of the control door; prints nothing where there is nothing to say.
void say_rollout_of(json::View status);

}  // namespace pawl::app
