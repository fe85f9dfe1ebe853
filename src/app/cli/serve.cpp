// `pawl serve`: the node in the foreground, with its doors on the network.
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "io/net/fd.h"
#include "io/net/unix_socket.h"
#include "io/sql/serve.h"
#include "node/common/log.h"
#include "node/files/config_files.h"
#include "node/gateway.h"
#include "node/node.h"

namespace pawl::app {
namespace {

constexpr OptionRow kServeOptions[] = {
    config_option,
    state_option,
    {"--log", "FORM", "`text` or `json`: how the log is written (default text)"},
};

int status_of(node::NodeEnd end) {
  switch (end) {
    case node::NodeEnd::done:
      return exit_good;
    case node::NodeEnd::refused:
      return exit_no;
    case node::NodeEnd::failed:
      return exit_usage;
  }
  return exit_usage;
}

Duration seconds_from_environment(const char* name, Duration otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  const auto parsed = parse_duration(text);
  return parsed ? *parsed : otherwise;
}

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  const std::string_view digits = text;
  std::uint64_t parsed = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
  const bool whole = wrong == std::errc() && end == digits.data() + digits.size();
  return whole && parsed > 0 ? parsed : otherwise;
}

int run_launch(const Arguments& arguments) {
  auto directory = state_directory(arguments);
  if (!directory) return exit_usage;
  node::NodeOptions options;
  options.state_directory = *directory;
  options.config = config_path(arguments);
  options.config_named = arguments.has("--config");
  options.idle = seconds_from_environment("PAWL_NODE_IDLE", options.idle);
  options.idle_close = seconds_from_environment("PAWL_IDLE_CLOSE", options.idle_close);
  // Only ever sooner: a snapshot more takes nothing but time.
  options.snapshot_records =
      number_from_environment("PAWL_SNAPSHOT_RECORDS", options.snapshot_records);
  // Only ever sooner: who starts a node first must not make calls wait for ever.
  options.call_deadline = std::min(
      options.call_deadline, seconds_from_environment("PAWL_CALL_DEADLINE", options.call_deadline));
  return status_of(node::run_node(options));
}

constexpr OptionRow kNodeOptions[] = {state_option, config_option};

// The node that has a state directory now, as it says of itself.
struct RunningNode {
  net::Peer process;
  bool serves = false;
  std::uint64_t clients = 0, questions = 0;
  std::string idle;
};

// Null: none runs.
Result<std::unique_ptr<RunningNode>> running_node(const std::string& directory) {
  auto node = NodeConnection::open(directory, node::control_socket);
  if (!node && node.error().fault == ErrorKind::missing) return nullptr;
  PAWL_TRY(node);
  auto process = net::peer_of(node->channel().socket());
  PAWL_TRY(process);
  const auto answer = node->ask(R"({"op":"node"})");
  PAWL_TRY(answer);
  const json::View root = answer->root();
  auto running = std::make_unique<RunningNode>();
  running->process = std::move(*process);
  running->serves = root["serves"].kind() == json::Kind::boolean && root["serves"].boolean();
  if (root["clients"].is_integer()) running->clients = root["clients"].natural();
  if (root["questions"].is_integer()) running->questions = root["questions"].natural();
  running->idle = escape_untrusted(root.text("idle").value_or(""));
  return running;
}

constexpr int ended_within_ms = 30'000;

// Tells it to end in order, and waits until it has: its lock is free then.
Status end_node(const RunningNode& node) {
  const auto pid = node.process.process.pid;
  if (pid <= 0 || !node.process.pidfd.open()) {
    return fail(ErrorKind::environment, "the node's process is not one that this user sees");
  }
  if (::kill(pid, SIGTERM) != 0) {
    return std::unexpected(net::system_error(ErrorKind::environment, "stop the node", errno));
  }
  pollfd over{.fd = node.process.pidfd.get(), .events = POLLIN, .revents = 0};
  if (::poll(&over, 1, ended_within_ms) == 1) return {};
  return fail(ErrorKind::environment, fmt::format("process {} did not end in time", pid));
}

// What must not be ended unasked keeps the directory; a node that only waits makes room.
Status take_over(const std::string& directory) {
  const auto running = running_node(directory);
  PAWL_TRY(running);
  if (*running == nullptr) return {};
  const RunningNode& node = **running;
  const auto pid = node.process.process.pid;
  if (node.serves) {
    return fail(ErrorKind::refused,
                fmt::format("`pawl serve` has `{}` already (process {}), until it is told to end: "
                            "`pawl stop`",
                            escape_untrusted(directory), pid));
  }
  if (node.clients > 0 || node.questions > 0) {
    return fail(
        ErrorKind::refused,
        fmt::format("the background node (process {}) has `{}`, for {} clients of `pawl "
                    "mcp` and {} open approval requests, until {} after the last of them; `pawl "
                    "stop` ends it now",
                    pid, escape_untrusted(directory), node.clients, node.questions, node.idle));
  }
  err(fmt::format("pawl: takes over from the background node (process {}), which had nothing to do",
                  pid));
  return end_node(node);
}

int run_stop(const Arguments& arguments) {
  auto directory = state_directory(arguments);
  if (!directory) return complain(directory.error());
  const auto running = running_node(*directory);
  if (!running) return complain(running.error());
  const bool none = *running == nullptr;
  if (!none) {
    if (Status ended = end_node(**running); !ended) return complain(ended.error());
  }
  if (arguments.has("--json")) {
    json::Writer json;
    json.object().key("stopped").boolean(!none);
    if (!none) json.key("process").integer((*running)->process.process.pid);
    out(json.end().text());
  } else {
    out(none ? "no node runs for `" + escape_untrusted(*directory) + "`"
             : paint(Ink::good, "stopped") + fmt::format("   process {}, with {} clients",
                                                         (*running)->process.process.pid,
                                                         (*running)->clients));
  }
  return exit_good;
}

constexpr OptionRow kStopOptions[] = {state_option, json_option};

int run_serve(const Arguments& arguments) {
  auto directory = state_directory(arguments);
  if (!directory) return complain(directory.error());
  node::NodeOptions options;
  options.state_directory = *directory;
  options.config = config_path(arguments);
  options.config_named = true;
  options.serves = true;
  if (const auto form = arguments.one("--log")) {
    if (*form != "text" && *form != "json") {
      const std::string found = "`--log " + escape_untrusted(*form) + "`";
      return complain({ErrorKind::usage, found + ": expected `text` or `json`", {}});
    }
    // Before there is a second thread.
    ::setenv(node::log_variable, form->c_str(), 1);
  }
  const std::vector<Error> errors =
      node::serving_mistakes(node::read_deployment(options.config, true));
  for (const Error& error : errors) err("pawl: " + to_string(error));
  if (!errors.empty()) return exit_usage;
  if (Status free = take_over(*directory); !free) return complain(free.error());
  return status_of(node::run_node(options));
}

}  // namespace

