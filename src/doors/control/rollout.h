// How roles come into force, for `pawl status`: candidates and roles that are watched.
#pragma once

#include "base/json.h"
#include "gate/gate.h"

namespace pawl {

// The members `candidates` and `observing` of an open object.
void write_rollout(json::Writer& out, const Gate& gate);

}  // namespace pawl
