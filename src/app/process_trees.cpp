#include "app/process_trees.h"

#include <algorithm>
#include <utility>

namespace pawl::app {
namespace {

constexpr Duration look_for_dead_after = Duration::milliseconds(1);

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

Task<TreesEnded> end_trees(net::Loop& loop, std::vector<pid_t> leaders,
                           std::function<void()> kill) {
  TreesEnded ended;
  ended.alive = trees_of(leaders);
  ended.processes = ended.alive.size();
  const Duration begun = loop.now();
  kill();
  for (;;) {
    std::erase_if(ended.alive, [](const net::ProcessStat& one) { return !net::alive(one.id); });
    ended.took = Duration{loop.now().ns - begun.ns};
    if (ended.alive.empty() || ended.took >= proved_dead_within) co_return ended;
    co_await loop.sleep(look_for_dead_after);
  }
}

}  // namespace pawl::app
