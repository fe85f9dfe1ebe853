// Tools and calls out of a file: a result of tools/list, a list of tools, or recorded calls.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kernel/definition/definition.h"

namespace pawl::app {

struct SourcedCall {
  ToolDefinition tool;
  std::string arguments;  // JSON
};
struct ToolSource {
  std::vector<ToolDefinition> tools;
  std::vector<SourcedCall> calls;  // not empty: the file holds calls
};

// The text is one JSON value (`{"tools": [...]}`, also inside of `result`, or a list of tools), or
// a line of `pawl decide` on each line (`server`, `tool`, `arguments`, `schema`, `annotations`).
Result<ToolSource> read_tools(std::string_view text, const std::string& file);

}  // namespace pawl::app
