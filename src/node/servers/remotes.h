// Tool servers that the deployment file reaches over HTTP, for the sessions of a node.
//
// Each of them has one client of requests, which reaches its host and no other, so that connections
// are used again by all sessions. A server whose address changed in the file gets a new one.
// Threads: the node's loop.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "doors/mcp/transport/transport.h"
#include "io/broker/broker.h"
#include "io/http/client.h"
#include "io/net/loop.h"
#include "kernel/deployment/deployment.h"

namespace pawl::node {

// What stands in the field `header` of a request that carries this secret; without a name of a
// field, that of `Authorization: Bearer`. ErrorKind::invalid where no field can hold it.
Result<secrets::Credential> in_field(const std::string& header, secrets::Credential value,
                                     std::string_view name);

class Remotes {
 public:
  Remotes(net::Loop& loop, const std::string& state_directory);

  // The deployment file in force; relative files are beside it.
  void use(const Deployment& deployment, const std::string& directory);

  // Whether the deployment file reaches this server over HTTP.
  bool has(const std::string& server) const;
  // A wire to it, for a run of these roles. ErrorKind::refused where its credential is not theirs.
  Result<std::unique_ptr<mcp::Transport>> open(const std::string& server,
                                               std::vector<std::string> roles);
  // The client of requests to this host, which reaches nothing else. `name`: whose it is.
  std::shared_ptr<http::Client> client_of(const std::string& name, const ReachedHost& server);
  // Who mints the secrets, of other servers too.
  const std::shared_ptr<broker::Broker>& broker() const { return broker_; }
  // Requests that are under way: farewells may be.
  std::size_t under_way() const;

 private:
  struct Reached {
    std::string url, ca;
    bool own_network = false;
    std::shared_ptr<http::Client> client;
  };
  net::Loop& loop_;
  Deployment deployment_;
  std::string directory_;
  std::shared_ptr<broker::Broker> broker_;
  std::map<std::string, Reached> reached_;
};

}  // namespace pawl::node
