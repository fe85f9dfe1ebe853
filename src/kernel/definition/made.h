// A tool that was made up for one call, where the real one is not connected yet.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "kernel/definition/definition.h"

namespace pawl {

// It takes exactly these arguments, whatever they are; nothing where they or its name are none.
std::optional<ToolDefinition> tool_that_takes(std::string_view server, std::string_view tool,
                                              json::View arguments);

}  // namespace pawl
