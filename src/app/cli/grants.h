// What people granted for a while, as it is displayed.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace pawl::app {

// A line for each grant of a node's status.
std::vector<std::string> grant_lines(json::View status);

}  // namespace pawl::app
