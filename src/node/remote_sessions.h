// Sessions of clients on the network: who asks, in which run, and what they are connected to.
// Threads: one loop.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "doors/http/routes.h"
#include "doors/mcp/listener/http_door.h"
#include "io/identity/principal.h"
#include "node/local_sessions.h"

namespace pawl {

struct Lock;
class Gate;
struct Deployment;
}  // namespace pawl
namespace pawl::net {
class Loop;
class NodeClock;
}  // namespace pawl::net

namespace pawl::node {

class NetworkCallers;
class PolicyWatch;
class Processes;
class Remotes;

struct RemoteSessionPorts {
  net::Loop& loop;
  Gate& gate;
  net::NodeClock& clock;
  const Deployment& deployment;
  PolicyWatch& policies;
  Processes& processes;
  Remotes& remotes;
  NetworkCallers& callers;
  std::function<void()> joined;  // a run was joined
  SessionSpecOf session_of;
};

class RemoteSessions {
 public:
  explicit RemoteSessions(RemoteSessionPorts ports) : ports_(std::move(ports)) {}

  // Opens the door at its address.
  void add_to(http::Routes& routes);
  // What the deployment file in force says, for what begins from now on: limits, and who of this
  // machine may go on.
  void file_changed();
  // Whether this role has servers.
  bool serves(const std::string& role) const;
  mcp::HttpDoor& door() { return *door_; }
  // Calls of these runs are ended.
  void cancel(const std::vector<std::string>& runs);
  void use_policies();

 private:
  struct PartOfRun;
  // The name of the last caller. Most callers are one user, and asking for a name opens a file.
  struct KnownUser {
    std::optional<uid_t> user;
    std::string name;
    Duration asked{};
  };

  void use_limits();
  void end_local_streams();
  Task<std::expected<mcp::RemoteCaller, http::Response>> identify(const http::Request& request,
                                                                  std::string role);
  identity::Proved<mcp::RemoteCaller> caller_of(const identity::Principal& who,
                                                const std::string& client) const;
  const std::string& caller_name(uid_t user);
  Result<std::unique_ptr<mcp::Endpoint>> open(const mcp::RemoteCaller& caller,
                                              const std::string& role,
                                              std::unique_ptr<mcp::Transport> client,
                                              mcp::HttpDoorPorts::Ended ended);
  Result<std::unique_ptr<mcp::Endpoint>> connect(const PartOfRun& whose, const std::string& role,
                                                 const Lock& lock,
                                                 std::unique_ptr<mcp::Transport> client,
                                                 mcp::HttpDoorPorts::Ended ended);

  RemoteSessionPorts ports_;
  std::unique_ptr<mcp::HttpDoor> door_;
  KnownUser last_caller_;
  // By role: true as long as callers who prove nothing may ask for it.
  std::map<std::string, std::shared_ptr<bool>> local_stands_;
};

}  // namespace pawl::node
