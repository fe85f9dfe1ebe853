// What a stdio server offers, asked once: for `init` and `accept`, which decide about definitions
// before any agent sees them.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kernel/definition/definition.h"

namespace pawl::app {

struct Offer {
  std::string server_name, server_version;  // what it says of itself
  std::string instructions;
  std::vector<ToolDefinition> tools;
};

// Starts the server with the given environment (`NAME=value`), asks for its tools, all pages, and
// ends it by the ladder. Its standard error goes to ours.
Result<Offer> ask_server(const std::vector<std::string>& command,
                         std::vector<std::string> environment, const std::string& server,
                         Duration at_most = Duration::seconds(60));

// The definition under which instructions are pinned; see doors/mcp/shelf.h.
ToolDefinition pinned_instructions(const std::string& server, const std::string& instructions);

// The variables that a server gets without being asked for, and those named.
std::vector<std::string> passed_environment(const std::vector<std::string>& wanted,
                                            std::vector<std::string>* withheld = nullptr);

}  // namespace pawl::app
