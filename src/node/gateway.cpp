#include "node/gateway.h"
#include "node/model_proxy.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "analysis/check/check.h"
#include "base/text.h"
#include "io/http/tls.h"
#include "io/identity/http_keys.h"
#include "io/net/clock.h"
#include "kernel/deployment/identities.h"
#include "node/files/config_files.h"

namespace pawl::node {

namespace {

std::string without_brackets(const std::string& host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

bool any_address(const std::string& host) {
  return host == "0.0.0.0" || host == "[::]";
}

// Names under which a client may call: those of a loopback, the address itself, and what the file
// says besides.
http::Site site_of(const Deployment::Listen& where, std::uint16_t port) {
  http::Site site = http::loopback_site(port);
  if (where.mcp.socket.empty() && !any_address(where.mcp.host)) {
    site.hosts.push_back(where.mcp.host);
  }
  site.hosts.insert(site.hosts.end(), where.hosts.begin(), where.hosts.end());
  site.origins.insert(site.origins.end(), where.origins.begin(), where.origins.end());
  return site;
}

}  // namespace

http::TlsFiles tls_files(const Deployment::Listen& where, const std::string& directory) {
  const auto beside = [&directory](const std::string& file) {
    return (std::filesystem::path(directory) / file).string();
  };
  http::TlsFiles files;
  files.certificate = beside(where.certificate);
  files.key = beside(where.key);
  if (!where.client_ca.empty()) {
    files.client_ca = beside(where.client_ca);
    files.clients = where.clients_certified ? http::ClientCertificates::required
                                            : http::ClientCertificates::optional;
  }
  return files;
}

Error located_at(Error error, const Deployment::Listen& where) {
  error.at = where.at;
  return error;
}

Gateway::Gateway(net::Loop& loop, http::ServerLimits limits, std::function<std::string()> fault,
                 std::function<std::string()> unheard, std::function<std::string()> degraded)
    : fault_(std::move(fault)),
      unheard_(std::move(unheard)),
      degraded_(std::move(degraded)),
      server_(loop, limits, routes_.handler()) {
  routes_.add("GET", "/healthz", http::Hosts::any,
              [this](const http::Request&, http::Responder responder) {
                health(false, std::move(responder));
              });
  routes_.add("GET", "/readyz", http::Hosts::any,
              [this](const http::Request&, http::Responder responder) {
                health(true, std::move(responder));
              });
}

void Gateway::health(bool ready, http::Responder responder) const {
  http::Response response;
  const bool granting = fault_().empty();
  const std::string unheard = ready && unheard_ ? unheard_() : std::string();
  response.status = granting && !(ready && ending_) && unheard.empty() ? 200 : 503;
  response.headers.add("content-type", "text/plain; charset=utf-8");
  response.headers.add("cache-control", "no-store");
  response.body = !granting                ? "nothing is granted at the moment\n"
                  : response.status == 200 ? "ok\n"
                  : ending_                ? "the node ends\n"
                                           : unheard + "\n";
  if (const std::string worse = degraded_ ? degraded_() : std::string(); !worse.empty()) {
    response.body += "degraded: " + worse + "\n";
  }
  std::move(responder).answer(std::move(response));
}

Status Gateway::listen(const Deployment::Listen& where, const std::string& config_directory) {
  if (!where.certificate.empty()) {
    auto loaded = http::TlsSettings::load(tls_files(where, config_directory));
    if (!loaded) return std::unexpected(located_at(std::move(loaded.error()), where));
    tls_ = std::move(*loaded);
  }
  if (!where.mcp.socket.empty()) {
    routes_.serve_site(site_of(where, 0));
    address_ = "unix:" + where.mcp.socket;
    Status opened = server_.listen_unix(where.mcp.socket, {.replace_stale = true});
    if (!opened) return std::unexpected(located_at(std::move(opened.error()), where));
    return {};
  }
  const std::string host = without_brackets(where.mcp.host);
  auto port =
      tls_ ? server_.listen(host, where.mcp.port, *tls_) : server_.listen(host, where.mcp.port);
  if (!port) return std::unexpected(located_at(std::move(port.error()), where));
  routes_.serve_site(site_of(where, *port));
  address_ = fmt::format("{}://{}:{}", tls_ ? "https" : "http", where.mcp.host, *port);
  return {};
}

Status Gateway::reload() {
  return tls_ ? tls_->reload() : Status{};
}

Task<bool> Gateway::drain(Duration at_most) {
  ending_ = true;
  co_return co_await server_.drain(at_most);
}

namespace {

bool has_agents(const Deployment& deployment, const std::string& role) {
  return std::ranges::any_of(deployment.agents,
                             [&role](const auto& entry) { return entry.second.role == role; });
}

// Keys that are a file are there from the beginning, or no agent could ever come in with them.
void check_key_files(const std::map<std::string, TokenSource, std::less<>>& sources,
                     jose::KeyUse use, const std::string& directory, std::vector<Error>& errors) {
  for (const auto& [name, source] : sources) {
    if (source.keys.file.empty()) continue;
    const auto text =
        identity::read_key_file((std::filesystem::path(directory) / source.keys.file).string());
    const auto keys = text ? jose::KeySet::parse(*text, use)
                           : Result<jose::KeySet>(std::unexpected(text.error()));
    if (keys) continue;
    errors.push_back(
        {ErrorKind::invalid,
         fmt::format("the keys of `{}`: {}", escape_untrusted(name), keys.error().message),
         source.at});
  }
}

bool is_about(const ToolRule& entry, std::string_view server) {
  return std::ranges::any_of(entry.names, [server](const std::string& name) {
    const std::size_t slash = name.find('/');
    return slash == std::string::npos || glob_match(fold(name.substr(0, slash)), fold(server));
  });
}

// The process of a shared server cannot act with one secret for this call and another for that.
void check_shared(const Deployment& deployment, const std::string& role, const Policy& policy,
                  std::vector<Error>& errors) {
  for (const std::string& name : deployment.roles.find(role)->second.servers) {
    const auto server = deployment.servers.find(name);
    if (server == deployment.servers.end() || !server->second.shared) continue;
    for (const ToolRule& entry : policy.tools) {
      const bool chooses = !entry.credential.empty() || entry.credential_by != nullptr;
      if (!chooses || !is_about(entry, name)) continue;
      errors.push_back({ErrorKind::refused,
                        fmt::format("server `{}` is `shared`, and the policy of role `{}` names a "
                                    "credential for calls of it: a secret is one session's",
                                    escape_untrusted(name), escape_untrusted(role)),
                        server->second.at});
      break;
    }
  }
}

}  // namespace

std::vector<Error> serving_mistakes(const Deployment& deployment,
                                    const std::string& config_directory) {
  std::vector<Error> errors;
  if (!deployment.listen) {
    errors.push_back({ErrorKind::usage,
                      "it does not say where to listen: expected `listen: {mcp: "
                      "\"127.0.0.1:8080\"}`",
                      {deployment.file, 0, 0}});
    return errors;
  }
  const Deployment::Listen& listen = *deployment.listen;
  if (!listen.certificate.empty()) {
    const auto loaded = http::TlsSettings::load(tls_files(listen, config_directory));
    if (!loaded) errors.push_back(located_at(loaded.error(), listen));
  }
  // Those who can open this machine's sockets are one caller; those on the network are not.
  if (!listen.mcp.local() && (deployment.agents.empty() || listen.certificate.empty())) {
    errors.push_back({ErrorKind::refused,
                      "other machines can reach this address: expected `agents`, so that it is "
                      "known who calls, and `listen.tls`, so that their keys cannot be read on the "
                      "way; or an address of this machine alone",
                      listen.mcp.at});
  }
  if (!listen.console.none() && !listen.console.local() && listen.certificate.empty()) {
    errors.push_back({ErrorKind::refused,
                      "other machines can reach the console: expected `listen.tls`, so that a "
                      "passphrase cannot be read on the way; or an address of this machine alone",
                      listen.console.at});
  }
  check_key_files(deployment.issuers, jose::KeyUse::signature, config_directory, errors);
  check_key_files(deployment.trust_domains, jose::KeyUse::jwt_svid, config_directory, errors);
  bool any = !deployment.agents.empty();
  for (const auto& [name, role] : deployment.roles) {
    any |= !role.servers.empty();
  }
  if (!any) {
    errors.push_back({ErrorKind::usage,
                      "no role has `servers`, and there are no `agents`: there is nothing to serve",
                      {deployment.file, 0, 0}});
  }
  return errors;
}

namespace {

// The policies that roles of this deployment have. A mistake in one is told where `must_load` says
// that the role depends on it.
std::vector<DeployedRole> policies_of(const Deployment& deployment, const std::string& directory,
                                      const std::function<bool(const std::string& role)>& must_load,
                                      std::vector<Error>& errors) {
  std::vector<DeployedRole> policies;
  for (const auto& [name, role] : deployment.roles) {
    const std::string file = (std::filesystem::path(directory) / home_expanded(role.file)).string();
    const Loaded loaded = read_policy(file, &deployment);
    const bool needed = must_load(name);
    if (needed) errors.insert(errors.end(), loaded.errors.begin(), loaded.errors.end());
    if (!loaded.policy) continue;
    if (needed) {
      check_shared(deployment, name, *loaded.policy, errors);
      const CheckReport answers = check_before_use(*loaded.policy, deployment, net::wall_time());
      errors.insert(errors.end(), answers.errors.begin(), answers.errors.end());
    }
    policies.push_back({name, loaded.policy});
  }
  return policies;
}

}  // namespace

std::vector<Error> serving_mistakes(const DeploymentRead& read) {
  if (!read.deployment) return read.errors;
  const Deployment& deployment = *read.deployment;
  const std::string directory = std::filesystem::path(read.path).parent_path().string();
  std::vector<Error> errors = serving_mistakes(deployment, directory);
  if (auto prices = load_prices(deployment, directory); !prices) {
    std::ranges::move(prices.error(), std::back_inserter(errors));
  }
  const auto served = [&deployment](const std::string& role) {
    return !deployment.roles.at(role).servers.empty() || has_agents(deployment, role);
  };
  const auto policies = policies_of(deployment, directory, served, errors);
  std::ranges::move(misnamed_roles(deployment, policies, served), std::back_inserter(errors));
  std::ranges::move(shared_identities(deployment, policies), std::back_inserter(errors));
  std::ranges::move(shared_credentials(deployment, policies), std::back_inserter(errors));
  std::ranges::move(client_keys(deployment, policies), std::back_inserter(errors));
  return errors;
}

std::vector<Error> deployment_mistakes(const DeploymentRead& read,
                                       const ProductionRoles& production) {
  if (!read.deployment) return read.errors;
  const std::string directory = std::filesystem::path(read.path).parent_path().string();
  std::vector<Error> ignored;  // of a role that does not load, who joins in it is told
  const auto none = [](const std::string&) { return false; };
  const auto policies = policies_of(*read.deployment, directory, none, ignored);
  std::vector<Error> errors = misnamed_roles(*read.deployment, policies, none, production);
  std::ranges::move(shared_identities(*read.deployment, policies, production),
                    std::back_inserter(errors));
  std::ranges::move(shared_credentials(*read.deployment, policies, production),
                    std::back_inserter(errors));
  std::ranges::move(client_keys(*read.deployment, policies, production),
                    std::back_inserter(errors));
  return errors;
}

}  // namespace pawl::node
