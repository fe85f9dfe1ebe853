// Servers of the deployment file.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/policy/deployment_read.h"
#include "kernel/policy/name.h"

namespace pawl {
namespace {

void check_variables(DeploymentBuild& build, const yaml::Node& node) {
  for (const yaml::Node& item : node.items) {
    if (!item.is_scalar() || item.text.empty() || is_variable(item.text)) continue;
    const bool assigned = item.text.find('=') != std::string::npos;
    build.reading.mistake(item.at,
                          fmt::format("`{}` is no name of a variable{}", visible(item.text),
                                      assigned ? ": the value is not written here" : ""));
  }
}

void check_server_name(DeploymentBuild& build, const yaml::Entry& entry) {
  if (entry.key.starts_with("mcp:") || lower_ascii(entry.key) == "pawl") {
    build.reading.mistake(entry.key_at, fmt::format("`{}` is a reserved name", visible(entry.key)));
  }
  const auto pattern = parse_name(entry.key + "/x");
  if (!pattern || pattern->glob() || pattern->any_server) {
    build.reading.mistake(entry.key_at,
                          fmt::format("`{}` is no name of a server", visible(entry.key)));
  }
}

void read_server(DeploymentBuild& build, const yaml::Entry& entry) {
  Deployment::Server server;
  server.at = entry.key_at;
  check_server_name(build, entry);
  const bool read = build.reading.keys(entry.value, Section::server, [&](const yaml::Entry& key) {
    if (key.key == "command") {
      server.command = build.words(key.value, "command");
    } else if (key.key == "env") {
      server.env = build.list(key.value, "env");
      check_variables(build, key.value);
    } else {
      return false;
    }
    return true;
  });
  // Where a URL stands in its place, the URL is the mistake.
  if (read && entry.value.entry("url") == nullptr) {
    build.reading.missing(entry.value, Section::server, "command");
  }
  build.into.servers[entry.key] = std::move(server);
}

}  // namespace

void read_servers(DeploymentBuild& build, const yaml::Entry& entry) {
  build.reading.names(entry.value, "servers",
                      [&build](const yaml::Entry& one) { read_server(build, one); });
}

}  // namespace pawl
