// `pawl serve`: the node in the foreground, with its doors on the network.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "app/cli/commands.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
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
  return errors.empty() ? status_of(node::run_node(options)) : exit_usage;
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
    "or one of the policies has a mistake. It ends in order on SIGTERM, and reads the deployment "
    "file and the certificate again on SIGHUP; a bad file leaves what was in force."};

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
