// The doors on the network: opened with the node, read anew on a signal, closed in order.
#include <signal.h>

#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "node/files/config_files.h"
#include "node/node_impl.h"

namespace pawl::node {
namespace {

// How long calls that are under way may take when the node is told to end, and after them the
// sessions and the connections.
constexpr Duration calls_within = Duration::seconds(10);
constexpr Duration look_again_after = Duration::milliseconds(50);
constexpr Duration drain_within = Duration::seconds(6);
constexpr const char* slack_path = "/notify/slack";
constexpr std::size_t roles_shown_max = 8;

// Where clients find their role, for whoever started the gateway: ` with /mcp/a, /mcp/b and 3
// more`.
std::string places_of(const std::vector<std::string>& roles) {
  std::string text;
  for (std::size_t i = 0; i < roles.size() && i < roles_shown_max; ++i) {
    text += (i == 0 ? " with /mcp/" : ", /mcp/") + escape_untrusted(roles[i]);
  }
  if (roles.size() > roles_shown_max) {
    text += fmt::format(" and {} more", roles.size() - roles_shown_max);
  }
  return text;
}

}  // namespace

Status Node::open_gateway() {
  if (!options_.serves) return {};
  if (!deployment_.listen)
    return fail(ErrorKind::usage, "the deployment file has no `listen` any more");
  http::ServerLimits limits;
  limits.connections_max = deployment_.limits.connections;
  limits.connections_per_peer_max = deployment_.limits.connections_of_address;
  gateway_ = std::make_unique<Gateway>(
      loop_, limits, [this] { return gate_->fault(); },
      [this] { return notifications_->unheard(); }, [this] { return notifications_->degraded(); });
  gateway_->on_unproved([this](const http::Remote& remote, const std::string& why) {
    note_refusal("identity refused", why + ", from " + remote.address);
  });
  add_mcp();
  if (deployment_.notices.slack && deployment_.notices.slack->signing.given()) {
    gateway_->routes().add(
        "POST", slack_path, http::Hosts::listed,
        [this](http::Request request, http::Responder responder) {
          spawn(notifications_->posted(std::move(request), std::move(responder)));
        });
  }
  if (Status listens = gateway_->listen(*deployment_.listen, config_directory_); !listens) {
    return listens;
  }
  std::vector<std::string> roles;
  for (const auto& [name, role] : deployment_.roles) {
    if (serves(name)) roles.push_back(name);
  }
  log_line(fmt::format("serving at {}{}", gateway_->address(), places_of(roles)));
  return open_api();
}

void Node::signalled(int number) {
  if (number == SIGHUP && options_.serves) return reload();
  if (gateway_ && !std::exchange(ending_, true)) {
    log_line(fmt::format("signal {}: no further requests, running calls are finished", number));
    spawn(end_serving());
    return;
  }
  log_line(fmt::format("signal {}: the node ends", number));
  loop_.stop();
}

bool Node::calls_under_way() const {
  bool any = api_->executing() > 0;
  door_->each([&](mcp::Endpoint& endpoint) { any |= gate_->calls.live_calls(endpoint.run()) > 0; });
  return any;
}

// Requests that come from now on are told to go; what is under way gets its time.
Task<void> Node::end_serving() {
  gateway_->set_ending();
  door_->admit_nobody();
  api_->admit_nobody();
  const Duration until = loop_.now() + calls_within;
  while (calls_under_way() && loop_.now() < until) co_await loop_.sleep(look_again_after);
  door_->finish("the node ends");
  close_console();
  const bool in_time = co_await gateway_->drain(drain_within);
  if (!in_time) log_line("connections were cut that did not end in time");
  loop_.stop();
}

}  // namespace pawl::node
