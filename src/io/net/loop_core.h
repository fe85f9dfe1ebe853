// What is behind a Loop: the kernel's queue, the timers, and the work that waits. Inside of this
// room only.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_set>
#include <vector>

#include "io/net/fd.h"
#include "io/net/loop.h"
#include "io/net/patience.h"
#include "io/net/timer_heap.h"

namespace pawl::net::loop_detail {

inline constexpr std::size_t kReadBufferBytes = 256UL << 10;
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

struct WatchNode {
  Core* core = nullptr;  // null once the loop is gone
  int fd = -1;
  Interest interest = Interest::none;
  bool registered = false;
  bool dead = false;
  std::move_only_function<void(Ready)> ready;
};

struct Core {
  Fd events;
  Fd timer;
  Fd wake;
  int refused = 0;  // errno of the constructor, if the system gave us nothing

  TimerHeap timers;
  std::uint64_t entries = 0;
  std::int64_t armed_ns = kNever;  // what the kernel's timer is set to

  std::unordered_set<WatchNode*> watches;
  // Watches that ended in this turn: one of their callbacks may still be running.
  std::vector<std::unique_ptr<WatchNode>> ended;

  std::vector<Callback> posted;    // by this thread
  std::vector<Callback> deferred;  // to the end of the turn
  std::unique_ptr<char[]> read_buffer;
  Patience patience;

  std::mutex inbox_lock;
  std::vector<Callback> inbox;  // by other threads, guarded by inbox_lock
  std::atomic<bool> mail = false;
  std::atomic<bool> stopping = false;
  std::atomic<std::thread::id> runner;

  Core();
  void ring() const;
  void arm();
  void fire();
  void turn(bool may_wait);
  // Events that happened, as many as there is room for; waits until there is one.
  int wait(std::span<epoll_event> room);
  void run_posted();
  void run_deferred();
  bool set_events(WatchNode& node, Interest interest) const;
  void end(std::unique_ptr<WatchNode> node);
};

}  // namespace pawl::net::loop_detail
