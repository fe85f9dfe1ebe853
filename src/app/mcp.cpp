// `pawl mcp -- CMD…`: puts the gate in front of one stdio server.
//
// This process is only the surroundings: it starts the server where the client wanted it (so inside
// whatever holds the agent), hands the node the pipe ends, and waits. No byte of a call passes
// here.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/join.h"
#include "app/node.h"
#include "app/offer.h"
#include "app/paths.h"
#include "app/terminal.h"
#include "base/text.h"
#include "io/net/child.h"
#include "io/net/signals.h"

namespace pawl::app {
namespace {

constexpr Duration early = Duration::seconds(5);
constexpr Duration node_last_words = Duration::seconds(6);
constexpr std::size_t names_shown_max = 8;

constexpr OptionRow kMcpOptions[] = {
    policy_option,
    {"--task", "F",
     "what the person who starts this run asks for, and what the run keeps of its role"},
    {"--server", "NAME", "the name by which the policy and the deployment file call this server"},
    {"--env", "NAME", "passes one more variable of this environment to the server", Takes::many},
    state_option,
    config_option,
};
constexpr WordRow kMcpWords[] = {
    {"command", "the server's program and arguments", false, true, true},
};

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
    text += (i == 0 ? " " : ", ") + visible(names[i]);
  }
  if (names.size() > names_shown_max) text += ", …";
  return text;
}

struct Shim {
  net::Loop loop;
  std::optional<net::Child> child;
  std::optional<net::Channel> node;
  net::Fd server_errors;
  net::Watch errors_watch;
  std::optional<net::Signals> signals;
  net::Timer patience;
  Duration started{};
  std::optional<net::Exit> exit;
  std::string why;
  std::vector<std::string> withheld;
  bool ending = false, initialized = false, client_closed = false;

  void relay_errors();
  void end(const std::string& reason);
  Task<void> ladder();
  Task<void> watch_child();
};

