// Escalations on a terminal: what waits for somebody, and how people are reached.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace pawl::app {

// Of a status: a line for each escalation, each way that does not get through, and the last drill.
std::vector<std::string> escalation_lines(json::View status);

}  // namespace pawl::app
