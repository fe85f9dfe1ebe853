// Slow work beside the loop: on a thread of its own, one piece at a time, in the order of asking.
//
//   const auto answer = std::make_shared<std::string>();
//   if (co_await aside.run([answer, path] { *answer = read(path); }) == Aside::Ran::yes) …
//
// A piece of work gets values and leaves its answer in what it shares with the caller, who looks
// at it only afterwards. It is destroyed before that, with all that it holds.
// Threads: everything but the work itself belongs to the loop. The caller lives, or waits, until
// the answer is there; `finish` brings it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <thread>

#include "base/task.h"
#include "io/net/loop.h"

namespace pawl::net {

class Aside {
 public:
  // Whether the work was done; not where too many wait already, or after the end.
  enum class Ran : std::uint8_t { yes, crowded, over };

  Aside(Loop& loop, std::size_t waiting_max) : loop_(loop), waiting_max_(waiting_max) {}
  Aside(const Aside&) = delete;
  ~Aside() { finish(); }

  Task<Ran> run(Callback work);
  // The end: running work is waited for, and its callers are answered.
  void finish();

 private:
  Loop& loop_;
  std::size_t waiting_max_;
  bool busy_ = false, over_ = false;
  std::deque<Completion<bool>> waiting_;    // their turn, or false at the end
  std::optional<Completion<bool>> coming_;  // of the piece under way, or of the one that is next
  std::jthread thread_;
};

}  // namespace pawl::net
