// How often agents asked for access, got it and used it, for the command and for the console.
#pragma once

#include "analysis/drift/access_use.h"
#include "base/json.h"

namespace pawl::app {

// Into an open object: `access`, a row for each role and tool, and what these say about the policy.
void write_access(json::Writer& to, const AccessHistory& history);

}  // namespace pawl::app
