// `pawl serve`: the node in the foreground, with its doors on the network.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "app/command.h"
#include "app/commands.h"
#include "app/gateway.h"
#include "app/log.h"
#include "app/node.h"
#include "app/paths.h"
#include "app/real_path.h"
#include "app/terminal.h"
#include "base/text.h"
#include "kernel/policy/identities.h"

namespace pawl::app {
namespace {

constexpr OptionRow kServeOptions[] = {
    config_option,
    state_option,
    {"--log", "FORM", "`text` or `json`: how the log is written (default text)"},
};

bool has_agents(const Deployment& deployment, const std::string& role) {
  return std::ranges::any_of(deployment.agents,
                             [&role](const auto& entry) { return entry.second.role == role; });
}

// Everything that can be known to be wrong before anything is started, all of it at once.
std::vector<Error> serve_mistakes(const DeploymentRead& read) {
  if (!read.deployment) return read.errors;
  const Deployment& deployment = *read.deployment;
  const std::string directory = std::filesystem::path(read.path).parent_path().string();
  std::vector<Error> errors = serving_mistakes(deployment, directory);
  std::vector<std::shared_ptr<const Policy>> policies;
  for (const auto& [name, role] : deployment.roles) {
    if (role.servers.empty() && !has_agents(deployment, name)) continue;
    const std::string file = (std::filesystem::path(directory) / home_expanded(role.file)).string();
    const Loaded loaded = read_policy(file, &deployment);
    errors.insert(errors.end(), loaded.errors.begin(), loaded.errors.end());
    if (loaded.policy) policies.push_back(loaded.policy);
  }
  for (Error& error : shared_identities(deployment, policies)) errors.push_back(std::move(error));
  return errors;
}

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
      const std::string found = "`--log " + visible(*form) + "`";
      return complain({Fault::usage, found + ": expected `text` or `json`", {}});
    }
    // Before there is a second thread.
    ::setenv(log_variable, form->c_str(), 1);
  }
  const std::vector<Error> errors = serve_mistakes(read_deployment(options.config, true));
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
