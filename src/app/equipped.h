// The wire to a program of the deployment file that gets secrets when `pawl serve` starts it.
//
// Which secret a message goes out with is the policy's choice, and whether it may is looked at by
// the broker each time; a process for each of them is doors/mcp/transport/process_pool.h. Here the
// two meet what starts processes. Threads: the node's loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/served.h"
#include "doors/mcp/transport/transport.h"
#include "io/broker/broker.h"
#include "io/net/loop.h"
#include "kernel/deployment/deployment.h"

namespace pawl::app {

struct EquippedServer {
  std::string name;
  Deployment::Server server;
  std::string directory;           // of the deployment file
  std::vector<std::string> roles;  // of the session
  ProcessOf of = {};               // that it is started for
};

// `starts` lives longer than the transport.
std::unique_ptr<mcp::Transport> equipped_wire(net::Loop& loop, ServerStarts& starts,
                                              std::shared_ptr<broker::Broker> broker,
                                              EquippedServer what);

}  // namespace pawl::app
