// The model proxy of a node: providers of the deployment file behind `/llm/` of its gateway.
// Threads: one loop.
#pragma once

#include <memory>

#include "base/error.h"
#include "doors/http/routes.h"
#include "doors/model/model_door.h"
#include "kernel/deployment/deployment.h"
#include "kernel/metering/price.h"
#include "node/telemetry.h"

namespace pawl {
class Executor;
class Gate;
}  // namespace pawl
namespace pawl::net {
class NodeClock;
}

namespace pawl::node {

class NetworkCallers;
class PolicyWatch;
class Remotes;

struct ModelProxyPorts {
  Gate& gate;
  Executor& executor;
  net::NodeClock& clock;
  const Deployment& deployment;
  const std::string& config_directory;
  PolicyWatch& policies;
  NetworkCallers& callers;
  Remotes& remotes;
  std::function<BeginTrace()> begin_trace;
};

// The prices that count: those of the program, and over them those of the deployment file.
std::expected<PriceTable, std::vector<Error>> load_prices(const Deployment& deployment,
                                                          const std::string& config_directory);

class ModelProxy {
 public:
  explicit ModelProxy(ModelProxyPorts ports);
  ~ModelProxy();

  // Opens the door at its address. After the callers are there.
  void add_to(http::Routes& routes);
  model::ModelDoor& door() { return *door_; }
  // The prices of the deployment file in force, for requests from now on.
  void file_changed();

 private:
  const ModelProvider* provider(std::string_view name) const;
  std::string root_of(std::string_view id) const;
  std::shared_ptr<const Policy> role(const std::string& name, bool& vouched) const;
  Task<identity::Proved<identity::Principal>> authenticate(const http::Request& request);
  Task<Result<model::ProviderKey>> key(const ModelProvider& provider, std::string role,
                                       std::string model);
  std::optional<model::ModelPrice> price(std::string_view provider, std::string_view model,
                                         std::uint64_t input_most) const;

  ModelProxyPorts ports_;
  std::shared_ptr<const PriceTable> prices_;
  std::unique_ptr<model::ModelDoor> door_;
};

}  // namespace pawl::node
