#include "node/console_listener.h"

#include <fmt/format.h>

#include <utility>

#include "node/gateway.h"

namespace pawl::node {
namespace {

constexpr std::size_t kConsoleConnections = 1024;
constexpr std::size_t kConsoleBodyBytes = 64UL << 10;

http::ServerLimits console_limits() {
  http::ServerLimits limits;
  limits.connections_max = kConsoleConnections;
  limits.body_bytes_max = kConsoleBodyBytes;
  return limits;
}

bool every_address(const std::string& host) {
  return host == "0.0.0.0" || host == "[::]";
}

}  // namespace

http::Site console_site(const std::string& host, std::uint16_t port, bool encrypted,
                        const std::vector<std::string>& more_hosts) {
  const std::string_view scheme = encrypted ? "https" : "http";
  // Browsers leave out the port that their scheme has anyway.
  const bool usual = port == (encrypted ? 443 : 80);
  http::Site site;
  const auto add = [&](const std::string& name) {
    site.hosts.push_back(fmt::format("{}:{}", name, port));
    site.origins.push_back(fmt::format("{}://{}:{}", scheme, name, port));
    if (usual) {
      site.hosts.push_back(name);
      site.origins.push_back(fmt::format("{}://{}", scheme, name));
    }
  };
  for (const char* name : {"localhost", "127.0.0.1", "[::1]"}) add(name);
  if (!every_address(host)) add(host);
  for (const std::string& name : more_hosts) {
    site.hosts.push_back(name);
    site.origins.push_back("https://" + name);
    if (name.find(':') == std::string::npos) {
      site.origins.push_back(fmt::format("https://{}:{}", name, port));
    }
  }
  return site;
}

ConsoleListener::ConsoleListener(net::Loop& loop, const http::Handler& handler)
    : server_(loop, console_limits(), routes_.handler()) {
  routes_.add("GET", "/", http::Hosts::listed, handler);
  routes_.add("POST", "/", http::Hosts::listed, handler);
}

Status ConsoleListener::listen(const Deployment::Address& where, const Deployment::Listen* listen,
                               const std::string& config_directory) {
  if (listen != nullptr && !listen->certificate.empty()) {
    http::TlsFiles files = tls_files(*listen, config_directory);
    // People prove themselves with what they know, not with a certificate.
    files.client_ca.clear();
    files.clients = http::ClientCertificates::none;
    auto loaded = http::TlsSettings::load(std::move(files));
    if (!loaded) return std::unexpected(located_at(std::move(loaded.error()), *listen));
    tls_ = std::move(*loaded);
  }
  host_ = where.host;
  const std::string bare = host_.starts_with('[') ? host_.substr(1, host_.size() - 2) : host_;
  auto port = tls_ ? server_.listen(bare, where.port, *tls_) : server_.listen(bare, where.port);
  if (!port) {
    Error error = std::move(port.error());
    error.at = where.at;
    return std::unexpected(std::move(error));
  }
  port_ = *port;
  routes_.serve_site(console_site(host_, port_, tls_.has_value(),
                                  listen == nullptr ? std::vector<std::string>{} : listen->hosts));
  return {};
}

std::string ConsoleListener::address() const {
  const std::string host = every_address(host_) ? "localhost" : host_;
  return fmt::format("{}://{}:{}/console/", tls_ ? "https" : "http", host, port_);
}

}  // namespace pawl::node
