// What `pawl check` can say only beside the other files: the lock, the deployment file, links.
#pragma once

#include <string>
#include <vector>

#include "analysis/check/check.h"
#include "kernel/policy/policy.h"
#include "node/files/config_files.h"

namespace pawl::app {

// What the lock accepts against what the file grants, and the definitions in it against what the
// file says about their arguments. Without a lock: how to make one. `asked` for: the lock is part
// of the judgement.
void compare_lock(const std::string& file, const Policy& policy, bool asked, Instant now,
                  CheckReport& report);

// The definitions that the lock beside the file accepts, with their schemas; none without a lock.
std::vector<ToolDefinition> accepted_definitions(const std::string& file);

// Whether the deployment file lets this file govern its agent, and no other one.
void compare_deployment(const std::string& file, const Policy& policy,
                        const node::DeploymentRead& read, CheckReport& report);

// Directories of `path` checks that are links: where they lead is part of the policy.
void compare_links(const Policy& policy, CheckReport& report);

}  // namespace pawl::app
