#include "node/servers/process_trees.h"

#include <algorithm>
#include <utility>

#include "io/net/end_now.h"

namespace pawl::node {
namespace {

constexpr Duration look_for_dead_after = Duration::milliseconds(1);
constexpr Duration known_dead_within = Duration::milliseconds(50);

}  // namespace

std::vector<net::ProcessStat> trees_of(const std::vector<pid_t>& leaders) {
  const std::vector<net::ProcessStat> all = net::processes();
  std::vector<net::ProcessStat> found;
  const auto add = [&found](const net::ProcessStat& one) {
    const bool known = std::ranges::any_of(
        found, [&one](const net::ProcessStat& other) { return other.id == one.id; });
    if (!known && !one.dead()) found.push_back(one);
  };
  for (const pid_t leader : leaders) {
    for (const net::ProcessStat& one : all) {
      if (one.id.pid == leader) add(one);
    }
    for (const net::ProcessStat& one : net::descendants(leader, all)) add(one);
    for (const net::ProcessStat& one : net::group_members(leader, all)) add(one);
  }
  return found;
}

namespace {

// Waits until all of them are dead; false where that takes longer.
Task<bool> all_dead(net::Loop& loop, std::vector<net::ProcessStat>& alive, Duration until) {
  for (;;) {
    std::erase_if(alive, [](const net::ProcessStat& one) { return !net::alive(one.id); });
    if (alive.empty()) co_return true;
    if (loop.now() >= until) co_return false;
    co_await loop.sleep(look_for_dead_after);
  }
}

}  // namespace

Task<TreesEnded> end_trees(net::Loop& loop, std::vector<pid_t> leaders,
                           std::function<void()> kill) {
  TreesEnded ended;
  ended.alive = trees_of(leaders);
  ended.processes = ended.alive.size();
  const Duration begun = loop.now();
  // Whom we know at once. Then `kill`, which looks through all processes for who came meanwhile.
  for (const net::ProcessStat& one : ended.alive) net::end_now(one.id);
  const bool known_dead =
      co_await all_dead(loop, ended.alive, Duration{begun.ns + known_dead_within.ns});
  ended.took = Duration{loop.now().ns - begun.ns};
  kill();
  const std::vector<net::ProcessStat> newcomers = trees_of(leaders);
  for (const net::ProcessStat& one : newcomers) {
    const bool counted = std::ranges::any_of(
        ended.alive, [&one](const net::ProcessStat& other) { return other.id == one.id; });
    if (counted) continue;
    ended.alive.push_back(one);
    ++ended.processes;
  }
  if (known_dead && ended.alive.empty()) co_return ended;
  (void)co_await all_dead(loop, ended.alive, Duration{begun.ns + proved_dead_within.ns});
  ended.took = Duration{loop.now().ns - begun.ns};
  co_return ended;
}

}  // namespace pawl::node
