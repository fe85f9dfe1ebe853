#include "io/net/loop.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "io/net/clock.h"
#include "io/net/loop_core.h"

namespace pawl::net {

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
    return std::unexpected(
        system_error(ErrorKind::environment, "make an event queue", core_->refused));
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

void Loop::set_patience(Duration most) {
  core_->patience.set_most(most);
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
    return std::unexpected(system_error(ErrorKind::environment, "watch a descriptor", errno));
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
