// The parts of fit() and bind(). Private to this room.
#pragma once

#include "kernel/policy/policy.h"

namespace pawl {

// fit_conditions.cpp: the entry's expressions with the types of the tool's own arguments. What does
// not fit is a misfit.
void type_conditions(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound);
// commands.cpp: the argument that holds the line; a misfit where that cannot be told. The entry has
// `commands`.
void bind_commands(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound);

}  // namespace pawl
