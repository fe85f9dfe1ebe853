// The transport to a server that could not be started yet: nothing goes out and nothing comes in.
//
// A session that has it (SessionSpec::not_started) takes the server for one that ended, and starts
// it in its own time.
#pragma once

#include <memory>

#include "doors/mcp/transport/transport.h"

namespace pawl::mcp {

std::unique_ptr<Transport> to_no_server();

}  // namespace pawl::mcp
