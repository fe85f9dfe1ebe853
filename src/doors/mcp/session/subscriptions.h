// What the client listens to: lists that change, and single resources, for either era of client at
// either era of server.
//
// A stateful client subscribes to a resource with a request of its own, a stateless one names the
// resources where it listens; a stateful server is asked `resources/subscribe`, a stateless one
// gets a subscription of pawl's for each resource. Each resource is decided as
// `mcp:resources/subscribe`, whichever way it is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/session/pending.h"
#include "doors/mcp/session/session.h"
#include "gate/state/ports.h"

namespace pawl::mcp {

inline constexpr std::size_t subscriptions_max = 64;
inline constexpr std::size_t resources_of_a_subscription_max = 64;
inline constexpr std::size_t resources_heard_max = 4096;
inline constexpr std::size_t resource_uri_bytes_max = 8UL << 10;

struct Subscription {
  std::string id, key;  // raw JSON, as the client wrote it; in our spelling
  bool tools = false, prompts = false, resources = false;
  std::set<std::string> uris = {};
};

class Subscriptions {
 public:
  explicit Subscriptions(Session::Impl& session) : session_(session) {}
  Subscriptions(const Subscriptions&) = delete;

  void remember_setting(std::string_view method, json::View params);
  void remember(Pending& pending, std::string_view arguments);
  void forget_refused(const Pending& pending);
  // Subscribes to `{uri}`, and no longer, in the server's era.
  Task<Outcome> subscribe(std::string_view arguments);
  void on_acknowledged(json::View params);
  void unsubscribe(const std::string& uri);
  void on_updated(json::View params);
  Task<void> listen(PendingPtr pending, json::View params);
  // Tells the client that a list changed, as it wants to be told.
  void announce(std::string_view method);
  void end_all();

  // Read by the other parts of a session.
  std::vector<Subscription> listening;
  // Resources that the server tells of: by their URI, our open request at a stateless one.
  std::unordered_map<std::string, std::uint64_t> resources_heard;
  std::set<std::string> kept_subscriptions;  // of a stateful client
  std::string log_level;                     // that a stateful client set

 private:
  // Those of the wanted resources that the client may hear of, and does.
  Task<std::set<std::string>> subscribe_all(PendingPtr pending, json::View wanted);

  Session::Impl& session_;
  // Those requests until they are acknowledged.
  std::map<std::uint64_t, std::pair<std::string, Completion<bool>>> acknowledging_;
};

}  // namespace pawl::mcp
