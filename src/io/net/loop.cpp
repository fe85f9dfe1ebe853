#include "io/net/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <limits>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "io/net/clock.h"
#include "io/net/fd.h"
#include "io/net/timer_heap.h"

namespace pawl::net {

namespace loop_detail {

constexpr std::size_t kReadBufferBytes = 256UL << 10;
constexpr int kEventsPerTurnMax = 64;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kWhileFiring = std::numeric_limits<std::int64_t>::min();

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
  void run_posted();
  void run_deferred();
  bool set_events(WatchNode& node, Interest interest);
  void end(std::unique_ptr<WatchNode> node);
};

Core::Core() {
  events = Fd(::epoll_create1(EPOLL_CLOEXEC));
  timer = Fd(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  wake = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event on_timer{.events = EPOLLIN, .data = {.ptr = &timer}};
  // Edge triggered: every ring is an edge, and nobody has to read the counter.
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

Ready ready_of(std::uint32_t events) {
  const bool gone = (events & (EPOLLHUP | EPOLLERR)) != 0;
  return {(events & EPOLLIN) != 0, (events & EPOLLOUT) != 0, gone};
}

void Core::turn(bool may_wait) {
  const bool idle = posted.empty() && deferred.empty() && !mail.load(std::memory_order_acquire);
  std::array<epoll_event, kEventsPerTurnMax> happened;
  const int count =
      ::epoll_wait(events.get(), happened.data(), kEventsPerTurnMax, may_wait && idle ? -1 : 0);
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
  ended.clear();
}

void run_each(std::vector<Callback> queue) {
  for (Callback& next : queue) {
    // What it captured ends with it, not with the whole queue.
    Callback work = std::move(next);
    work();
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

bool Core::set_events(WatchNode& node, Interest interest) {
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

}  // namespace loop_detail

using loop_detail::Core;
using loop_detail::TimerNode;
using loop_detail::WatchNode;

Watch::Watch() = default;
Watch::Watch(std::unique_ptr<WatchNode> node) : node_(std::move(node)) {}
Watch::Watch(Watch&&) noexcept = default;
Watch& Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    reset();
    node_ = std::move(other.node_);
  }
  return *this;
}
Watch::~Watch() {
  reset();
}

void Watch::set(Interest interest) {
  if (!node_ || !node_->core || node_->interest == interest) return;
  if (node_->core->set_events(*node_, interest)) node_->interest = interest;
}

void Watch::reset() {
  if (node_ && node_->core) node_->core->end(std::move(node_));
  node_.reset();
}

Timer::Timer() = default;
Timer::Timer(std::unique_ptr<TimerNode> node) : node_(std::move(node)) {}
Timer::Timer(Timer&&) noexcept = default;
Timer& Timer::operator=(Timer&& other) noexcept {
  if (this != &other) {
    reset();
    node_ = std::move(other.node_);
  }
  return *this;
}
Timer::~Timer() {
  reset();
}

bool Timer::pending() const {
  return node_ && node_->core && node_->place != loop_detail::kNotInHeap;
}

void Timer::reset() {
  if (pending()) node_->core->timers.remove(node_.get());
  node_.reset();
}

Loop::Loop() : core_(std::make_unique<Core>()) {}

Loop::~Loop() {
  for (WatchNode* node : core_->watches) node->core = nullptr;
  for (TimerNode* node : core_->timers.nodes()) node->core = nullptr;
  // Work that never ran may own watches and timers of this loop: it goes while the loop is whole.
  for (auto* queue : {&core_->posted, &core_->deferred, &core_->inbox}) {
    const std::vector<Callback> dropped = std::exchange(*queue, {});
  }
}

Status Loop::run() {
  if (core_->refused != 0) {
    return std::unexpected(system_error(Fault::environment, "make an event queue", core_->refused));
  }
  core_->runner = std::this_thread::get_id();
  while (!core_->stopping.load(std::memory_order_acquire)) core_->turn(true);
  core_->stopping = false;
  core_->runner = std::thread::id();
  return {};
}

bool Loop::run_until(const std::function<bool()>& done, Duration at_most) {
  if (core_->refused != 0) return done();
  core_->runner = std::this_thread::get_id();
  bool late = false;
  const Timer limit = after(at_most, [&late] { late = true; });
  while (!done() && !late) core_->turn(true);
  core_->runner = std::thread::id();
  return done();
}

void Loop::stop() {
  core_->stopping.store(true, std::memory_order_release);
  core_->ring();
}

void Loop::post(Callback work) {
  if (in_thread()) {
    core_->posted.push_back(std::move(work));
    return;
  }
  bool first = false;
  {
    const std::lock_guard guard(core_->inbox_lock);
    first = core_->inbox.empty();
    core_->inbox.push_back(std::move(work));
    core_->mail.store(true, std::memory_order_release);
  }
  if (first) core_->ring();
}

void Loop::defer(Callback work) {
  core_->deferred.push_back(std::move(work));
}

Timer Loop::after(Duration delay, Callback work) {
  const std::int64_t now_ns = now().ns;
  const std::int64_t most = loop_detail::kNever - 1 - now_ns;
  return at(Duration{now_ns + std::min(delay.ns, most)}, std::move(work));
}

Timer Loop::at(Duration boot, Callback work) {
  auto node = std::make_unique<TimerNode>();
  node->core = core_.get();
  node->deadline_ns = boot.ns;
  node->entry = core_->entries++;
  node->work = std::move(work);
  core_->timers.add(node.get());
  core_->arm();
  return Timer(std::move(node));
}

Task<void> Loop::sleep(Duration delay) {
  Completion<bool> over;
  const Timer timer = after(delay, [over]() mutable { over.deliver(true); });
  co_await over;
}

Result<Watch> Loop::watch(int fd, Interest interest, std::move_only_function<void(Ready)> ready) {
  auto node = std::make_unique<WatchNode>();
  node->core = core_.get();
  node->fd = fd;
  node->ready = std::move(ready);
  // Registering says at once whether this descriptor can be watched at all.
  if (!core_->set_events(*node, Interest::gone)) {
    return std::unexpected(system_error(Fault::environment, "watch a descriptor", errno));
  }
  node->interest = Interest::gone;
  core_->watches.insert(node.get());
  Watch watch(std::move(node));
  watch.set(interest);
  return watch;
}

Duration Loop::now() const {
  return boot_time();
}

bool Loop::in_thread() const {
  return core_->runner.load() == std::this_thread::get_id();
}

int Loop::descriptor() const {
  return core_->events.get();
}

void Loop::turn() {
  const std::thread::id outer = core_->runner.exchange(std::this_thread::get_id());
  core_->turn(false);
  core_->runner = outer;
  if (!core_->posted.empty() || !core_->deferred.empty()) core_->ring();
}

std::size_t Loop::pending_timers() const {
  return core_->timers.size();
}

std::span<char> Loop::read_buffer() {
  using loop_detail::kReadBufferBytes;
  if (!core_->read_buffer) {
    core_->read_buffer =
        std::make_unique_for_overwrite<char[]>(kReadBufferBytes + kReadPaddingBytes);
  }
  return {core_->read_buffer.get(), kReadBufferBytes};
}

}  // namespace pawl::net
