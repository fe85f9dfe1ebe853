// Sessions that nobody seems to use any more, where their caller lacks room for others: an older
// client may go without a word, and the processes of its session would stay for an hour.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "doors/mcp/listener/door_impl.h"

namespace pawl::mcp {

bool HttpDoor::State::may_last(const Message& message) {
  if (message.kind == MessageKind::notification) return message.method == "notifications/cancelled";
  return message.kind == MessageKind::request && message.params["task"].is_object();
}

// A call that is cut off halts the whole run, and a modern client may come back to one that waits.
bool HttpDoor::State::may_end(const Connected& connected) const {
  if (connected.era != Era::stateful || !connected.endpoint) return false;
  const auto quiet = connected.client->quiet_since();
  if (!quiet || loop.now().ns - quiet->ns < ports.limits.session_quiet.ns) return false;
  return !connected.lasting || !ports.calls || !ports.calls(connected.endpoint->run());
}

std::size_t HttpDoor::State::end_quiet(const std::string& account, std::size_t least,
                                       std::size_t most) {
  if (!ports.processes_of) return 0;
  std::size_t freed = 0;
  for (const ConnectedPtr& connected : leaving) {
    if (connected->account == account) freed += ports.processes_of(connected->role);
  }
  std::vector<std::pair<std::int64_t, ConnectedPtr>> quiet;
  for (const auto& [key, connected] : all) {
    if (connected->account != account || !may_end(*connected)) continue;
    quiet.emplace_back(connected->client->quiet_since()->ns, connected);
  }
  std::ranges::sort(quiet, {}, &std::pair<std::int64_t, ConnectedPtr>::first);
  for (const auto& [since, connected] : quiet) {
    if (freed >= least) break;
    const std::size_t of_it = ports.processes_of(connected->role);
    if (of_it == 0 || freed + of_it > most) continue;
    freed += of_it;
    forget(connected);
    connected->endpoint->finish("it was quiet, and its caller lacks room for others");
  }
  return freed;
}

void HttpDoor::State::end_crowding() {
  if (!ports.crowded) return;
  std::vector<std::string> accounts;
  for (const auto& [account, tally] : tallies) {
    if (tally.open > 0) accounts.push_back(account);
  }
  for (const std::string& account : accounts) {
    // No more than that: who has a small share keeps the few sessions that fill it.
    if (const std::size_t crowd = ports.crowded(account)) (void)end_quiet(account, crowd, crowd);
  }
}

std::size_t HttpDoor::end_quiet(const std::string& account, std::size_t processes) {
  return state_->end_quiet(account, processes, std::numeric_limits<std::size_t>::max());
}

}  // namespace pawl::mcp
