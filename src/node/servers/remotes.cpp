#include "node/servers/remotes.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "doors/mcp/transport/http_upstream_transport.h"
#include "io/http/headers.h"
#include "io/secrets/store_file.h"
#include "node/servers/tool_discovery.h"

namespace pawl::node {
namespace {

constexpr std::string_view kBearer = "Bearer ";
// Streams of sessions stay open, one connection each.
constexpr std::size_t remote_connections_max = 16'384;

secrets::Credential with_scheme(const secrets::Credential& value) {
  auto whole = secrets::Credential::of_size(kBearer.size() + value.bytes().size());
  std::memcpy(whole.writable().data(), kBearer.data(), kBearer.size());
  std::memcpy(whole.writable().data() + kBearer.size(), value.bytes().data(), value.bytes().size());
  return whole;
}

// What of the session and of the deployment decides about the secret of a request.
struct Carrying {
  std::shared_ptr<broker::Broker> broker;
  std::vector<std::string> roles;
  std::string server, header, credential;
};

Task<Result<mcp::Minted>> mint_for(std::shared_ptr<const Carrying> how, mcp::Pass pass) {
  const std::string name = pass.credential.empty() ? how->credential : pass.credential;
  if (name.empty()) co_return mcp::Minted{};
  auto minted = co_await how->broker->mint(
      {how->roles, how->server, pass.tool, name, std::move(pass.arguments)});
  PAWL_CO_TRY(minted);
  mcp::Minted out;
  out.used = std::move(minted->used);
  out.header = how->header.empty() ? "authorization" : how->header;
  auto whole = in_field(how->header, std::move(minted->value), name);
  PAWL_CO_TRY(whole);
  out.value = *std::move(whole);
  co_return out;
}

}  // namespace

Result<secrets::Credential> in_field(const std::string& header, secrets::Credential value,
                                     std::string_view name) {
  secrets::Credential whole = header.empty() ? with_scheme(value) : std::move(value);
  if (!http::is_field_value(whole.bytes())) {
    return fail(ErrorKind::invalid, fmt::format("the credential `{}` cannot stand in a header",
                                                escape_untrusted(name)));
  }
  return whole;
}

Remotes::Remotes(net::Loop& loop, const std::string& state_directory)
    : loop_(loop),
      broker_(std::make_shared<broker::Broker>(loop, state_directory + "/" + secrets::store_name,
                                               passed_environment({}))) {}

void Remotes::use(const Deployment& deployment, const std::string& directory) {
  deployment_ = deployment;
  directory_ = directory;
  broker_->use(deployment, directory);
}

bool Remotes::has(const std::string& server) const {
  const auto found = deployment_.servers.find(server);
  return found != deployment_.servers.end() && !found->second.url.empty();
}

std::shared_ptr<http::Client> Remotes::client_of(const std::string& name,
                                                 const ReachedHost& server) {
  const std::string ca =
      server.ca.empty() ? "" : (std::filesystem::path(directory_) / server.ca).string();
  Reached& known = reached_[name];
  if (known.client && known.url == server.url && known.ca == ca &&
      known.own_network == server.own_network) {
    return known.client;
  }
  http::ClientOptions options;
  const bool bare = server.host.find(':') == std::string::npos;
  const std::string host = bare ? server.host : "[" + server.host + "]";
  const std::string where = fmt::format("{}:{}", host, server.port);
  (server.own_network ? options.reach.private_hosts : options.reach.hosts) = {where};
  options.ca_file = ca;
  options.user_agent = "pawl/" PAWL_VERSION;
  options.connections_max = remote_connections_max;
  options.connections_per_host_max = remote_connections_max;
  known = {server.url, ca, server.own_network,
           std::make_shared<http::Client>(loop_, std::move(options))};
  return known.client;
}

Result<std::unique_ptr<mcp::Transport>> Remotes::open(const std::string& name,
                                                      std::vector<std::string> roles) {
  if (!has(name)) return fail(ErrorKind::missing, "the deployment file gives the server no `url`");
  const Deployment::Server& server = deployment_.servers.find(name)->second;
  if (!server.credential.empty()) {
    const Status may = deployment_.check_use(server.credential, roles, name, {});
    PAWL_TRY(may);
  }
  mcp::RemoteServer remote;
  remote.url = server.url;
  remote.client = client_of(name, server);
  if (!deployment_.credentials.empty()) {
    auto how = std::make_shared<const Carrying>(
        Carrying{broker_, std::move(roles), name, server.header, server.credential});
    remote.mint = [how](mcp::Pass pass) { return mint_for(how, std::move(pass)); };
    remote.scrub = [broker = broker_, name](std::string& text) { broker->scrub(name, text); };
  }
  return mcp::over_http(loop_, std::move(remote));
}

std::size_t Remotes::under_way() const {
  std::size_t count = 0;
  for (const auto& [name, one] : reached_) count += one.client ? one.client->under_way() : 0;
  return count;
}

}  // namespace pawl::node