// The server's standard error goes where the client expects it. Ours is never registered with the
// loop: whether it blocks is a property that other programs share.
void Shim::relay_errors() {
  char buffer[16384];
  const ssize_t count = ::read(server_errors.get(), buffer, sizeof buffer);
  if (count <= 0) {
    errors_watch.reset();
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

void Shim::end(const std::string& reason) {
  if (std::exchange(ending, true)) return;
  why = reason;
  spawn(ladder(), [this] { loop.stop(); });
}

Task<void> Shim::ladder() {
  const net::Ending ended = co_await child->end_gently();
  exit = ended.exit;
  for (const net::ProcessStat& left : ended.survivors) {
    err(fmt::format("pawl: process {} (`{}`) of the server is not proven dead", left.id.pid,
                    visible(left.name)));
  }
}

Task<void> Shim::watch_child() {
  exit = co_await child->ended();
  if (ending) co_return;
  // The node reads what the server still wrote, answers the client, and says that it is done.
  patience = loop.after(node_last_words, [this] { end("the server ended"); });
}

void on_frame(Shim& shim, const net::Frame& frame) {
  const auto document = json::parse(frame.text);
  if (!document) return;
  const json::View root = document->root();
  const auto op = root.text("op");
  if (op == "say") {
    err("pawl: " + visible(root.text("text").value_or(""), Newlines::escape));
  } else if (op == "end") {
    const json::View seen = root["initialized"];
    shim.initialized = seen.kind() == json::Kind::boolean && seen.boolean();
    const json::View server = root["server_ended"];
    shim.client_closed = server.kind() == json::Kind::boolean && !server.boolean();
    shim.end(std::string(root.text("why").value_or("")));
  }
}

int report(const Shim& shim, const Duration lived) {
  if (!shim.exit || shim.client_closed || shim.why == "signal") return exit_good;
  const bool soon = lived < early || !shim.initialized;
  err(fmt::format("pawl: the server ended with {}{}", net::to_string(*shim.exit),
                  soon ? fmt::format(" {} after its start",
                                     to_string(Duration::milliseconds(lived.ns / 1'000'000)))
                       : std::string()));
  if (soon && !shim.withheld.empty()) {
    err(fmt::format("pawl: {} variables of this environment were not passed to it:{}",
                    shim.withheld.size(), withheld_words(shim.withheld)));
    err("pawl: pass one with `--env NAME`");
  }
  return shim.exit->success() ? exit_good : exit_no;
}

Result<std::vector<std::string>> server_command(const Arguments& arguments,
                                                const Deployment* deployment,
                                                std::vector<std::string>& wanted) {
  std::vector<std::string> command = arguments.words("command");
  const std::string name = arguments.one("--server").value_or("");
  if (deployment != nullptr) {
    const auto bound = deployment->servers.find(name);
    if (bound != deployment->servers.end()) {
      if (command.empty()) command = bound->second.command;
      wanted.insert(wanted.end(), bound->second.env.begin(), bound->second.env.end());
    }
  }
  if (command.empty()) {
    return fail(Fault::usage, "no server: `pawl mcp [options] -- PROGRAM ARGUMENTS…`");
  }
  return command;
}

JoinRequest join_request(const Arguments& arguments, std::vector<std::string> command) {
  const auto variable = [](const char* name) {
    const char* text = std::getenv(name);
    return text == nullptr ? std::string() : std::string(text);
  };
  JoinRequest request;
  const std::string policy = arguments.one("--policy").value_or(variable("PAWL_POLICY"));
  if (!policy.empty()) request.policy = absolute(policy);
  if (const auto task = arguments.one("--task")) request.task = absolute(*task);
  request.server = arguments.one("--server").value_or("");
  request.command = std::move(command);
  std::error_code ignored;
  const std::string project = variable("CLAUDE_PROJECT_DIR");
  request.directory =
      project.empty() ? std::filesystem::current_path(ignored).string() : absolute(project);
  request.run = variable("PAWL_RUN");
  request.session = variable("CLAUDE_CODE_SESSION_ID");
  return request;
}

// Everything up to the moment when the node has the pipes.
Result<NodeConnection> join(const Arguments& arguments, Shim& shim) {
  auto directory = state_directory(arguments);
  if (!directory) return std::unexpected(directory.error());
  const std::string config = config_path(arguments);
  const DeploymentRead deployment = read_deployment(config, arguments.has("--config"));
  if (!deployment.errors.empty()) return std::unexpected(deployment.errors.front());
  std::vector<std::string> wanted = arguments.many("--env");
  auto command =
      server_command(arguments, deployment.deployment ? &*deployment.deployment : nullptr, wanted);
  if (!command) return std::unexpected(command.error());

  if (auto node = NodeLauncher(*directory, config).ensure(); !node) {
    return std::unexpected(node.error());
  }
  auto connection = NodeConnection::open(*directory, join_socket);
  if (!connection) return connection;

  auto started = net::start({.command = *command,
                             .environment = passed_environment(wanted, &shim.withheld),
                             .directory = {},
                             .error_output = net::ErrorOutput::pipe});
  if (!started) return std::unexpected(started.error());
  shim.started = shim.loop.now();
  auto in = net::take_standard(STDIN_FILENO);
  if (!in) return std::unexpected(in.error());
  auto out = net::take_standard(STDOUT_FILENO);
  if (!out) return std::unexpected(out.error());
  const std::vector<int> fds = {in->get(), out->get(), started->input.get(), started->output.get(),
                                started->pidfd.get()};
  const std::string request = to_json(join_request(arguments, *command));
  if (Status sent = connection->send(request, fds); !sent) return std::unexpected(sent.error());
  started->input.reset();
  started->output.reset();
  shim.server_errors = std::move(started->error_output);
  shim.child.emplace(shim.loop, std::move(*started));
  auto answer = connection->channel().receive(Duration::seconds(30));
  if (!answer) return std::unexpected(answer.error());
  const auto document = json::parse(answer->text);
  const json::View ok = document ? document->root()["ok"] : json::View();
  if (ok.kind() != json::Kind::boolean || !ok.boolean()) {
    return fail(Fault::refused,
                document ? std::string(document->root().text("error").value_or("refused"))
                         : std::string("the node did not answer"));
  }
  if (document->root().text("phase") == "halted") {
    err("pawl: this run is halted; a reviewer lifts it with `pawl resume run " +
        std::string(document->root().text("run").value_or("")) + "`");
  }
  return connection;
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
  if (!connection) {
    const int status = complain(connection.error());
    if (shim.child) {
      shim.end("refused");
      (void)shim.loop.run();
    }
    return status;
  }
  auto socket = connection->channel().socket().duplicate();
  if (!socket) return complain(socket.error());
  shim.node.emplace(shim.loop, std::move(*socket),
                    net::ChannelEvents{
                        .frame = [&shim](net::Frame frame) { on_frame(shim, frame); },
                        .end = [&shim](std::optional<Error>) { shim.end("the node is gone"); },
                    });
  auto watch = shim.loop.watch(shim.server_errors.get(), net::Interest::read,
                               [&shim](net::Ready) { shim.relay_errors(); });
  if (watch) shim.errors_watch = std::move(*watch);
  spawn(shim.watch_child());
  (void)shim.loop.run();
  const Duration lived{shim.loop.now().ns - shim.started.ns};
  return report(shim, lived);
}

}  // namespace

extern const CommandRow mcp_command = {
    "mcp",
    "use",
    "puts the gate in front of one stdio MCP server",
    kMcpOptions,
    kMcpWords,
    run_mcp,
    "Starts the server, joins the run of this client (or opens one), and lets the node decide "
    "every "
    "message. The policy is the one named with --policy, else PAWL_POLICY, else the one that the "
    "deployment file binds to this directory. The server gets the variables HOME, LOGNAME, PATH, "
    "SHELL, TERM, USER, LANG, LC_ALL, TMPDIR, TZ, and those named with --env."};

}  // namespace pawl::app
