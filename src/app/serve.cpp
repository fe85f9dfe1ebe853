// `pawl serve`: the node in the foreground, with its doors on the network.
#include <cstdlib>

#include "app/command.h"
#include "app/commands.h"
#include "app/gateway.h"
#include "app/log.h"
#include "app/node.h"
#include "app/paths.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {
namespace {

constexpr OptionRow kServeOptions[] = {
    config_option,
    state_option,
    {"--log", "FORM", "`text` or `json`: how the log is written (default text)"},
};

int run_serve(const Arguments& arguments) {
  auto directory = state_directory(arguments);
  if (!directory) return complain(directory.error());
  NodeOptions options;
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
    ::setenv(log_variable, form->c_str(), 1);
  }
  const std::vector<Error> errors = serving_mistakes(read_deployment(options.config, true));
  for (const Error& error : errors) err("pawl: " + to_string(error));
  return errors.empty() ? run_node(options) : exit_usage;
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

}  // namespace pawl::app
