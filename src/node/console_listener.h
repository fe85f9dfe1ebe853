// Where browsers reach the console: a listener of its own, with names, origins and certificate.
//
// The port belongs to the name here: a page of another port of this machine is another page. Names
// of `listen.hosts` count with any port, because a proxy before us may have one of its own.
// Threads: the node's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "doors/http/routes.h"
#include "io/http/server.h"
#include "io/http/tls.h"
#include "io/net/loop.h"
#include "kernel/deployment/deployment.h"

namespace pawl::node {

class ConsoleListener {
 public:
  // Everything that is served goes to `handler`.
  ConsoleListener(net::Loop& loop, const http::Handler& handler);

  // With the names and the certificate of `listen`, where the file has that. Port 0 takes any.
  Status listen(const Deployment::Address& where, const Deployment::Listen* listen,
                const std::string& config_directory);
  // The certificate's files are read again; a bad one leaves what was.
  Status reload() { return tls_ ? tls_->reload() : Status{}; }

  // `http://127.0.0.1:8443/console/`
  std::string address() const;
  std::uint16_t port() const { return port_; }

 private:
  http::Routes routes_;
  std::optional<http::TlsSettings> tls_;
  std::string host_;
  std::uint16_t port_ = 0;
  http::Server server_;  // last: its connections use the others
};

// The names and origins of a console that listens on this host and port.
http::Site console_site(const std::string& host, std::uint16_t port, bool encrypted,
                        const std::vector<std::string>& more_hosts);

}  // namespace pawl::node
