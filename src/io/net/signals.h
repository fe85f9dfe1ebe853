// Signals as events of a loop: SIGTERM and SIGINT of a program that wants to leave in order.
//
// The signals are blocked for the calling thread and must be blocked in every other one: watch them
// before the first thread is started, threads inherit it. Children start with nothing blocked.
#pragma once

#include <functional>
#include <vector>

#include "base/error.h"
#include "io/net/fd.h"
#include "io/net/loop.h"

namespace pawl::net {

class Signals {
 public:
  // Calls `happened` with the number of each signal; signals of one kind may be told once for
  // several. Blocked signals stay blocked when the watch ends.
  static Result<Signals> watch(Loop& loop, const std::vector<int>& numbers,
                               std::function<void(int number)> happened);

 private:
  Signals(Fd fd, Watch watch) : fd_(std::move(fd)), watch_(std::move(watch)) {}
  Fd fd_;
  Watch watch_;  // ends before the descriptor closes
};

}  // namespace pawl::net
