// Where the doors on the network listen, as the deployment file says it.
//
// An address is written as text and checked here in form; whether this machine has it, is found out
// by listening. Nothing is listened on where one key of this section is wrong.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {
namespace {

constexpr std::string_view expected_address =
    "expected `ADDRESS:PORT` with a numeric address or `localhost`, or the path of a socket";
constexpr std::size_t socket_path_bytes_max = 100;

bool all_of(std::string_view text, std::string_view permitted) {
  return !text.empty() && text.find_first_not_of(permitted) == std::string_view::npos;
}

bool is_host(std::string_view host) {
  if (host == "localhost" || all_of(host, "0123456789.")) return true;
  return host.starts_with('[') && host.ends_with(']') && host.size() > 2 &&
         all_of(host.substr(1, host.size() - 2), "0123456789abcdefABCDEF:.");
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  if (!all_of(text, "0123456789") || text.size() > 5) return std::nullopt;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::optional<Deployment::Address> parse_address(std::string_view text) {
  Deployment::Address address;
  if (text.starts_with('/')) {
    if (text.size() > socket_path_bytes_max || text.ends_with('/')) return std::nullopt;
    address.socket = std::string(text);
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_host(text.substr(0, colon))) return std::nullopt;
  const auto port = port_of(text.substr(colon + 1));
  if (!port) return std::nullopt;
  address.host = std::string(text.substr(0, colon));
  address.port = *port;
  return address;
}

Deployment::Address read_address(DeploymentBuild& build, const yaml::Entry& key) {
  const auto text = build.reading.text(key.value, key.key);
  auto address = text ? parse_address(*text) : std::nullopt;
  if (text && !address) {
    build.reading.mistake(key.value.at, fmt::format("`{}` is no address to listen on: {}",
                                                    escape_untrusted(*text), expected_address));
  }
  if (!address) address.emplace();
  address->at = key.value.at;
  return *address;
}

// As a client writes it in `Host`: a name or an address, and a port where only that one counts.
bool is_host_name(std::string_view text) {
  return all_of(text, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") && !text.starts_with(':');
}

// As browsers write it: scheme, host, and the port where it is not the scheme's own.
bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) return is_host_name(text.substr(scheme.size()));
  }
  return false;
}

std::vector<std::string> read_names(DeploymentBuild& build, const yaml::Entry& key,
                                    bool (*fine)(std::string_view), std::string_view expected) {
  std::vector<std::string> out;
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    if (fine(one.text)) {
      out.push_back(std::move(one.text));
    } else {
      build.reading.mistake(one.at, fmt::format("`{}` in `{}`: expected {}",
                                                escape_untrusted(one.text), key.key, expected));
    }
  }
  return out;
}

void read_tls(DeploymentBuild& build, const yaml::Node& node, Deployment::Listen& into) {
  std::optional<Position> clients_at;
  const bool read = build.reading.keys(node, Section::tls, [&](const yaml::Entry& key) {
    if (key.key == "certificate") {
      into.certificate = build.reading.text(key.value, "certificate").value_or("");
    } else if (key.key == "key") {
      into.key = build.reading.text(key.value, "key").value_or("");
    } else if (key.key == "client_ca") {
      into.client_ca = build.reading.text(key.value, "client_ca").value_or("");
    } else if (key.key == "clients") {
      const auto word = build.reading.word(key.value, "clients", {"optional", "required"});
      into.clients_certified = word == 1U;
      clients_at = key.key_at;
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  build.reading.missing(node, Section::tls, "certificate");
  build.reading.missing(node, Section::tls, "key");
  if (clients_at && into.client_ca.empty()) {
    build.reading.mistake(*clients_at,
                          "`clients` without `client_ca`: nobody vouches for their certificates");
  }
}

// They say what agents do, and whoever reaches the address reads them.
void check_metrics(DeploymentBuild& build, const Deployment::Address& address) {
  if (address.none() || address.local()) return;
  build.reading.mistake(address.at,
                        "other machines can reach this address, and whoever does reads the "
                        "metrics: expected an address of this machine alone, or a socket");
}

// A browser knows no socket files.
void check_console(DeploymentBuild& build, const Deployment::Address& address) {
  if (address.socket.empty()) return;
  build.reading.mistake(address.at,
                        "no browser opens a socket: expected `ADDRESS:PORT` for the console");
}

}  // namespace

bool Deployment::Address::local() const {
  return !socket.empty() || host == "localhost" || host.starts_with("127.") || host == "[::1]";
}

void read_listen(DeploymentBuild& build, const yaml::Entry& entry) {
  Deployment::Listen listen;
  listen.at = entry.key_at;
  const bool read = build.reading.keys(entry.value, Section::listen, [&](const yaml::Entry& key) {
    if (key.key == "mcp") {
      listen.mcp = read_address(build, key);
    } else if (key.key == "metrics") {
      listen.metrics = read_address(build, key);
      check_metrics(build, listen.metrics);
    } else if (key.key == "console") {
      listen.console = read_address(build, key);
      check_console(build, listen.console);
    } else if (key.key == "hosts") {
      listen.hosts =
          read_names(build, key, is_host_name,
                     "a name in lower case or an address, as clients write it in `Host`");
    } else if (key.key == "origins") {
      listen.origins = read_names(build, key, is_origin,
                                  "scheme and host in lower case, such as `https://app.example`");
    } else if (key.key == "tls") {
      read_tls(build, key.value, listen);
    } else if (key.key == "url") {
      listen.url = build.reading.text(key.value, "url").value_or("");
      if (!listen.url.empty() && !is_origin(listen.url)) {
        build.reading.mistake(key.value.at,
                              fmt::format("`{}` is no `url`: expected scheme and host in lower "
                                          "case, such as `https://gate.example`, and no path",
                                          escape_untrusted(listen.url)));
      }
    } else {
      return false;
    }
    return true;
  });
  if (read) build.reading.missing(entry.value, Section::listen, "mcp");
  build.into.listen = std::move(listen);
}

}  // namespace pawl
