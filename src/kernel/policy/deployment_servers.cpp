// Servers of the deployment file: programs that are started, or addresses that are reached.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "kernel/policy/deployment_read.h"
#include "kernel/policy/name.h"

namespace pawl {
namespace {

constexpr std::size_t url_bytes_max = 2048;
constexpr std::string_view host_characters = "abcdefghijklmnopqrstuvwxyz0123456789.-";
constexpr std::string_view address_characters = "0123456789abcdef:.";

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

bool only(std::string_view text, std::string_view permitted) {
  return !text.empty() && text.find_first_not_of(permitted) == std::string_view::npos;
}

// The host and the port of `[::1]:80` or `api.example`; false where it is none of the two.
bool read_authority(std::string_view text, Deployment::Server& into) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    into.host = lower_ascii(text.substr(1, end - 1));
    if (!only(into.host, address_characters)) return false;
    text.remove_prefix(end + 1);
    if (!text.empty() && !text.starts_with(':')) return false;
    port = text;
  } else {
    const std::size_t colon = text.find(':');
    into.host = lower_ascii(text.substr(0, colon));
    if (!only(into.host, host_characters)) return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  if (!only(port, "0123456789") || port.size() > 5) return false;
  const auto [end, wrong] = std::from_chars(port.data(), port.data() + port.size(), into.port);
  return wrong == std::errc() && into.port != 0;
}

// One reading of an address, and none where two readers could differ: no user, no fragment, nothing
// outside of printable ASCII, no backslash.
bool read_address_of(std::string_view url, Deployment::Server& into) {
  const bool encrypted = url.starts_with("https://");
  if (!encrypted && !url.starts_with("http://")) return false;
  const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; });
  if (!printable || url.size() > url_bytes_max || url.find_first_of("\\@#\"<>^`{|}") != url.npos) {
    return false;
  }
  url.remove_prefix(encrypted ? 8 : 7);
  into.port = encrypted ? 443 : 80;
  return read_authority(url.substr(0, url.find_first_of("/?")), into);
}

// Where nobody resolves a name: who writes such an address means this place.
bool is_numeric(const std::string& host) {
  return host.find(':') != std::string::npos || only(host, "0123456789.");
}

bool is_here(const std::string& host) {
  return host == "localhost" || host == "::1" || (is_numeric(host) && host.starts_with("127."));
}

void read_url(DeploymentBuild& build, const yaml::Node& node, Deployment::Server& server) {
  const auto url = build.reading.text(node, "url");
  if (!url) return;
  if (read_address_of(*url, server)) {
    server.url = *url;
  } else {
    build.reading.mistake(node.at,
                          "this is no address of a server: expected "
                          "`https://HOST/PATH`, without a user and without `#`");
  }
}

bool read_server_key(DeploymentBuild& build, const yaml::Entry& key, Deployment::Server& server) {
  if (key.key == "command") {
    server.command = build.words(key.value, "command");
  } else if (key.key == "env") {
    server.env = build.list(key.value, "env");
    check_variables(build, key.value);
  } else if (key.key == "url") {
    read_url(build, key.value, server);
  } else if (key.key == "private") {
    server.own_network = build.reading.boolean(key.value, "private").value_or(false);
  } else if (key.key == "ca") {
    server.ca = build.reading.text(key.value, "ca").value_or("");
  } else if (key.key == "credential") {
    server.credential = build.reading.text(key.value, "credential").value_or("");
    build.carried.push_back({server.credential, {server.credential, key.value.at}});
  } else if (key.key == "header") {
    server.header = lower_ascii(build.reading.text(key.value, "header").value_or(""));
    if (!server.header.empty() && !only(server.header, "abcdefghijklmnopqrstuvwxyz0123456789-_")) {
      build.reading.mistake(
          key.value.at, fmt::format("`{}` is no name of a header field", visible(server.header)));
    }
  } else {
    return false;
  }
  return true;
}

// Keys that belong to the other kind of server.
void check_kind(DeploymentBuild& build, const yaml::Node& node, const Deployment::Server& server) {
  const bool reached = node.entry("url") != nullptr;
  if (!reached) build.reading.missing(node, Section::server, "command");
  build.reading.both(node, "command", "url");
  for (const std::string_view key : {"private", "ca", "credential", "header"}) {
    const yaml::Entry* entry = node.entry(key);
    if (entry == nullptr || reached) continue;
    build.reading.mistake(entry->key_at,
                          fmt::format("`{}` is about a server that has a `url`", key));
  }
  if (const yaml::Entry* env = node.entry("env"); env != nullptr && reached) {
    build.reading.mistake(env->key_at, "`env` is about a server that has a `command`");
  }
  if (server.url.starts_with("http://") && !server.own_network && !is_here(server.host)) {
    build.reading.mistake(node.entry("url")->value.at,
                          "`http` is read by everybody on the way: expected `https`, or "
                          "`private: true` where the way is your own");
  }
}

void read_server(DeploymentBuild& build, const yaml::Entry& entry) {
  Deployment::Server server;
  server.at = entry.key_at;
  check_server_name(build, entry);
  const bool read = build.reading.keys(entry.value, Section::server, [&](const yaml::Entry& key) {
    return read_server_key(build, key, server);
  });
  if (read) check_kind(build, entry.value, server);
  // Nobody resolves a number to anything else: who writes one means it.
  if (is_numeric(server.host) || is_here(server.host)) server.own_network = true;
  build.into.servers[entry.key] = std::move(server);
}

}  // namespace

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
