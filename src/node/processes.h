// Processes of servers that the node starts for clients on the network: what room there is for
// them, and what starts them.
// Threads: the node's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "doors/mcp/session/endpoint.h"
#include "doors/mcp/transport/shared_server.h"
#include "io/net/loop.h"
#include "kernel/deployment/deployment.h"
#include "node/servers/remotes.h"
#include "node/servers/server_processes.h"

namespace pawl::node {

struct ProcessPorts {
  net::Loop& loop;
  Remotes& remotes;
  const Deployment& deployment;         // in force
  const std::string& config_directory;  // where its file is
  // Ends so many sessions of a caller that seem unused; how many it ends.
  std::function<std::size_t(const std::string& caller, std::size_t wanted)> end_quiet;
};

class Processes {
 public:
  explicit Processes(ProcessPorts ports)
      : loop_(ports.loop),
        remotes_(ports.remotes),
        deployment_(ports.deployment),
        config_directory_(ports.config_directory),
        end_quiet_(std::move(ports.end_quiet)) {}
  Processes(const Processes&) = delete;

  ServerProcesses& servers() { return starts_; }
  const ServerProcesses& servers() const { return starts_; }
  std::size_t of_role(const std::string& role) const;
  Status room_for_session(const ProcessOf& of, const std::string& role);
  std::function<Result<mcp::Program>()> start_of(const std::string& name, const std::string& role,
                                                 const ProcessOf& of);

 private:
  Result<mcp::Program> start_process(const std::string& name, const Deployment::Server& server,
                                     const std::string& directory, const ProcessOf& of = {});
  Result<mcp::Program> share(const std::string& name, const Deployment::Server& server,
                             const std::string& directory, const std::string& caller);

  net::Loop& loop_;
  Remotes& remotes_;
  const Deployment& deployment_;
  const std::string& config_directory_;
  std::function<std::size_t(const std::string&, std::size_t)> end_quiet_;
  ServerProcesses starts_{loop_};
  std::map<std::string, std::weak_ptr<mcp::SharedServer>> shared_;  // by what they are started from
};

}  // namespace pawl::node
