// Sessions of clients on this machine. A shim (`pawl mcp`) joins over the socket and hands over the
// descriptors of the client and of its servers; it starts a server again when it is asked to.
// Threads: one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/session/endpoint.h"
#include "io/net/channel.h"
#include "io/net/loop.h"
#include "io/net/unix_socket.h"

namespace pawl {
class Gate;
struct Deployment;
struct Lock;
}  // namespace pawl
namespace pawl::mcp {
struct Program;
struct SessionSpec;
}  // namespace pawl::mcp

namespace pawl::node {

class PolicyWatch;
class Remotes;
struct JoinRequest;

// What every session of a run has, by any door.
using SessionSpecOf = std::function<mcp::SessionSpec(const std::string& run,
                                                     const std::string& server, const Lock& lock)>;

struct LocalSessionPorts {
  net::Loop& loop;
  Gate& gate;
  const Deployment& deployment;
  const std::string& config_directory;
  PolicyWatch& policies;
  Remotes& remotes;
  std::string boot_id;
  std::function<Status()> read_deployment;       // before a join: the file as it is now
  std::function<std::string(json::View)> hello;  // proves which node this is
  std::function<void()> joined;                  // a run was joined
  SessionSpecOf session_of;
};

class LocalSessions {
 public:
  explicit LocalSessions(LocalSessionPorts ports) : ports_(std::move(ports)) {}

  // A shim of this user has connected.
  void accept(net::Fd socket, net::Peer peer);
  std::size_t size() const { return joined_.size(); }
  // To the person at each client of the run; of all, where it is empty.
  void say(const std::string& run, const std::string& text);
  // Calls of these runs are ended.
  void cancel(const std::vector<std::string>& runs);
  // Every session filters its lists by the policy that its run has now.
  void use_policies();
  // The server processes that shims have handed over.
  using Server =
      std::function<void(const std::string& run, const std::string& name, const net::Fd& process)>;
  void each_server(const Server& visit) const;
  // Ends all sessions, and waits for them within a bound.
  void finish();

 private:
  // One shim that is connected, with the session that it brought.
  struct Joined {
    net::Peer peer;
    std::optional<net::Channel> channel;
    std::unique_ptr<mcp::Endpoint> session;
    std::vector<std::vector<net::Fd>> handed;  // of each server, until the join
    std::vector<net::Fd> servers;              // pidfds
    std::vector<std::string> server_names;     // of these
    // What the shim was asked to start, by the number of the question.
    std::map<std::uint64_t, Completion<Result<std::vector<net::Fd>>>> starting;
    std::uint64_t next_start = 1;
    std::string run;
    bool over = false;
  };

  void join_frame(std::uint64_t id, net::Frame frame);
  Result<std::string> open_session(std::uint64_t id, json::View request, std::vector<net::Fd> fds);
  Result<std::unique_ptr<mcp::Endpoint>> endpoint(std::uint64_t id, const JoinRequest& join,
                                                  const std::string& run, const Lock& lock,
                                                  std::vector<net::Fd> client);
  Task<Result<mcp::Program>> start_by_shim(std::uint64_t id, std::size_t server, std::string name);
  void started_by_shim(Joined& joined, json::View answer, std::vector<net::Fd> fds);
  void session_ended(std::uint64_t id, const mcp::SessionEnd& end);
  void drop(std::uint64_t id);

  LocalSessionPorts ports_;
  std::map<std::uint64_t, std::unique_ptr<Joined>> joined_;
  std::uint64_t next_id_ = 1;
};

// Shims and commands that are connected at once.
inline constexpr std::size_t connections_max = 4096;

// The node and the server share files and programs.
void share_files(mcp::SessionSpec& spec);
std::string user_name(uid_t user);

}  // namespace pawl::node
