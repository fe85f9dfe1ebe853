// Servers of the deployment file: programs that are started, or addresses that are reached.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/name.h"
#include "kernel/deployment/deployment_read.h"
#include "kernel/policy/models.h"

namespace pawl {
namespace {

void check_variables(DeploymentBuild& build, const yaml::Node& node) {
  for (const yaml::Node& item : node.items) {
    if (!item.is_scalar() || item.text.empty() || is_variable(item.text)) continue;
    const bool assigned = item.text.find('=') != std::string::npos;
    build.reading.mistake(
        item.at, fmt::format("`{}` is not a valid variable name{}", escape_untrusted(item.text),
                             assigned ? ": the value is not written here" : ""));
  }
}

void check_server_name(DeploymentBuild& build, const yaml::Entry& entry) {
  const std::string name = lower_ascii(entry.key);
  if (name.starts_with("mcp:") || name.starts_with(model_prefix) || name == "pawl") {
    build.reading.mistake(entry.key_at,
                          fmt::format("`{}` is a reserved name", escape_untrusted(entry.key)));
  }
  const auto pattern = parse_name(entry.key + "/x");
  const bool slash = entry.key.find('/') != std::string::npos;
  if (slash || !pattern || pattern->glob() || pattern->any_server) {
    build.reading.mistake(
        entry.key_at, fmt::format("`{}` is not a valid server name", escape_untrusted(entry.key)));
  }
}

bool only_of(std::string_view text, std::string_view permitted) {
  return !text.empty() && text.find_first_not_of(permitted) == std::string_view::npos;
}

void read_variables(DeploymentBuild& build, Deployment::Server& server, const yaml::Entry& key) {
  server.env = build.list(key.value, key.key);
  check_variables(build, key.value);
}

void read_carried(DeploymentBuild& build, Deployment::Server& server, const yaml::Entry& key) {
  text<&Deployment::Server::credential>(build, server, key);
  build.carried.push_back({server.credential, key.value.at});
}

void read_variable(DeploymentBuild& build, Deployment::Server& server, const yaml::Entry& key) {
  text<&Deployment::Server::variable>(build, server, key);
  if (server.variable.empty() || is_variable(server.variable)) return;
  build.reading.mistake(key.value.at, fmt::format("`{}` is not a valid variable name",
                                                  escape_untrusted(server.variable)));
}

constexpr std::string_view kEnv = "env";
constexpr std::string_view kVariable = "variable";
constexpr std::string_view kShared = "shared";

constexpr auto kServerKeys = section_keys<DeploymentBuild, Deployment::Server>(
    Section::server,
    {
        {kCommand, "list of words", "required, or `url`", 13, "The program and its arguments.",
         words<&Deployment::Server::command>},
        {kEnv, "list of names", "none", 13, "Variables that are passed on; no others are.",
         read_variables},
        {kUrl, "text", "required, or `command`", 13,
         "Where a server on the network is reached: `https://HOST/PATH`. `http` only on this "
         "machine, "
         "or with `private`.",
         url<>},
        {kPrivate, "true or false", "false", 13,
         "Its name may stand for an address in a private network or on this machine.",
         boolean<&ReachedHost::own_network>},
        {kCa, "text", "the system's", 13,
         "A PEM file: the certificates that vouch for it, and no others do.",
         text<&ReachedHost::ca>},
        {"credential", "text", "none", 13,
         "The credential that every message to it carries; a tool's own takes its place.",
         read_carried},
        {kHeader, "text", "`Authorization: Bearer`", 13,
         "The header field whose whole value the credential is.",
         header_name<&Deployment::Server::header>},
        {kVariable, "text", "none", 13,
         "The variable in which a program that `pawl serve` starts gets its credential.",
         read_variable},
        {kShared, "true or false", "false", 13,
         "One process of a program for the sessions of all runs of `pawl serve`.",
         boolean<&Deployment::Server::shared>},
    });

// Keys that belong to the other kind of server.
void check_kind(DeploymentBuild& build, const yaml::Node& node, Deployment::Server& server) {
  const bool reached = node.entry(kUrl) != nullptr;
  if (!reached) build.reading.missing(node, Section::server, kCommand);
  build.reading.both(node, kCommand, kUrl);
  for (const std::string_view key : {kPrivate, kCa, kHeader}) {
    const yaml::Entry* entry = node.entry(key);
    if (entry == nullptr || reached) continue;
    build.reading.mistake(entry->key_at,
                          fmt::format("`{}` is about a server that has a `url`", key));
  }
  for (const std::string_view key : {kEnv, kVariable, kShared}) {
    const yaml::Entry* entry = node.entry(key);
    if (entry == nullptr || !reached) continue;
    build.reading.mistake(entry->key_at,
                          fmt::format("`{}` is about a server that has a `command`", key));
  }
  if (!server.variable.empty() &&
      std::ranges::find(server.env, server.variable) != server.env.end()) {
    build.reading.mistake(node.entry(kVariable)->value.at,
                          fmt::format("`{}` stands in `env` too: it is either passed on or gets "
                                      "the credential",
                                      escape_untrusted(server.variable)));
  }
  // One process has one secret, and would act with it for everybody.
  if (server.shared && !(server.credential.empty() && server.variable.empty())) {
    build.reading.mistake(node.entry(kShared)->key_at,
                          "a server that gets a secret is not shared: its process belongs to the "
                          "credential that it was started with");
  }
  check_way(build, node, kUrl, server);
}

}  // namespace

void read_server(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  Deployment::Server server;
  server.at = entry.key_at;
  check_server_name(build, entry);
  if (read_section(build, entry.value, kServerKeys, server)) {
    check_kind(build, entry.value, server);
  }
  into.servers[entry.key] = std::move(server);
}

void list_server_keys(std::vector<Key>& into) {
  kServerKeys.list(into);
}

std::string read_header_name(DeploymentBuild& build, const yaml::Entry& key) {
  std::string name = lower_ascii(build.reading.text(key.value, key.key).value_or(""));
  if (!name.empty() && !only_of(name, "abcdefghijklmnopqrstuvwxyz0123456789-_")) {
    build.reading.mistake(
        key.value.at, fmt::format("`{}` is not a valid header field name", escape_untrusted(name)));
  }
  return name;
}

void check_servers(DeploymentBuild& build) {
  std::vector<std::string> names = build.into.credential_names();
  for (const Placed& one : build.carried) {
    if (!one.text.empty() && !build.into.credentials.contains(one.text)) {
      build.unknown(one, "credential", names);
    }
  }
  names.clear();
  for (const auto& [name, server] : build.into.servers) names.push_back(name);
  for (const Placed& one : build.bound_to) {
    if (!build.into.servers.contains(one.text)) build.unknown(one, "server", names);
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
