#include "io/net/loop_core.h"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <utility>

#include "io/net/clock.h"

namespace pawl::net::loop_detail {
namespace {

constexpr int kEventsPerTurnMax = 64;
// As `armed_ns`: the kernel's timer is not set before the due ones have been called.
constexpr std::int64_t kWhileFiring = std::numeric_limits<std::int64_t>::min();

Ready ready_of(std::uint32_t events) {
  const bool gone = (events & (EPOLLHUP | EPOLLERR)) != 0;
  return {(events & EPOLLIN) != 0, (events & EPOLLOUT) != 0, gone};
}

void run_each(std::vector<Callback> queue) {
  for (Callback& next : queue) {
    // What it captured ends with it, not with the whole queue.
    Callback work = std::move(next);
    work();
  }
}

}  // namespace

Core::Core() {
  events = Fd(::epoll_create1(EPOLL_CLOEXEC));
  timer = Fd(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  wake = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event on_timer{.events = EPOLLIN, .data = {.ptr = &timer}};
  // Edge triggered: every ring is an edge, and no one has to read the counter.
  epoll_event on_wake{.events = EPOLLIN | EPOLLET, .data = {.ptr = &wake}};
  if (!events.open() || !timer.open() || !wake.open() ||
      ::epoll_ctl(events.get(), EPOLL_CTL_ADD, timer.get(), &on_timer) != 0 ||
      ::epoll_ctl(events.get(), EPOLL_CTL_ADD, wake.get(), &on_wake) != 0) {
    refused = errno;
  }
  struct sigaction old{};
  if (::sigaction(SIGPIPE, nullptr, &old) == 0 && old.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

void Core::ring() const {
  const std::uint64_t one = 1;
  // Can only fail with a full counter, which rings as well.
  [[maybe_unused]] const ssize_t written = ::write(wake.get(), &one, sizeof one);
}

// Sets the kernel's timer to the earliest deadline, where that is earlier than what it is set to.
// A cancelled deadline leaves it as it is: one idle turn is cheaper than a call per cancellation.
void Core::arm() {
  if (timers.empty()) return;
  const std::int64_t deadline = std::max<std::int64_t>(timers.earliest()->deadline_ns, 1);
  if (deadline >= armed_ns) return;
  armed_ns = deadline;
  constexpr std::int64_t second = 1'000'000'000;
  itimerspec when{};
  when.it_value.tv_sec = deadline / second;
  when.it_value.tv_nsec = deadline % second;
  ::timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Core::fire() {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const ssize_t count = ::read(timer.get(), &expirations, sizeof expirations);
  armed_ns = kWhileFiring;
  const std::int64_t now = boot_time().ns;
  const std::uint64_t newer = entries;  // timers that are added meanwhile wait for the next turn
  while (!timers.empty()) {
    TimerNode* node = timers.earliest();
    if (node->deadline_ns > now || node->entry >= newer) break;
    timers.remove(node);
    // The callback may destroy its own timer.
    Callback work = std::move(node->work);
    work();
  }
  armed_ns = kNever;
  arm();
}

int Core::wait(std::span<epoll_event> room) {
  const int most = static_cast<int>(room.size());
  if (patience.asks()) {
    // What is there already says nothing about what will come.
    int count = ::epoll_wait(events.get(), room.data(), most, 0);
    if (count > 0) return count;
    const std::int64_t until = boot_time().ns + patience.most().ns;
    while (count <= 0 && boot_time().ns < until) {
      ::sched_yield();  // another thread may want this processor: perhaps the one that we wait for
      count = ::epoll_wait(events.get(), room.data(), most, 0);
    }
    if (count > 0) {
      patience.met();
      return count;
    }
    patience.missed();
  }
  return ::epoll_wait(events.get(), room.data(), most, -1);
}

void Core::turn(bool may_wait) {
  const bool idle = posted.empty() && deferred.empty() && !mail.load(std::memory_order_acquire);
  std::array<epoll_event, kEventsPerTurnMax> happened;
  const int count = may_wait && idle
                        ? wait(happened)
                        : ::epoll_wait(events.get(), happened.data(), kEventsPerTurnMax, 0);
  bool due = false;
  for (int i = 0; i < count; ++i) {
    void* what = happened[static_cast<std::size_t>(i)].data.ptr;
    if (what == &timer) due = true;
    if (what == &timer || what == &wake) continue;
    auto* node = static_cast<WatchNode*>(what);
    if (!node->dead && node->registered) {
      node->ready(ready_of(happened[static_cast<std::size_t>(i)].events));
    }
  }
  if (due) fire();
  run_posted();
  run_deferred();
  // What a watch captured may own further watches, which end while it is destroyed.
  while (!ended.empty()) {
    const std::vector<std::unique_ptr<WatchNode>> over = std::exchange(ended, {});
  }
}

void Core::run_posted() {
  std::vector<Callback> now = std::exchange(posted, {});
  if (mail.load(std::memory_order_acquire)) {
    const std::lock_guard guard(inbox_lock);
    mail.store(false, std::memory_order_relaxed);
    std::ranges::move(inbox, std::back_inserter(now));
    inbox.clear();
  }
  run_each(std::move(now));
}

void Core::run_deferred() {
  run_each(std::exchange(deferred, {}));
}

bool Core::set_events(WatchNode& node, Interest interest) const {
  std::uint32_t wanted = 0;
  if (interest == Interest::read || interest == Interest::both) wanted |= EPOLLIN;
  if (interest == Interest::write || interest == Interest::both) wanted |= EPOLLOUT;
  epoll_event event{.events = wanted, .data = {.ptr = &node}};
  int operation = node.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (interest == Interest::none) {
    if (!node.registered) return true;
    operation = EPOLL_CTL_DEL;  // a hangup would be reported for ever otherwise
  }
  if (::epoll_ctl(events.get(), operation, node.fd, &event) != 0) return false;
  node.registered = interest != Interest::none;
  return true;
}

void Core::end(std::unique_ptr<WatchNode> node) {
  set_events(*node, Interest::none);
  node->dead = true;
  watches.erase(node.get());
  ended.push_back(std::move(node));
}

}  // namespace pawl::net::loop_detail
