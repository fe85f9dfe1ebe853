// How roles come into force, in words for `pawl status`.
#pragma once

#include "base/json.h"

namespace pawl::app {

// From the answer of the control door; prints nothing where there is nothing to say.
void say_rollout_of(json::View status);

}  // namespace pawl::app
