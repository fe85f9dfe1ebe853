// The policies of roles as the console shows them: sentences, the table by environment, layers.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "gate/gate.h"
#include "kernel/deployment/deployment.h"
#include "kernel/policy/policy.h"

namespace pawl::app {

// One role of `{"roles":[…]}`. `waiting`: policies that wait for a person.
void write_policy(json::Writer& out, const Policy& policy, const Deployment& deployment,
                  const std::vector<WaitingPolicy>& waiting, Instant now);

}  // namespace pawl::app
