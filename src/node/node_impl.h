// The inside of a node, shared by the files that implement it:
//   node.cpp           life: lock, journal, fold, sockets, idle end; numbers and traces
//   node_doors.cpp     the control socket, the switch, people with a browser
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/drift/access_use.h"
#include "io/approvals/proof.h"
#include "io/journal/note.h"
#include "io/net/channel.h"
#include "io/net/loop.h"
#include "io/net/signals.h"
#include "io/net/unix_socket.h"
#include "lang/sql/summary.h"
#include "node/deployment_watch.h"
#include "node/executor.h"
#include "node/local_sessions.h"
#include "node/node.h"
#include "views/activity.h"

namespace pawl {
class Control;
class Gate;
class Journal;
class PosixDisk;
struct Stopped;
}  // namespace pawl
namespace pawl::console {
class Console;
}
namespace pawl::net {
class NodeClock;
}
namespace pawl::views {
struct StandingNames;
}
namespace pawl::watch {
struct NodeNow;
}

namespace pawl::node {

class AttentionChecks;
class ConsoleListener;
class Drill;
class Gateway;
class JournalDesk;
class NetworkCallers;
class NodeNotifier;
class Notifications;
class PolicyWatch;
class Processes;
class ModelProxy;
class Remotes;
class RemoteSessions;
class Reviewers;
class Rollout;
class Telemetry;

struct ControlConnection {
  std::optional<net::Channel> channel;
  std::uint32_t running = 0;
  bool over = false;
};

class Node {
 public:
  explicit Node(NodeOptions options);
  ~Node();
  Node(const Node&) = delete;
  NodeEnd run();

 private:
  Status open();
  Status open_journal();
  void open_services();
  Status open_sockets();
  void open_control();
  void use_deployment();
  Result<std::string> reread_config();
  Status follow_config();
  void reload();
  void people_changed();
  void close();

  // node_doors.cpp
  void use_policies();
  void asked(net::Fd socket, net::Peer peer);
  void control_frame(std::uint64_t id, net::Frame frame);
  void killed(const Stopped& stopped);
  Task<std::string> end_processes(std::string scope, std::string name,
                                  std::vector<std::string> runs, bool end);
  std::string hello(json::View request) const;

  // node.cpp
  Status open_gateway();
  void signalled(int number);
  Task<void> end_serving();
  bool calls_under_way() const;

  Status open_telemetry();
  watch::NodeNow numbers() const;
  void send_last_traces();

  // node_doors.cpp
  // What every session of a run has, by any door.
  SessionSpecOf session_of();
  void note_refusal(const std::string& topic, const std::string& text);
  Status open_console();
  Result<std::string> console_address();
  Task<std::string> console_asks(std::string request);
  Task<std::string> journal_damage(bool now);
  void say_damage(const std::string& damage);
  views::StandingNames standing_names();
  std::string policies_in_force();
  void reload_console();
  void close_console();
  bool busy() const;
  void watch_idle();

  NodeOptions options_;
  net::Loop loop_;
  LoopExecutor executor_{loop_};
  std::unique_ptr<PosixDisk> disk_;
  std::unique_ptr<net::NodeClock> clock_;
  std::unique_ptr<Journal> journal_;
  std::optional<journal::NodeKey> key_;
  DeploymentWatch deployment_watch_;
  const Deployment& deployment_ = deployment_watch_.deployment();
  const std::string& config_directory_ = deployment_watch_.directory();
  std::string boot_id_;
  std::unique_ptr<NodeNotifier> notifier_;
  std::unique_ptr<Gate> gate_;
  views::ActivityFeed activity_;
  AccessHistory access_;
  std::shared_ptr<void> chronicles_;
  std::unique_ptr<Telemetry> telemetry_;
  std::shared_ptr<void> logs_;
  Challenges challenges_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<Remotes> remotes_;
  std::optional<net::Signals> signals_;
  std::optional<net::Listener> join_, ask_;
  std::map<std::uint64_t, std::unique_ptr<ControlConnection>> control_connections_;
  sql::ReadSql read_sql_;
  std::unique_ptr<Processes> processes_;
  std::unique_ptr<PolicyWatch> policies_;
  std::unique_ptr<Rollout> rollout_;
  std::unique_ptr<Drill> drill_;
  std::unique_ptr<LocalSessions> local_sessions_;
  std::unique_ptr<NetworkCallers> callers_;
  std::unique_ptr<RemoteSessions> remote_sessions_;
  std::unique_ptr<ModelProxy> model_proxy_;
  std::unique_ptr<Gateway> gateway_;  // its connections hold what the doors answer
  std::unique_ptr<AttentionChecks> attention_;
  std::unique_ptr<Reviewers> reviewers_;
  std::unique_ptr<Notifications> notifications_;
  std::unique_ptr<console::Console> console_;
  std::unique_ptr<JournalDesk> journal_desk_, card_desk_;
  std::unique_ptr<ConsoleListener> console_listener_;  // its connections hold what that answers
  bool ending_ = false;
  net::Timer idle_;
  std::uint64_t next_id_ = 1;
  Instant idle_since_{};
  bool idle_now_ = false;
};

}  // namespace pawl::node
