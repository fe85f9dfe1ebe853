// Ends processes with everybody that came from them, and says what could not be proved dead.
//
// Who is meant is found before the first signal: leaders, their descendants and the members of
// their groups, each with its start time, so that a number which is used again is not taken for one
// of them. A process that was adopted by init before we looked and had left its group is not found:
// on a machine where that matters, servers run in a sandbox or a container.
// Threads: the node's loop.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/task.h"
#include "base/time.h"
#include "io/net/loop.h"
#include "io/net/process.h"

namespace pawl::node {

inline constexpr Duration proved_dead_within = Duration::seconds(2);

struct TreesEnded {
  std::size_t processes = 0;
  std::vector<net::ProcessStat> alive;  // as they were last seen
  Duration took{};                      // from the signal to the end of the last one
};

// Everybody below these leaders and in their groups, the leaders included.
std::vector<net::ProcessStat> trees_of(const std::vector<pid_t>& leaders);
// `kill` sends the signal to all of them.
Task<TreesEnded> end_trees(net::Loop& loop, std::vector<pid_t> leaders, std::function<void()> kill);

}  // namespace pawl::node
