#include "app/cli/mcp.h"
#include "app/cli/closed_door.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "io/net/signals.h"
#include "kernel/policy/policy.h"
#include "node/files/config_files.h"
#include "node/join.h"
#include "node/node.h"
#include "node/servers/tool_discovery.h"

namespace pawl::app {

namespace {

constexpr Duration early_end = Duration::seconds(5);
constexpr std::size_t names_shown_max = 8;

// Names that look like what a server dies without come first.
std::string withheld_words(std::vector<std::string> names) {
  const auto telling = [](const std::string& name) {
    for (std::string_view part : {"TOKEN", "KEY", "SECRET", "PASSWORD", "URL", "HOST", "DSN"}) {
      if (name.find(part) != std::string::npos) return true;
    }
    return false;
  };
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return telling(a) != telling(b) ? telling(a) : a < b;
  });
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < names_shown_max; ++i) {
    text += (i == 0 ? " " : ", ") + escape_untrusted(names[i]);
  }
  if (names.size() > names_shown_max) text += ", …";
  return text;
}

}  // namespace

Result<std::unique_ptr<ServerProcess>> ServerProcess::start(net::Loop& loop,
                                                            const ServerCommand& what) {
  std::unique_ptr<ServerProcess> server(new ServerProcess(loop));
  server->name_ = what.name;
  auto started =
      net::start({.command = what.command,
                  .environment = node::passed_environment(what.wanted, &server->withheld_),
                  .directory = {},
                  .error_output = net::ErrorOutput::pipe});
  PAWL_TRY(started);
  server->since_ = loop.now();
  server->started_ = std::move(*started);
  return server;
}

std::vector<int> ServerProcess::fds() const {
  return {started_->input.get(), started_->output.get(), started_->pidfd.get()};
}

std::vector<net::Fd> ServerProcess::own_fds() const {
  std::vector<net::Fd> all;
  for (const net::Fd* one : {&started_->input, &started_->output, &started_->pidfd}) {
    if (auto copy = one->duplicate()) all.push_back(std::move(*copy));
  }
  return all;
}

void ServerProcess::handed_over() {
  if (!started_) return;
  started_->input.reset();
  started_->output.reset();
  errors_ = std::move(started_->error_output);
  child_.emplace(loop_, std::move(*started_));
  started_.reset();
}

Status ServerProcess::relay() {
  auto watch =
      loop_.watch(errors_.get(), net::Interest::read, [this](net::Ready) { relay_errors(); });
  PAWL_TRY(watch);
  errors_watch_ = std::move(*watch);
  return {};
}

// The server's standard error goes where the client expects it. Ours is never registered with the
// loop: whether it blocks is a property that other programs share.
void ServerProcess::relay_errors() {
  char buffer[16384];
  const ssize_t count = ::read(errors_.get(), buffer, sizeof buffer);
  if (count <= 0) {
    errors_watch_.reset();
    return;
  }
  ssize_t done = 0;
  while (done < count) {
    const ssize_t written =
        ::write(STDERR_FILENO, buffer + done, static_cast<std::size_t>(count - done));
    if (written <= 0) return;
    done += written;
  }
}

Task<net::Exit> ServerProcess::ended() {
  exit_ = co_await child_->ended();
  lived_ = Duration{loop_.now().ns - since_.ns};
  co_return *exit_;
}

Task<void> ServerProcess::end() {
  ending_ = true;
  handed_over();
  const net::Ending ended = co_await child_->end_gently();
  if (!exit_) lived_ = Duration{loop_.now().ns - since_.ns};
  exit_ = ended.exit;
  for (const net::ProcessStat& left : ended.survivors) {
    err(fmt::format("pawl: process {} (`{}`) of the server is not proven dead", left.id.pid,
                    escape_untrusted(left.name)));
  }
}

void ServerProcess::report(bool initialized) const {
  if (!exit_) return;
  const bool soon = lived_ < early_end || !initialized;
  err(fmt::format("pawl: {} ended with {}{}",
                  name_.empty() ? "the server" : "server `" + escape_untrusted(name_) + "`",
                  net::to_string(*exit_),
                  soon ? fmt::format(" {} after its start",
                                     to_string(Duration::milliseconds(lived_.ns / 1'000'000)))
                       : std::string()));
  if (soon && !withheld_.empty()) {
    err(fmt::format("pawl: {} variables of this environment were not passed to it:{}",
                    withheld_.size(), withheld_words(withheld_)));
    err("pawl: pass one with `--env NAME`");
  }
}

