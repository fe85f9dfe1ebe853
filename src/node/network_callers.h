// Who calls over the network: their identities, the credentials of runs, the decision API.
// Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/json.h"
#include "io/identity/identities.h"
#include "kernel/deployment/deployment.h"
#include "lang/sql/summary.h"
#include "node/telemetry.h"

namespace pawl {
class Gate;
}
namespace pawl::api {
class Api;
}
namespace pawl::http {
class Routes;
}
namespace pawl::identity {
class HttpKeys;
}
namespace pawl::net {
class Loop;
class NodeClock;
}  // namespace pawl::net

namespace pawl::node {

class Gateway;
class LoopExecutor;
class PolicyWatch;

struct NetworkCallerPorts {
  net::Loop& loop;
  Gate& gate;
  net::NodeClock& clock;
  const Deployment& deployment;
  const std::string& config_directory;
  const std::string& state_directory;
  PolicyWatch& policies;
  LoopExecutor& executor;
  const sql::ReadSql& read_sql;
  std::function<BeginTrace()> begin_trace;
};

class NetworkCallers {
 public:
  explicit NetworkCallers(NetworkCallerPorts ports);
  ~NetworkCallers();

  // Opens the decision API, and what any client may read, at the gateway.
  Status open(Gateway& gateway);
  void file_changed();
  // Whether a caller has to prove who they are. A file that loses its agents later does not open
  // the doors.
  bool asks_who() const { return asks_who_ || !ports_.deployment.agents.empty(); }
  // Both are there once it is open.
  identity::Identities& identities() { return *identities_; }
  api::Api& api() { return *api_; }
  const api::Api& api() const { return *api_; }

  // A run that a person at this machine opens for an agent elsewhere (`pawl runs create`).
  Result<std::string> create_run(json::View request);
  // `pawl keys rotate`: needs no proof, since it only tightens.
  Result<std::string> rotate_keys(json::View request);

  // Those who wait are answered. The API is gone after `close`, when its connections are.
  void finish();
  void close();

 private:
  Result<std::string> create_sub_run(json::View request);
  std::optional<Instant> deadline_of(std::string_view run) const;
  void add_well_known(http::Routes& routes);

  NetworkCallerPorts ports_;
  std::unique_ptr<identity::HttpKeys> others_keys_;
  std::optional<identity::Identities> identities_;
  std::unique_ptr<api::Api> api_;
  bool asks_who_ = false;  // there were agents when the doors were opened
};

}  // namespace pawl::node
