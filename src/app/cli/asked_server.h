// Which server a command asks, from its command line and the deployment file.
#pragma once

#include <string>
#include <vector>

#include "app/common/command.h"
#include "node/servers/tool_discovery.h"

namespace pawl::app {

inline constexpr OptionRow asked_server_option{
    "--server", "NAME",
    "the name by which policy and deployment file call the server; without a command it is that "
    "of the deployment file"};

// The server that a command line names: the program behind `--`, else the `--server` of the
// deployment file, for these roles. ErrorKind::usage where it names none, or one that is not there.
Result<node::AskedServer> asked_server(const Arguments& arguments, std::vector<std::string> roles);
// The same where a command has several servers: `name` is one of them.
Result<node::AskedServer> asked_server(const Arguments& arguments, const std::string& name,
                                       std::vector<std::string> roles);

// Asks it. What of its list cannot be used is said on standard error, so that the rest can be.
Result<node::DiscoveredTools> offered_by(node::AskedServer server);

}  // namespace pawl::app
