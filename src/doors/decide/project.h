// A scope over whatever a caller has as a result: a tools/call result, a JSON value, or a text.
#pragma once

#include "kernel/redact/scope.h"

namespace pawl {

// `result` of what comes back is JSON: the same kind of thing as went in, projected.
Projected project_any(const Scope& scope, json::View result);

}  // namespace pawl