extern const CommandRow serve_command = {
    "serve",
    "use",
    "serves MCP over HTTP to many agents, one address for each role",
    kServeOptions,
    {},
    run_serve,
    "Listens where `listen` of the deployment file says, and offers each role that has `servers` "
    "at /mcp/ROLE. It is the node of its state directory, in the foreground: `pawl mcp`, "
    "`pawl approvals` and the others find it there. Nothing is started where the deployment file "
    "or one of the policies has a mistake. A background node of that directory that has nothing to "
    "do makes room; one with clients or open approval requests does not, and is named. It ends in "
    "order on "
    "SIGTERM, and reads the deployment "
    "file and the certificate again on SIGHUP; a bad file leaves what was in force."};

extern const CommandRow stop_command = {
    "stop",
    "run",
    "ends the node of a state directory in order; needs no permission",
    kStopOptions,
    {},
    run_stop,
    "Whether `pawl serve` or one in the background: running calls get their time, clients hear "
    "that "
    "the node ends, and what waits for a person is still there when the next one starts. To stop "
    "agents and not the node, use `pawl kill`."};

extern const CommandRow node_command = {
    "node",       "", "serves a state directory in the foreground; started by the others as needed",
    kNodeOptions, {}, run_launch};

namespace {

int run_sql(const Arguments&) {
  return sql::serve();
}

}  // namespace

extern const CommandRow sql_parser_command = {
    "sql-parser", "", "reads SQL for the others, confined; started by them as needed",
    {},           {}, run_sql};

}  // namespace pawl::app
