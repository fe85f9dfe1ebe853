// The parts of fit() and bind(). Private to this room.
#pragma once

#include <string>
#include <vector>

#include "kernel/policy/policy.h"

namespace pawl {

// What the schema says about the end of a path: a shape, or nothing known, or a name it lacks.
struct Reached {
  const Shape* shape = nullptr;
  std::string missing;
  std::vector<std::string> candidates;
};
Reached reach(const Shape& arguments, const ArgumentPath& path);

// fit.cpp: a sum of what is no number, or for what is no single value, is a misfit. The
// schema is known.
void fit_counters(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound);
// fit.cpp: arguments that name the environment or the credential, and that reviewers type.
void fit_named(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound);
// fit.cpp: the entry's expressions with the types of the tool's own arguments. What does
// not fit is a misfit.
void type_conditions(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound);
// commands.cpp: the argument that holds the line; a misfit where that cannot be told. The entry has
// `commands`.
void bind_commands(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound);

// fit.cpp. The shape of what the arrays hold, of the value itself where it is no array.
const Shape* into_elements(const Shape* shape);
// Whether values of this shape can pass such a check at all, and be this value.
bool fits_kind(CheckKind kind, const Shape& shape);
bool can_be(const Literal& value, const Shape& shape);

}  // namespace pawl
