// What a node offers on the network, for `pawl serve`: listeners, and a table of what they serve.
//
// Doors put their paths into `routes()` before `listen`; nothing is served before that. `/healthz`
// and `/readyz` answer 200 while calls can be granted, and 503 as soon as the gate grants nothing
// (its journal cannot write, its clock jumped); `/readyz` says 503 too once the node is told to
// end, and while an escalation is unanswered. A way to people by which nothing gets through makes
// neither of them red, because calls are decided as before and the other ways are used: it is named
// in a second line. They tell nothing else, because anybody may ask.
// Threads: the node's loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "doors/http/routes.h"
#include "io/http/server.h"
#include "io/http/tls.h"
#include "io/net/loop.h"
#include "kernel/deployment/deployment.h"
#include "kernel/deployment/identities.h"
#include "node/files/config_files.h"

namespace pawl::node {

class Gateway {
 public:
  // `fault`: why nothing is granted at the moment; empty: calls are. `unheard`: why people may not
  // hear of what happens; empty: they do. `degraded`: what works less well than it should; empty:
  // nothing.
  Gateway(net::Loop& loop, http::ServerLimits limits, std::function<std::string()> fault,
          std::function<std::string()> unheard = {}, std::function<std::string()> degraded = {});

  http::Routes& routes() { return routes_; }

  // Listens where the deployment file says. Relative files are those beside it.
  Status listen(const Deployment::Listen& where, const std::string& config_directory);
  // Hears of clients whose certificates do not let them in, from the beginning on.
  void on_unproved(std::function<void(const http::Remote&, const std::string& why)> heard) {
    server_.on_unproved(std::move(heard));
  }
  // The certificate's files are read again; a bad one leaves what was.
  Status reload();

  // `http://127.0.0.1:8080`, with the port that was taken; `unix:/run/pawl/mcp.sock`.
  const std::string& address() const { return address_; }
  std::size_t connections() const { return server_.connections(); }
  // `/readyz` says so from now on.
  void set_ending() { ending_ = true; }
  // Listens no more and answers what is under way; true when everybody left in time.
  Task<bool> drain(Duration at_most);

 private:
  void health(bool ready, http::Responder responder) const;

  std::function<std::string()> fault_, unheard_, degraded_;
  http::Routes routes_;
  std::optional<http::TlsSettings> tls_;
  std::string address_;
  bool ending_ = false;
  http::Server server_;  // last: its connections use the others
};

// The files of `tls`, beside the deployment file; and a mistake about them with its place.
http::TlsFiles tls_files(const Deployment::Listen& where, const std::string& config_directory);
Error located_at(Error error, const Deployment::Listen& where);

// Why this deployment cannot be served by this version, or not safely; every reason, with its
// place. The files of `tls` and of keys are read and compared. Nothing is listened on.
std::vector<Error> serving_mistakes(const Deployment& deployment,
                                    const std::string& config_directory);
// The same, and what is wrong with the policies of the roles that are served.
std::vector<Error> serving_mistakes(const DeploymentRead& read);
// Why no node can work with this deployment, whether it serves or not.
std::vector<Error> deployment_mistakes(const DeploymentRead& read,
                                       const ProductionRoles& production = {});

}  // namespace pawl::node
