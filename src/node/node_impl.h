// The inside of a node, shared by the files that implement it:
//   node.cpp           life: lock, journal, fold, sockets, idle end; numbers and traces
//   node_sessions.cpp  runs and sessions: who joins, here and over the network
//   node_doors.cpp     the control socket, the decision API, people with a browser
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
#include "doors/api/api.h"
#include "doors/console/console.h"
#include "doors/control/control.h"
#include "doors/mcp/listener/http_door.h"
#include "doors/mcp/multiplexer/connect.h"
#include "doors/mcp/session/session.h"
#include "doors/mcp/transport/shared_server.h"
#include "gate/gate.h"
#include "io/identity/http_keys.h"
#include "io/identity/identities.h"
#include "io/identity/provider.h"
#include "io/journal/journal.h"
#include "io/journal/note.h"
#include "io/journal/posix_disk.h"
#include "io/net/channel.h"
#include "io/net/clock.h"
#include "io/net/loop.h"
#include "io/net/signals.h"
#include "io/net/unix_socket.h"
#include "io/notify/slack_answer.h"
#include "node/attention_checks.h"
#include "node/common/isolated_sql.h"
#include "node/console_listener.h"
#include "node/deployment_watch.h"
#include "node/drill.h"
#include "node/executor.h"
#include "node/files/config_files.h"
#include "node/gateway.h"
#include "node/join.h"
#include "node/journal_desk.h"
#include "node/node.h"
#include "node/notifications.h"
#include "node/notifier.h"
#include "node/policy_watch.h"
#include "node/processes.h"
#include "node/reviewers.h"
#include "node/rollout.h"
#include "node/servers/remotes.h"
#include "node/servers/server_processes.h"
#include "node/telemetry.h"

namespace pawl::node {

inline constexpr std::size_t connections_max = 4096;

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

struct ControlConnection {
  std::optional<net::Channel> channel;
  std::uint32_t running = 0;
  bool over = false;
};

// The node and the server share files and programs.
void share_files(mcp::SessionSpec& spec);
std::string user_name(uid_t user);

// The name of the last caller. Most callers are one user, and asking for a name opens a file.
struct KnownUser {
  std::optional<uid_t> user;
  std::string name;
  Duration asked{};
};

class Node {
 public:
  explicit Node(NodeOptions options) : options_(std::move(options)) {}
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

  // node_sessions.cpp
  void joined(net::Fd socket, net::Peer peer);
  void join_frame(std::uint64_t id, net::Frame frame);
  Result<std::string> open_session(std::uint64_t id, json::View request, std::vector<net::Fd> fds);
  Result<std::unique_ptr<mcp::Endpoint>> endpoint(std::uint64_t id, const JoinRequest& join,
                                                  const std::string& run, const Lock& lock,
                                                  std::vector<net::Fd> client);
  Task<Result<mcp::Program>> start_by_shim(std::uint64_t id, std::size_t server, std::string name);
  void started_by_shim(Joined& joined, json::View answer, std::vector<net::Fd> fds);
  void session_ended(std::uint64_t id, const mcp::SessionEnd& end);
  void drop(std::uint64_t id);
  void run_left(const std::string& run);
  void say(const std::string& run, const std::string& text);

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

  // node.cpp
  Status open_telemetry();
  watch::NodeNow numbers() const;
  void send_last_traces();

  // node_sessions.cpp
  void add_mcp();
  void use_limits();
  Task<std::expected<mcp::RemoteCaller, http::Response>> identify(const http::Request& request,
                                                                  std::string role);
  void end_local_streams();
  bool serves(const std::string& role) const;
  const std::string& caller_name(uid_t user);
  Result<std::unique_ptr<mcp::Endpoint>> open_remote(const mcp::RemoteCaller& caller,
                                                     const std::string& role,
                                                     std::unique_ptr<mcp::Transport> client,
                                                     mcp::HttpDoorPorts::Ended ended);
  identity::Proved<mcp::RemoteCaller> caller_of(const identity::Principal& who,
                                                const std::string& client) const;
  struct PartOfRun {
    ProcessOf of;
    std::shared_ptr<SubRunLimits> part;  // null: all of it
  };
  Result<std::unique_ptr<mcp::Endpoint>> connect_remote(const PartOfRun& whose,
                                                        const std::string& role, const Lock& lock,
                                                        std::unique_ptr<mcp::Transport> client,
                                                        mcp::HttpDoorPorts::Ended ended);
  // What every session of a run has, by any door.
  mcp::SessionSpec session_of(const std::string& run, const std::string& server, const Lock& lock);

  // node_doors.cpp
  Status open_api();
  void add_well_known();
  void note_refusal(const std::string& topic, const std::string& text);
  Result<std::string> create_run(json::View request);
  Result<std::string> create_sub_run(json::View request);
  std::optional<Instant> deadline_of(std::string_view run) const;
  Result<std::string> rotate_keys(json::View request);

  // node_doors.cpp
  Status open_console();
  Result<std::string> console_address();
  Task<std::string> console_asks(std::string request);
  Task<std::string> journal_damage(bool now);
  Task<void> look_at_journal();
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
  DeploymentWatch deployment_watch_{DeploymentWatchPorts{
      .state_directory = options_.state_directory,
      .file = options_.config,
      .named = options_.config_named,
      .serves = options_.serves,
      .in_force = [this] { use_deployment(); },
      .keys_taken =
          [this] {
            if (identities_) identities_->use(deployment_);
          },
      .told = [this](const std::string& directory) { notifier_->use(deployment_, directory); }}};
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
  std::map<std::uint64_t, std::unique_ptr<Joined>> joined_;
  std::map<std::uint64_t, std::unique_ptr<ControlConnection>> control_connections_;
  sql::ReadSql read_sql_ = isolated_sql();
  std::unique_ptr<Processes> processes_;
  std::unique_ptr<PolicyWatch> policies_;
  std::unique_ptr<Rollout> rollout_;
  std::unique_ptr<Drill> drill_;
  std::unique_ptr<mcp::HttpDoor> door_;
  KnownUser last_caller_;
  // By role: true as long as callers who prove nothing may ask for it.
  std::map<std::string, std::shared_ptr<bool>> local_stands_;
  std::unique_ptr<identity::HttpKeys> others_keys_;
  std::optional<identity::Identities> identities_;
  std::unique_ptr<api::Api> api_;
  bool asks_who_ = false;             // there were agents when the doors were opened
  std::unique_ptr<Gateway> gateway_;  // its connections hold what the doors answer
  std::unique_ptr<AttentionChecks> attention_;
  std::unique_ptr<Reviewers> reviewers_;
  std::unique_ptr<Notifications> notifications_;
  std::unique_ptr<console::Console> console_;
  std::unique_ptr<JournalDesk> journal_desk_, card_desk_;
  bool looking_at_journal_ = false;
  std::unique_ptr<ConsoleListener> console_listener_;  // its connections hold what that answers
  bool ending_ = false;
  net::Timer idle_;
  std::uint64_t next_id_ = 1;
  Instant idle_since_{};
  bool idle_now_ = false;
};

}  // namespace pawl::node
