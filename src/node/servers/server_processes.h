// Servers that the node itself starts, for clients on the network: a process for each session, or
// one that several share (doors/mcp/transport/shared_server.h), and another when it ended
// (doors/mcp/session/session.h).
//
// What is started is what the deployment file says under the server's name, where that file lies,
// with the variables that it lists; nothing that a client sends has a part in it. A process belongs
// to its session and ends with it: its input is closed, then it is asked to end, then it is killed
// with everybody it started. What it says on its error output goes to the log, line by line and not
// faster than a person reads. Secrets that it is started with stand in its environment, where
// processes of the same user can read them; they are wiped here, and taken out of what it says.
// A server that ends right after its start is not started again at once: each time the wait is
// twice as long, and a caller that asks meanwhile is told.
// One caller has a bounded share of all processes, so that it leaves the others theirs.
// Threads: the node's loop, on the thread that lives as long as the process.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "doors/mcp/session/endpoint.h"
#include "doors/mcp/transport/transport.h"
#include "io/broker/broker.h"
#include "io/net/child.h"
#include "io/net/loop.h"
#include "kernel/deployment/deployment.h"

namespace pawl::node {

inline constexpr Duration lives_long = Duration::seconds(5);
inline constexpr Duration start_again_max = Duration::seconds(30);
inline constexpr std::size_t error_lines_per_second_max = 20;

// Processes that are there, those that end included.
struct ProcessLimits {
  std::size_t all = GatewayLimits{}.processes;
  std::size_t of_caller = GatewayLimits{}.processes_of_caller;
};

// For whom a process is started. Both are empty for one that several share.
struct ProcessOf {
  std::string run = {};
  std::string caller = {};  // whose share it is of
};

// One process of a server, with the wire to it.
struct ServerProcess;

class ServerProcesses {
 public:
  explicit ServerProcesses(net::Loop& loop, ProcessLimits limits = {})
      : loop_(loop), limits_(limits) {}

  // From now on; what runs already goes on.
  void limit(ProcessLimits limits) { limits_ = limits; }
  // Hears of each start that was refused because there are too many.
  void on_refused(std::function<void(const ProcessOf& of, const std::string& why)> refused) {
    refused_ = std::move(refused);
  }
  // Whether so many more may be started for this caller. Refusals are told.
  Status room_for(const ProcessOf& of, std::size_t processes);
  // How many have to end before there is that room, besides those that end already. Nothing: there
  // never is.
  std::optional<std::size_t> lacking(const ProcessOf& of, std::size_t processes) const;
  // How many this caller has above three quarters of its share, without those that end already.
  std::size_t crowding(const std::string& caller) const;

  // ErrorKind::environment where it cannot be started, or not yet again.
  // `carried`: secrets as `NAME=value`, wiped. `scrub` takes them out of what goes to the log.
  Result<std::shared_ptr<ServerProcess>> start(const std::string& name,
                                               const Deployment::Server& server,
                                               const std::string& directory,
                                               std::vector<std::string> carried = {},
                                               std::function<void(std::string&)> scrub = {},
                                               const ProcessOf& of = {});
  // The process's transport, once.
  std::unique_ptr<mcp::Transport> transport(ServerProcess& process);
  // Its users hold this; when none is left, it ends, in its own time.
  std::shared_ptr<void> life(std::shared_ptr<ServerProcess> process);
  // Leaders of the processes that serve these: servers by name, in the run that they were started
  // for. `kill` ends them with everybody they started, now.
  using Serves = std::function<bool(const std::string& server, const std::string& run)>;
  std::vector<std::shared_ptr<ServerProcess>> serving(const Serves& wanted);
  static pid_t leader(const ServerProcess& process);
  static void kill(ServerProcess& process);
  // Processes that are there, those that end included.
  std::size_t live() const { return live_; }

 private:
  struct Record {
    unsigned failures = 0;  // starts in a row that did not live long
    Duration again{};       // not before this moment
  };
  // Of this caller, or of all; without those that end.
  std::size_t staying(const std::string* caller) const;
  void end(const std::shared_ptr<ServerProcess>& process);
  Task<void> escalation(std::shared_ptr<ServerProcess> process);
  void lived(const ServerProcess& process);

  net::Loop& loop_;
  ProcessLimits limits_;
  std::function<void(const ProcessOf&, const std::string&)> refused_;
  std::size_t live_ = 0;
  std::map<std::string, std::size_t> live_of_;  // by caller
  std::vector<std::weak_ptr<ServerProcess>> all_;
  std::map<std::string, Record> records_;
};

// The wire to a program of the deployment file that gets secrets when `pawl serve` starts it.
//
// Which secret a message goes out with is the policy's choice, and whether it may is looked at by
// the broker each time; a process for each of them is doors/mcp/transport/process_pool.h. Here the
// two meet what starts processes. Threads: the node's loop.

struct EquippedServer {
  std::string name;
  Deployment::Server server;
  std::string directory;           // of the deployment file
  std::vector<std::string> roles;  // of the session
  ProcessOf of = {};               // that it is started for
};

// `starts` lives longer than the transport.
std::unique_ptr<mcp::Transport> equipped_wire(net::Loop& loop, ServerProcesses& starts,
                                              std::shared_ptr<broker::Broker> broker,
                                              EquippedServer what);

}  // namespace pawl::node
