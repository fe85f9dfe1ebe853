// The policies of roles as the console shows them: sentences, the table by environment, layers.
#pragma once

#include <string>
#include <vector>

#include "analysis/drift/access_use.h"
#include "base/json.h"
#include "base/time.h"
#include "gate/gate.h"
#include "kernel/deployment/deployment.h"

namespace pawl {
class Policy;
}  // namespace pawl

namespace pawl::node {

// One role of `{"roles":[…]}`. `waiting`: policies that wait for a person.
void write_policy(json::Writer& out, const Policy& policy, const Deployment& deployment,
                  const std::vector<WaitingPolicy>& waiting, Instant now);

// Into an open object: `access`, a row for each role and tool, and what these say about the policy.
void write_access(json::Writer& to, const AccessHistory& history);

}  // namespace pawl::node
