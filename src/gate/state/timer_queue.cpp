#include "gate/state/timer_queue.h"

#include <algorithm>
#include <utility>

namespace pawl {

TimerQueue::TimerQueue(Clock& clock, Executor& executor)
    : clock_(clock), executor_(executor), alive_(std::make_shared<char>()) {}

void TimerQueue::at(Duration boot, std::string subject, Callback callback) {
  entries_.push_back({boot.ns, std::move(subject), std::move(callback)});
  std::push_heap(entries_.begin(), entries_.end());
  arm();
}

void TimerQueue::later(std::function<void()> work) {
  executor_.post([alive = std::weak_ptr<char>(alive_), work = std::move(work)] {
    if (!alive.expired()) work();
  });
}

void TimerQueue::arm() {
  if (entries_.empty()) return;
  const std::int64_t next = entries_.front().boot_ns;
  if (armed_for_ns_ != 0 && armed_for_ns_ <= next) return;
  armed_for_ns_ = next;
  const std::int64_t wait = std::max<std::int64_t>(0, next - clock_.boot().ns);
  timer_ = executor_.after(Duration{wait}, [this] { run(); });
}

void TimerQueue::run() {
  // The timer that called us is kept alive until we are done: its destruction would destroy the
  // function that we are in.
  auto expired = std::exchange(timer_, {});
  armed_for_ns_ = 0;
  const std::int64_t now = clock_.boot().ns;
  while (!entries_.empty() && entries_.front().boot_ns <= now) {
    std::pop_heap(entries_.begin(), entries_.end());
    Entry entry = std::move(entries_.back());
    entries_.pop_back();
    entry.callback(entry.subject);
  }
  arm();
}

}  // namespace pawl