namespace {

constexpr Duration node_last_words = Duration::seconds(6);

constexpr OptionRow kMcpOptions[] = {
    policy_option,
    {"--task", "F",
     "what the person who starts this run asks for, and what the run keeps of its role"},
    {"--server", "NAME",
     "the name by which the policy and the deployment file call this server; several are servers "
     "of the deployment file behind one endpoint",
     Takes::many},
    {"--role", "NAME",
     "takes policy and servers of this role of the deployment file, as `pawl serve` does"},
    {"--env", "NAME", "passes one more variable of this environment to the server", Takes::many},
    state_option,
    config_option,
};
constexpr WordRow kMcpWords[] = {
    {"command", "the server's program and arguments", false, true, true},
};

struct Shim {
  net::Loop loop;
  std::vector<ServerCommand> commands;
  std::vector<std::unique_ptr<ServerProcess>> servers;
  std::optional<net::Channel> node;
  std::optional<net::Signals> signals;
  net::Timer patience;
  net::Fd client_in, client_out;  // until the node has said that it serves the client
  std::string why;
  std::size_t running = 0;  // servers that did not end by themselves
  bool ending = false, initialized = false, client_closed = false;

  void end(const std::string& reason);
  Task<void> watch_server(ServerProcess& server);
  void start(std::size_t server, std::uint64_t number);
  Result<ServerProcess*> launch(const ServerCommand& command);
};

void Shim::end(const std::string& reason) {
  if (std::exchange(ending, true)) return;
  why = reason;
  // One more than there are, for the time while they are told.
  auto left = std::make_shared<std::size_t>(1);
  const auto one_less = [this, left] {
    if (--*left == 0) loop.stop();
  };
  for (const auto& server : servers) {
    if (server->ending()) continue;
    ++*left;
    spawn(server->end(), one_less);
  }
  one_less();
}

Task<void> Shim::watch_server(ServerProcess& server) {
  ++running;
  (void)co_await server.ended();
  if (ending) co_return;
  --running;
  if (commands.size() > 1) {
    // The others go on without it, and the node has it started again when it is wanted.
    server.report(initialized);
    co_await server.end();
    loop.post([this, gone = &server] {
      std::erase_if(servers, [gone](const auto& one) { return one.get() == gone; });
    });
    co_return;
  }
  // The node reads what the server still wrote, answers the client, and says that it is done.
  patience = loop.after(node_last_words, [this] { end("the server ended"); });
}

Result<ServerProcess*> Shim::launch(const ServerCommand& command) {
  auto started = ServerProcess::start(loop, command);
  PAWL_TRY(started);
  servers.push_back(std::move(*started));
  return servers.back().get();
}

// The node wants a server once more: the same one, in the same surroundings.
void Shim::start(std::size_t server, std::uint64_t number) {
  json::Writer answer;
  answer.object().key("op").string("started").key("number").natural(number);
  const bool known = !ending && server < commands.size() && !commands[server].reached;
  auto launched = known
                      ? launch(commands[server])
                      : Result<ServerProcess*>(fail(ErrorKind::refused, "there is no such server"));
  if (!launched) {
    answer.key("error").string(to_string(launched.error())).end();
    (void)node->send(answer.text());
    return;
  }
  answer.end();
  (void)node->send(answer.text(), (*launched)->own_fds());
  (*launched)->handed_over();
  (void)(*launched)->relay();
  spawn(watch_server(**launched));
}

void on_frame(Shim& shim, const net::Frame& frame) {
  const auto document = json::parse(frame.text);
  if (!document) return;
  const json::View root = document->root();
  const auto op = root.text("op");
  if (op == "say") {
    err("pawl: " + escape_untrusted(root.text("text").value_or(""), Newlines::escape));
  } else if (op == "start") {
    const json::View server = root["server"];
    const json::View number = root["number"];
    const bool fine =
        server.is_integer() && server.integer() >= 0 && number.is_integer() && number.integer() > 0;
    if (fine) shim.start(server.natural(), number.natural());
  } else if (op == "end") {
    const json::View seen = root["initialized"];
    shim.initialized = seen.kind() == json::Kind::boolean && seen.boolean();
    const json::View server = root["server_ended"];
    shim.client_closed = server.kind() == json::Kind::boolean && !server.boolean();
    shim.end(std::string(root.text("why").value_or("")));
  }
}

int report(const Shim& shim) {
  if (shim.client_closed || shim.why == "signal") return exit_good;
  int status = exit_good;
  for (const auto& server : shim.servers) {
    if (!server->exit()) continue;
    server->report(shim.initialized);
    if (!server->exit()->success()) status = exit_no;
  }
  return status;
}

Error no_server() {
  return {
      ErrorKind::usage,
      "no server: `pawl mcp [options] -- PROGRAM ARGUMENTS…`, or `--role NAME` with the servers "
      "of a role of the deployment file",
      {}};
}

std::string client_directory() {
  std::error_code ignored;
  const char* const project = std::getenv("CLAUDE_PROJECT_DIR");
  return project == nullptr || *project == '\0' ? std::filesystem::current_path(ignored).string()
                                                : node::absolute(project);
}

// The role whose servers these are: the one that is named, else, where nothing else says which
// servers are meant, that of the directory. Null: none.
Result<const Deployment::Role*> role_meant(const Arguments& arguments,
                                           const Deployment* deployment) {
  const bool others = !arguments.many("--server").empty() || !arguments.words("command").empty();
  const auto named = arguments.one("--role");
  if (!named) {
    const bool bound = deployment != nullptr && !others;
    return bound ? node::role_of_directory(*deployment, client_directory()) : nullptr;
  }
  if (others || arguments.one("--policy")) {
    return fail(ErrorKind::usage,
                "a role brings its policy and its servers: expected `--role` without "
                "`--policy`, `--server` and a command");
  }
  const Deployment::Role* role = nullptr;
  if (deployment != nullptr) {
    const auto found = deployment->roles.find(*named);
    if (found != deployment->roles.end()) role = &found->second;
  }
  if (role == nullptr) {
    return fail(ErrorKind::missing,
                "the deployment file has no role `" + escape_untrusted(*named) + "`");
  }
  if (role->servers.empty()) {
    return fail(ErrorKind::missing, "role `" + escape_untrusted(*named) + "` has no `servers`");
  }
  return role;
}

// The servers of this client: the one whose command was given, or those of the deployment file.
Result<std::vector<ServerCommand>> server_commands(const Arguments& arguments,
                                                   const Deployment* deployment,
                                                   const Deployment::Role* role) {
  std::vector<std::string> names = arguments.many("--server");
  const std::vector<std::string> given = arguments.words("command");
  if (names.empty() && given.empty() && role != nullptr) names = role->servers;
  if (names.empty()) names.emplace_back();
  if (names.size() > 1 && !given.empty()) {
    return fail(ErrorKind::usage,
                "one command is one server: the commands of several stand in the deployment file");
  }
  std::vector<ServerCommand> servers;
  for (const std::string& name : names) {
    ServerCommand server{name, given, arguments.many("--env")};
    if (deployment != nullptr) {
      const auto bound = deployment->servers.find(name);
      if (bound != deployment->servers.end()) {
        const bool reached = !bound->second.url.empty();
        if (!reached && !(bound->second.variable.empty() && bound->second.credential.empty())) {
          return fail(ErrorKind::refused, "server `" + escape_untrusted(name) +
                                              "` gets a secret when it starts, which only `pawl "
                                              "serve` can give it");
        }
        server.reached = given.empty() && !bound->second.url.empty();
        if (given.empty()) server.command = bound->second.command;
        server.wanted.insert(server.wanted.end(), bound->second.env.begin(),
                             bound->second.env.end());
      }
    }
    if (server.command.empty() && !server.reached) {
      if (names.size() == 1) return std::unexpected(no_server());
      return fail(ErrorKind::missing,
                  "the deployment file has no command for server `" + escape_untrusted(name) + "`");
    }
    servers.push_back(std::move(server));
  }
  return servers;
}

node::JoinRequest join_request(const Arguments& arguments,
                               const std::vector<ServerCommand>& servers,
                               const std::string& role_file) {
  const auto variable = [](const char* name) {
    const char* text = std::getenv(name);
    return text == nullptr ? std::string() : std::string(text);
  };
  node::JoinRequest request;
  const std::string policy =
      role_file.empty() ? arguments.one("--policy").value_or(variable("PAWL_POLICY")) : role_file;
  if (!policy.empty()) request.policy = node::absolute(policy);
  if (const auto task = arguments.one("--task")) request.task = node::absolute(*task);
  for (const ServerCommand& server : servers) {
    request.servers.push_back({server.name, server.command});
  }
  request.directory = client_directory();
  request.run = variable("PAWL_RUN");
  request.session = variable("CLAUDE_CODE_SESSION_ID");
  return request;
}

// Servers are started here and handed over one by one, then the client's own pipes.
Status hand_over(Shim& shim, NodeConnection& node, const node::JoinRequest& request) {
  for (const ServerCommand& command : shim.commands) {
    if (command.reached) {
      PAWL_TRY(node.send(node::server_frame, {}));
      continue;
    }
    const auto started = shim.launch(command);
    PAWL_TRY(started);
    PAWL_TRY(node.send(node::server_frame, (*started)->fds()));
    (*started)->handed_over();
  }
  auto in = net::take_standard(STDIN_FILENO);
  PAWL_TRY(in);
  shim.client_in = std::move(*in);
  auto out = net::take_standard(STDOUT_FILENO);
  PAWL_TRY(out);
  shim.client_out = std::move(*out);
  return node.send(node::to_json(request), {shim.client_in.get(), shim.client_out.get()});
}

// Everything up to the moment when the node has the pipes.
Result<NodeConnection> join(const Arguments& arguments, Shim& shim) {
  auto directory = state_directory(arguments);
  PAWL_TRY(directory);
  const std::string config = config_path(arguments);
  const node::DeploymentRead deployment = node::read_deployment(config, arguments.has("--config"));
  if (!deployment.errors.empty()) return std::unexpected(deployment.errors.front());
  const Deployment* const known = deployment.deployment ? &*deployment.deployment : nullptr;
  const auto role = role_meant(arguments, known);
  PAWL_TRY(role);
  const auto commands = server_commands(arguments, known, *role);
  PAWL_TRY(commands);
  // Of a directory's role the node knows the policy by itself.
  const std::string role_file =
      arguments.has("--role")
          ? (std::filesystem::path(config).parent_path() / node::home_expanded((*role)->file))
                .string()
          : std::string();

  // Held until the session is there: else the node could end in between.
  const auto node = NodeLauncher(*directory, config).ensure();
  PAWL_TRY(node);
  auto connection = NodeConnection::open(*directory, node::join_socket);
  if (!connection) return connection;
  const node::JoinRequest request = join_request(arguments, *commands, role_file);
  shim.commands = *commands;
  PAWL_TRY(hand_over(shim, *connection, request));
  auto answer = connection->channel().receive(Duration::seconds(30));
  PAWL_TRY(answer);
  const auto document = json::parse(answer->text);
  const json::View ok = document ? document->root()["ok"] : json::View();
  if (ok.kind() != json::Kind::boolean || !ok.boolean()) {
    return fail(ErrorKind::refused,
                document ? std::string(document->root().text("error").value_or("refused"))
                         : std::string("the node did not answer"));
  }
  if (document->root().text("phase") == "halted") {
    err("pawl: this run is halted; a reviewer lifts it with `pawl resume run " +
        std::string(document->root().text("run").value_or("")) + "`");
  }
  return connection;
}

// The client is told why there is nothing for it, where there is one.
int close_door(Shim& shim, const Error& why) {
  const int status = complain(why);
  if (!shim.servers.empty()) {
    shim.end("refused");
    (void)shim.loop.run();
  }
  if (shim.client_in.open()) (void)::dup2(shim.client_in.get(), STDIN_FILENO);
  if (shim.client_out.open()) (void)::dup2(shim.client_out.get(), STDOUT_FILENO);
  shim.client_in.reset();
  shim.client_out.reset();
  // What was typed wrong is for the person who typed it.
  if (why.fault != ErrorKind::usage && ::isatty(STDIN_FILENO) == 0) serve_closed_door(why);
  return status;
}

int run_mcp(const Arguments& arguments) {
  Shim shim;
  auto signals = net::Signals::watch(shim.loop, {SIGTERM, SIGINT, SIGHUP}, [&shim](int) {
    // The node ends the session in order: it sees the channel close.
    shim.why = "signal";
    if (shim.node) shim.node->finish();
    shim.end("signal");
  });
  if (!signals) return complain(signals.error());
  shim.signals = std::move(*signals);
  auto connection = join(arguments, shim);
  if (!connection) return close_door(shim, connection.error());
  shim.client_in.reset();
  shim.client_out.reset();
  auto socket = connection->channel().socket().duplicate();
  if (!socket) return complain(socket.error());
  shim.node.emplace(shim.loop, std::move(*socket),
                    net::ChannelEvents{
                        .frame = [&shim](net::Frame frame) { on_frame(shim, frame); },
                        .end = [&shim](std::optional<Error>) { shim.end("the node is gone"); },
                    });
  for (const auto& server : shim.servers) {
    if (Status relayed = server->relay(); !relayed) return complain(relayed.error());
    spawn(shim.watch_server(*server));
  }
  (void)shim.loop.run();
  return report(shim);
}

}  // namespace

extern const CommandRow mcp_command = {
    "mcp",
    "use",
    "puts the gate in front of stdio MCP servers",
    kMcpOptions,
    kMcpWords,
    run_mcp,
    "Starts the server, joins the run of this client (or opens one), and lets the node decide "
    "every "
    "message. The policy is the one named with --policy, else PAWL_POLICY, else the one that the "
    "deployment file binds to this directory. The server gets the variables HOME, LOGNAME, PATH, "
    "SHELL, TERM, USER, LANG, LC_ALL, TMPDIR, TZ, and those named with --env. With several "
    "--server, with --role, or in a directory of a role that has `servers`, the commands come from "
    "the deployment file, and of several servers the name of a tool or of a prompt is "
    "`server/name`. Where no policy governs, or its file has a mistake, the client is served all "
    "the "
    "same: it is offered no tool, and each call is denied with the reason."};

}  // namespace pawl::app
