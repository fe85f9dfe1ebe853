#include "gate/timer_queue.h"

#include <algorithm>
#include <utility>

namespace pawl {

TimerQueue::TimerQueue(Clock& clock, Executor& executor,
                       std::function<void(TimerKind, const std::string&)> due)
    : clock_(clock), executor_(executor), due_(std::move(due)) {}

void TimerQueue::at(Duration boot, TimerKind what, std::string subject) {
  entries_.push_back({boot.ns, what, std::move(subject)});
  std::push_heap(entries_.begin(), entries_.end());
  arm();
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
    due_(entry.what, entry.subject);
  }
  arm();
}

}  // namespace pawl
