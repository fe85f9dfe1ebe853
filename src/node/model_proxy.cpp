#include "node/model_proxy.h"

#include <filesystem>
#include <utility>

#include "doors/api/api.h"
#include "gate/gate.h"
#include "io/net/clock.h"
#include "kernel/policy/models.h"
#include "kernel/policy/policy.h"
#include "node/common/log.h"
#include "node/files/config_files.h"
#include "node/network_callers.h"
#include "node/policy_watch.h"
#include "node/servers/remotes.h"

namespace pawl::node {
namespace {

constexpr std::size_t prices_bytes_max = 8UL << 20;

}  // namespace

ModelProxy::ModelProxy(ModelProxyPorts ports)
    : ports_(std::move(ports)), prices_(std::make_shared<const PriceTable>(PriceTable::builtin())) {
  file_changed();
  door_ = std::make_unique<model::ModelDoor>(model::ModelPorts{
      .gate = ports_.gate,
      .executor = ports_.executor,
      .now = [this] { return ports_.clock.now(); },
      .provider = [this](std::string_view name) { return provider(name); },
      .client =
          [this](const ModelProvider& provider) {
            return ports_.remotes.client_of(std::string(model_prefix) + provider.name, provider);
          },
      .key = [this](const ModelProvider& provider, std::string role,
                    std::string model) { return key(provider, std::move(role), std::move(model)); },
      .price = [this](std::string_view provider, std::string_view model,
                      std::uint64_t input_most) { return price(provider, model, input_most); },
      .authenticate = [this](const http::Request& request) { return authenticate(request); },
      .root_of = [this](std::string_view id) { return root_of(id); },
      .part = [this](std::string_view id) { return ports_.callers.api().part(id); },
      .role = [this](const std::string& name, bool& vouched) { return role(name, vouched); },
      .trace = ports_.begin_trace()});
}

const ModelProvider* ModelProxy::provider(std::string_view name) const {
  const auto found = ports_.deployment.providers.find(name);
  return found == ports_.deployment.providers.end() ? nullptr : &found->second;
}

std::string ModelProxy::root_of(std::string_view id) const {
  const Run* run = ports_.callers.api().run_of(id);
  return run == nullptr ? std::string() : run->id;
}

std::shared_ptr<const Policy> ModelProxy::role(const std::string& name, bool& vouched) const {
  auto role = ports_.policies.role_in_force(name);
  if (!role) return nullptr;
  vouched = role->vouched;
  return role->policy;
}

ModelProxy::~ModelProxy() = default;

void ModelProxy::add_to(http::Routes& routes) {
  for (const char* method : {"POST", "GET"}) {
    routes.add(method, model::model_path, http::Hosts::listed,
               [this](http::Request request, http::Responder responder) {
                 door_->serve(std::move(request), std::move(responder));
               });
  }
}

// One credential is good for the calls of a run and for what it asks models.
Task<identity::Proved<identity::Principal>> ModelProxy::authenticate(const http::Request& request) {
  co_return co_await ports_.callers.identities().authenticate(request,
                                                              ports_.callers.api().audience());
}

Task<Result<model::ProviderKey>> ModelProxy::key(const ModelProvider& provider, std::string role,
                                                 std::string model) {
  model::ProviderKey out;
  if (provider.passes_client()) co_return out;
  auto minted = co_await ports_.remotes.broker()->mint({{std::move(role)},
                                                        std::string(model_prefix) + provider.name,
                                                        std::move(model),
                                                        provider.credential});
  PAWL_CO_TRY(minted);
  out.value = std::move(minted->value);
  out.used = std::move(minted->used);
  co_return out;
}

// A price counts for the requests after it: one under way is settled by the table that it began
// with.
std::optional<model::ModelPrice> ModelProxy::price(std::string_view provider,
                                                   std::string_view model,
                                                   std::uint64_t input_most) const {
  const Price* line = prices_->find(provider, model);
  if (line == nullptr) return std::nullopt;
  model::ModelPrice out;
  out.dearest = dearest(*line, input_most, prices_->digest());
  out.output_most = line->output_most;
  out.cost = [line, kept = prices_](const TokenUsage& usage, std::string_view service) {
    return cost(*line, usage, service);
  };
  return out;
}

void ModelProxy::file_changed() {
  auto prices = load_prices(ports_.deployment, ports_.config_directory);
  if (prices) {
    prices_ = std::make_shared<const PriceTable>(*std::move(prices));
    return;
  }
  for (const Error& error : prices.error()) {
    log_line("prices stay as they were: " + to_string(error));
  }
}

std::expected<PriceTable, std::vector<Error>> load_prices(const Deployment& deployment,
                                                          const std::string& config_directory) {
  if (deployment.prices.empty()) return PriceTable::builtin();
  const std::string path = (std::filesystem::path(config_directory) / deployment.prices).string();
  auto text = read_file(path, prices_bytes_max);
  if (!text) {
    return std::unexpected(std::vector<Error>{
        {text.error().fault, "`prices`: " + text.error().message, {deployment.file, 0, 0}}});
  }
  auto own = PriceTable::parse(*text, path);
  if (!own) return std::unexpected(std::move(own.error()));
  return PriceTable::builtin().with(*own);
}

}  // namespace pawl::node
