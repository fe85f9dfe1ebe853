// Where a call works, as it is shown to people.
#pragma once

#include "base/json.h"
#include "model/environment.h"

namespace pawl {

class Policy;
struct ToolRule;

// What an argument of the call says where its entry asks for that, else the policy's environment.
// An argument that names none is production, the strictest: such a call is denied.
Environment environment_of(const Policy& policy, const ToolRule& entry, json::View arguments);

}  // namespace pawl
