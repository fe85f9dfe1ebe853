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

void read_names(DeploymentBuild& build, const yaml::Entry& key, bool (*fine)(std::string_view),
                std::string_view expected, std::vector<std::string>& into) {
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    if (fine(one.text)) {
      into.push_back(std::move(one.text));
    } else {
      build.reading.mistake(one.at, fmt::format("`{}` in `{}`: expected {}",
                                                escape_untrusted(one.text), key.key, expected));
    }
  }
}

void read_clients(DeploymentBuild& build, Deployment::Listen& into, const yaml::Entry& key) {
  into.clients_certified = build.reading.word(key.value, key.key, {"optional", "required"}) == 1U;
}

constexpr std::string_view kClients = "clients";

constexpr auto kTlsKeys = section_keys<DeploymentBuild, Deployment::Listen>(
    Section::tls,
    {
        {"certificate", "text", "required", 0,
         "A PEM file: the certificate, then those between it and the root.",
         text<&Deployment::Listen::certificate>},
        {"key", "text", "required", 0, "A PEM file: the private key.",
         text<&Deployment::Listen::key>},
        {"client_ca", "text", "no certificates of clients", 0,
         "A PEM file: who may have signed certificates of clients. A client that shows another one "
         "is "
         "not let in.",
         text<&Deployment::Listen::client_ca>},
        {kClients, "`optional` or `required`", "optional", 0,
         "Whether a client without a certificate is let in as far as its request.", read_clients},
    });

void read_tls(DeploymentBuild& build, Deployment::Listen& into, const yaml::Entry& key) {
  if (!read_section(build, key.value, kTlsKeys, into)) return;
  const yaml::Entry* clients = key.value.entry(kClients);
  if (clients != nullptr && into.client_ca.empty()) {
    build.reading.mistake(clients->key_at,
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

void read_mcp(DeploymentBuild& build, Deployment::Listen& into, const yaml::Entry& key) {
  into.mcp = read_address(build, key);
}

void read_metrics(DeploymentBuild& build, Deployment::Listen& into, const yaml::Entry& key) {
  into.metrics = read_address(build, key);
  check_metrics(build, into.metrics);
}

void read_console(DeploymentBuild& build, Deployment::Listen& into, const yaml::Entry& key) {
  into.console = read_address(build, key);
  check_console(build, into.console);
}

void read_hosts(DeploymentBuild& build, Deployment::Listen& into, const yaml::Entry& key) {
  read_names(build, key, is_host_name,
             "a name in lower case or an address, as clients write it in `Host`", into.hosts);
}

void read_origins(DeploymentBuild& build, Deployment::Listen& into, const yaml::Entry& key) {
  read_names(build, key, is_origin, "scheme and host in lower case, such as `https://app.example`",
             into.origins);
}

void read_own_url(DeploymentBuild& build, Deployment::Listen& into, const yaml::Entry& key) {
  text<&Deployment::Listen::url>(build, into, key);
  if (into.url.empty() || is_origin(into.url)) return;
  build.reading.mistake(key.value.at,
                        fmt::format("`{}` is no `url`: expected scheme and host in lower "
                                    "case, such as `https://gate.example`, and no path",
                                    escape_untrusted(into.url)));
}

constexpr auto kListenKeys = section_keys<DeploymentBuild, Deployment::Listen>(
    Section::listen,
    {
        {"mcp", "text", "required", 0,
         "The address of the MCP door: `127.0.0.1:8080`, `[::1]:8080`, or the path of a socket.",
         read_mcp},
        {"hosts", "list of texts", "the loopback's names", 0,
         "Names and addresses by which clients call; a request for another host is refused.",
         read_hosts},
        {"origins", "list of texts", "the loopback's", 0,
         "Origins of web pages that may call; a request from another page is refused.",
         read_origins},
        {"url", "text", "the address itself", 0,
         "How clients reach it, such as `https://gate.example`: the issuer of credentials, and "
         "their "
         "audience.",
         read_own_url},
        {"tls", mapping(Section::tls), "not encrypted", 0, "Encrypts what is listened on.",
         read_tls},
        {"console", "text", "nowhere", 0,
         "The address of the console, for people with a browser: `127.0.0.1:8443`. One that other "
         "machines can reach needs `tls`. Without it, `pawl console` opens one on this machine.",
         read_console},
        {"metrics", "text", "nowhere", 0,
         "The address of the metrics, one of this machine alone: `127.0.0.1:9464`, or the path of "
         "a "
         "socket.",
         read_metrics},
    });

}  // namespace

bool Deployment::Address::local() const {
  return !socket.empty() || host == "localhost" || host.starts_with("127.") || host == "[::1]";
}

void list_listen_keys(std::vector<Key>& into) {
  kListenKeys.list(into);
  kTlsKeys.list(into);
}

void read_listen(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  Deployment::Listen listen;
  listen.at = entry.key_at;
  read_section(build, entry.value, kListenKeys, listen);
  into.listen = std::move(listen);
}

}  // namespace pawl
