#include "app/gateway.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace pawl::app {
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

}  // namespace pawl::app
