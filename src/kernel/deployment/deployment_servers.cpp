// Servers of the deployment file: programs that are started, or addresses that are reached.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/name.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {
namespace {

void check_variables(DeploymentBuild& build, const yaml::Node& node) {
  for (const yaml::Node& item : node.items) {
    if (!item.is_scalar() || item.text.empty() || is_variable(item.text)) continue;
    const bool assigned = item.text.find('=') != std::string::npos;
    build.reading.mistake(
        item.at, fmt::format("`{}` is no name of a variable{}", escape_untrusted(item.text),
                             assigned ? ": the value is not written here" : ""));
  }
}

void check_server_name(DeploymentBuild& build, const yaml::Entry& entry) {
  if (entry.key.starts_with("mcp:") || lower_ascii(entry.key) == "pawl") {
    build.reading.mistake(entry.key_at,
                          fmt::format("`{}` is a reserved name", escape_untrusted(entry.key)));
  }
  const auto pattern = parse_name(entry.key + "/x");
  if (!pattern || pattern->glob() || pattern->any_server) {
    build.reading.mistake(entry.key_at,
                          fmt::format("`{}` is no name of a server", escape_untrusted(entry.key)));
  }
}

bool only_of(std::string_view text, std::string_view permitted) {
  return !text.empty() && text.find_first_not_of(permitted) == std::string_view::npos;
}

bool read_server_key(DeploymentBuild& build, const yaml::Entry& key, Deployment::Server& server) {
  if (key.key == "command") {
    server.command = build.words(key.value, "command");
  } else if (key.key == "env") {
    server.env = build.list(key.value, "env");
    check_variables(build, key.value);
  } else if (key.key == "url") {
    read_url(build, key.value, "url", server);
  } else if (read_way(build, key, server)) {
    return true;
  } else if (key.key == "credential") {
    server.credential = build.reading.text(key.value, "credential").value_or("");
    build.carried.push_back({server.credential, {server.credential, key.value.at}});
  } else if (key.key == "header") {
    server.header = read_header_name(build, key.value);
  } else if (key.key == "shared") {
    server.shared = build.reading.boolean(key.value, "shared").value_or(false);
  } else if (key.key == "variable") {
    server.variable = build.reading.text(key.value, "variable").value_or("");
    if (!server.variable.empty() && !is_variable(server.variable)) {
      build.reading.mistake(key.value.at, fmt::format("`{}` is no name of a variable",
                                                      escape_untrusted(server.variable)));
    }
  } else {
    return false;
  }
  return true;
}

// Keys that belong to the other kind of server.
void check_kind(DeploymentBuild& build, const yaml::Node& node, Deployment::Server& server) {
  const bool reached = node.entry("url") != nullptr;
  if (!reached) build.reading.missing(node, Section::server, "command");
  build.reading.both(node, "command", "url");
  for (const std::string_view key : {"private", "ca", "header"}) {
    const yaml::Entry* entry = node.entry(key);
    if (entry == nullptr || reached) continue;
    build.reading.mistake(entry->key_at,
                          fmt::format("`{}` is about a server that has a `url`", key));
  }
  for (const std::string_view key : {"env", "variable", "shared"}) {
    const yaml::Entry* entry = node.entry(key);
    if (entry == nullptr || !reached) continue;
    build.reading.mistake(entry->key_at,
                          fmt::format("`{}` is about a server that has a `command`", key));
  }
  if (!server.variable.empty() &&
      std::ranges::find(server.env, server.variable) != server.env.end()) {
    build.reading.mistake(node.entry("variable")->value.at,
                          fmt::format("`{}` stands in `env` too: it is either passed on or gets "
                                      "the credential",
                                      escape_untrusted(server.variable)));
  }
  // One process has one secret, and would act with it for everybody.
  if (server.shared && !(server.credential.empty() && server.variable.empty())) {
    build.reading.mistake(node.entry("shared")->key_at,
                          "a server that gets a secret is not shared: its process belongs to the "
                          "credential that it was started with");
  }
  check_way(build, node, "url", server);
}

void read_server(DeploymentBuild& build, const yaml::Entry& entry) {
  Deployment::Server server;
  server.at = entry.key_at;
  check_server_name(build, entry);
  const bool read = build.reading.keys(entry.value, Section::server, [&](const yaml::Entry& key) {
    return read_server_key(build, key, server);
  });
  if (read) check_kind(build, entry.value, server);
  build.into.servers[entry.key] = std::move(server);
}

}  // namespace

std::string read_header_name(DeploymentBuild& build, const yaml::Node& node) {
  std::string name = lower_ascii(build.reading.text(node, "header").value_or(""));
  if (!name.empty() && !only_of(name, "abcdefghijklmnopqrstuvwxyz0123456789-_")) {
    build.reading.mistake(node.at,
                          fmt::format("`{}` is no name of a header field", escape_untrusted(name)));
  }
  return name;
}

void read_servers(DeploymentBuild& build, const yaml::Entry& entry) {
  build.reading.names(entry.value, "servers",
                      [&build](const yaml::Entry& one) { read_server(build, one); });
}

void check_servers(DeploymentBuild& build) {
  std::vector<std::string> names = build.into.credential_names();
  for (const Mention& one : build.carried) {
    if (!one.name.text.empty() && !build.into.credentials.contains(one.name.text)) {
      build.unknown(one.name, "credential", names);
    }
  }
  names.clear();
  for (const auto& [name, server] : build.into.servers) names.push_back(name);
  for (const Mention& one : build.bound_to) {
    if (!build.into.servers.contains(one.name.text)) build.unknown(one.name, "server", names);
  }
  if (!build.reading.sound()) return;
  for (const auto& [name, server] : build.into.servers) {
    const auto carried = build.into.credentials.find(server.credential);
    if (carried == build.into.credentials.end()) continue;
    // Which role will use it is not known here.
    const std::vector<std::string>& roles = carried->second.roles;
    if (Status fits = build.into.check_use(carried->first, roles, name, {}); !fits) {
      build.reading.mistake(server.at, fits.error().message);
    }
  }
}

}  // namespace pawl
