// `listen`, `limits` and `traces`: where the doors on the network listen, how much of them there
// is, and the collector that is told how calls went.
//
// An address is written as text and checked here in form; whether this machine has it, is found out
// by listening. Nothing is listened on where one key of `listen` is wrong.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "kernel/deployment/deployment_read.h"
#include "kernel/deployment/limit_keys.h"

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
    build.reading.mistake(key.value.at, fmt::format("`{}` is not an address to listen on: {}",
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
    build.reading.mistake(
        clients->key_at,
        "`clients` without `client_ca`: there is no authority for their certificates");
  }
}

// They say what agents do, and every client of the address reads them.
void check_metrics(DeploymentBuild& build, const Deployment::Address& address) {
  if (address.none() || address.local()) return;
  build.reading.mistake(address.at,
                        "other machines can reach this address and read the metrics: expected an "
                        "address of this machine alone, or a socket");
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
                        fmt::format("`{}` is not a `url`: expected scheme and host in lower "
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

namespace {

using Limits = GatewayLimits;

template <auto Member, std::uint64_t Most>
void limit(DeploymentBuild& build, Limits& into, const yaml::Entry& key) {
  count<Between{1, Most}, Member>(build, into, key);
}

constexpr auto kLimitKeys = section_keys<DeploymentBuild, Limits>(
    Section::gateway_limits,
    {
        {"processes", "whole number", "1024", 0,
         "Processes of servers that run at once, those that end included.",
         limit<&Limits::processes, 65'536>},
        {"processes_of_caller", "whole number", "128, at most half of `processes`", 0,
         "How many of these one caller may have. Processes that sessions share count for no "
         "caller.",
         limit<&Limits::processes_of_caller, 65'536>},
        {"sessions", "whole number", "16384", 0,
         "Sessions that are open at once, those that end included.",
         limit<&Limits::sessions, 262'144>},
        {"sessions_of_caller", "whole number", "4096, at most half of `sessions`", 0,
         "Of these, what one caller may have.", limit<&Limits::sessions_of_caller, 262'144>},
        {"new_sessions_per_minute", "whole number", "600", 0,
         "Sessions that one caller may begin in a minute.",
         limit<&Limits::new_sessions_per_minute, 1'000'000>},
        {"requests_of_session", "whole number", "1000", 0,
         "Requests of a session without an answer.", limit<&Limits::requests_of_session, 65'536>},
        {"requests_per_second", "whole number", "100000", 0,
         "Requests that one caller may make in a second.",
         limit<&Limits::requests_per_second, 10'000'000>},
        {"request_mib", "whole number", "512", 0,
         "MiB of all requests that are open. One request has at most 16.",
         limit<&Limits::request_mib, 65'536>},
        {"request_mib_of_caller", "whole number", "128, at most half of `request_mib`", 0,
         "Of these, what one caller may have.", limit<&Limits::request_mib_of_caller, 65'536>},
        {"connections", "whole number", "16384", 0,
         "Connections that are open at once. Counts from the next start.",
         limit<&Limits::connections, 262'144>},
        {"connections_of_address", "whole number", "4096, at most half of `connections`", 0,
         "Of these, what one address may have. Counts from the next start.",
         limit<&Limits::connections_of_address, 262'144>},
    });

// In the order of the rows above.
constexpr std::uint64_t Limits::* kLimits[] = {&Limits::processes,
                                               &Limits::processes_of_caller,
                                               &Limits::sessions,
                                               &Limits::sessions_of_caller,
                                               &Limits::new_sessions_per_minute,
                                               &Limits::requests_of_session,
                                               &Limits::requests_per_second,
                                               &Limits::request_mib,
                                               &Limits::request_mib_of_caller,
                                               &Limits::connections,
                                               &Limits::connections_of_address};
static_assert(std::size(kLimits) == kLimitKeys.rows.size());

constexpr std::string_view name_of(std::uint64_t Limits::* number) {
  return kLimitKeys.rows[static_cast<std::size_t>(std::ranges::find(kLimits, number) - kLimits)]
      .name;
}

// What one caller may have of all there is.
struct Share {
  std::uint64_t Limits::* of_one;
  std::uint64_t Limits::* of_all;
};

constexpr Share kShares[] = {
    {&Limits::processes_of_caller, &Limits::processes},
    {&Limits::sessions_of_caller, &Limits::sessions},
    {&Limits::request_mib_of_caller, &Limits::request_mib},
    {&Limits::connections_of_address, &Limits::connections},
};

void check_shares(DeploymentBuild& build, const yaml::Node& node, GatewayLimits& limits) {
  for (const Share& share : kShares) {
    const std::uint64_t all = limits.*share.of_all;
    std::uint64_t& one = limits.*share.of_one;
    const yaml::Entry* written = node.entry(name_of(share.of_one));
    if (written == nullptr) {
      one = std::min(one, std::max<std::uint64_t>(1, all / 2));
    } else if (one > all) {
      build.reading.mistake(written->value.at,
                            fmt::format("`{}` is {}, and there are {} `{}` for all",
                                        name_of(share.of_one), one, all, name_of(share.of_all)));
    }
  }
}

}  // namespace

void list_limit_keys(std::vector<Key>& into) {
  kLimitKeys.list(into);
}

std::vector<LimitKey> limit_keys() {
  std::vector<LimitKey> out;
  for (std::uint64_t GatewayLimits::* number : kLimits) out.push_back({name_of(number), number});
  return out;
}

void read_limits(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  GatewayLimits limits;
  if (!read_section(build, entry.value, kLimitKeys, limits)) return;
  check_shares(build, entry.value, limits);
  into.limits = limits;
}

namespace {

constexpr std::uint64_t one_in_max = 1'000'000;

void read_collectors(DeploymentBuild& build, Deployment::Traces& into, const yaml::Entry& key) {
  text<&Deployment::Traces::credential>(build, into, key);
  into.at = key.value.at;
}

constexpr auto kTracesKeys = section_keys<DeploymentBuild, Deployment::Traces>(
    Section::traces,
    {
        {kUrl, "text", "required", 0,
         "Where a collector takes traces over OTLP/HTTP: `http://127.0.0.1:4318/v1/traces`. `http` "
         "only on this machine, or with `private`.",
         url<&Deployment::Traces::collector>},
        {kPrivate, "true or false", "false", 0,
         "Its name may stand for an address in a private network or on this machine.",
         boolean<&Deployment::Traces::collector, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0,
         "A PEM file: the certificates that vouch for it, and no others do.",
         text<&Deployment::Traces::collector, &ReachedHost::ca>},
        {"credential", "text", "none", 13,
         "The name of the credential that the collector wants to see. No call carries it.",
         read_collectors},
        {kHeader, "text", "`Authorization: Bearer`", 13,
         "The header field whose whole value the credential is.",
         header_name<&Deployment::Traces::header>},
        {"one_in", "whole number", "1", 0,
         "Of so many traces that begin here, one is kept. Of a client's own trace, its client "
         "says.",
         count<Between{1, one_in_max}, &Deployment::Traces::one_in>},
    });

}  // namespace

void list_traces_keys(std::vector<Key>& into) {
  kTracesKeys.list(into);
}

void read_traces(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  Deployment::Traces traces;
  read_section(build, entry.value, kTracesKeys, traces);
  check_way(build, entry.value, kUrl, traces.collector);
  if (const yaml::Entry* header = entry.value.entry(kHeader);
      header != nullptr && traces.credential.empty()) {
    build.reading.mistake(header->key_at, "`header` needs `credential`: what would stand in it?");
  }
  into.traces = std::move(traces);
}

// What the collector gets is for nothing else: no call carries it, and no person logged in for it.
void check_traces(DeploymentBuild& build) {
  const Deployment& into = build.into;
  if (!into.traces || into.traces->credential.empty()) return;
  const Deployment::Traces& traces = *into.traces;
  const auto found = into.credentials.find(traces.credential);
  if (found == into.credentials.end()) {
    return build.unknown({traces.credential, traces.at}, "credential", into.credential_names());
  }
  const Deployment::Credential& one = found->second;
  const auto no = [&build, &traces](std::string_view why) {
    build.reading.mistake(
        traces.at, fmt::format("the credential `{}` {}", escape_untrusted(traces.credential), why));
  };
  if (!one.roles.empty() || !one.servers.empty() || !one.tools.empty()) {
    no("is for calls: one for the collector has no `roles`, `servers` or `tools`");
  }
  if (one.github_app && !one.github_app->repository_by.empty()) {
    no("is for the repository that a call names, and the collector gets none");
  }
  if (one.aws_sts || one.login) no("is not text that can stand in a header of the collector's");
  const ReachedHost& at = traces.collector;
  const std::string host = at.host.find(':') == std::string::npos ? at.host : "[" + at.host + "]";
  const std::string with_port = fmt::format("{}:{}", host, at.port);
  const bool fits = one.hosts.empty() || std::ranges::any_of(one.hosts, [&](const auto& bound) {
                      return bound == host || bound == with_port;
                    });
  if (!fits) no(fmt::format("may not be sent to the host `{}`", escape_untrusted(host)));
}

}  // namespace pawl
