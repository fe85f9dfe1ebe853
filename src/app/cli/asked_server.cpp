// Which server a command asks, from its command line and the deployment file.
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "app/cli/asked_server.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "node/files/config_files.h"
#include "node/servers/tool_discovery.h"

namespace pawl::app {
namespace {

// The server of this name in the deployment file, started or reached as the node would. One that
// gets a secret is left to what the node has for that.
Result<node::AskedServer> of_deployment(const Arguments& arguments, const std::string& name,
                                        std::vector<std::string> wanted) {
  node::DeploymentRead read = node::read_deployment(config_path(arguments), true);
  if (!read.deployment) return std::unexpected(read.errors.front());
  const auto found = read.deployment->servers.find(name);
  if (found == read.deployment->servers.end()) {
    return fail(ErrorKind::usage,
                fmt::format("the deployment file has no server `{}`: name one of its `servers`, or "
                            "give the program behind `--`",
                            escape_untrusted(name)),
                {read.path, 0, 0});
  }
  node::AskedServer asked{.name = name};
  const Deployment::Server& server = found->second;
  if (server.url.empty() && server.credential.empty()) {
    wanted.insert(wanted.end(), server.env.begin(), server.env.end());
    asked.command = server.command;
    asked.directory = std::filesystem::path(read.path).parent_path().string();
    asked.environment = node::passed_environment(wanted);
    if (!asked.command.empty()) return asked;
    return fail(ErrorKind::usage,
                fmt::format("the deployment file says neither `command` nor `url` of `{}`: give "
                            "the program behind `--`",
                            escape_untrusted(name)),
                server.at);
  }
  auto directory = state_directory(arguments);
  PAWL_TRY(directory);
  asked.state_directory = std::move(*directory);
  asked.deployment = std::move(*read.deployment);
  return asked;
}

}  // namespace

Result<node::DiscoveredTools> offered_by(node::AskedServer server) {
  auto offer = node::discover_tools(std::move(server));
  if (!offer) return offer;
  for (const std::string& note : offer->notes) err("note: " + note);
  return offer;
}

Result<node::AskedServer> asked_server(const Arguments& arguments, std::vector<std::string> roles) {
  return asked_server(arguments, arguments.one("--server").value_or(""), std::move(roles));
}

Result<node::AskedServer> asked_server(const Arguments& arguments, const std::string& name,
                                       std::vector<std::string> roles) {
  std::vector<std::string> command = arguments.words("command");
  std::vector<std::string> wanted = arguments.many("--env");
  if (!command.empty()) {
    return node::AskedServer{.name = name,
                             .command = std::move(command),
                             .environment = node::passed_environment(wanted)};
  }
  if (name.empty()) {
    return fail(ErrorKind::usage,
                "no server: name one of the deployment file with `--server NAME`, or give its "
                "program behind `--`");
  }
  auto asked = of_deployment(arguments, name, std::move(wanted));
  if (asked) asked->roles = std::move(roles);
  return asked;
}

}  // namespace pawl::app
