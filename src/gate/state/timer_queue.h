// TimerQueue: everything the gate has to do later, behind one timer of its executor.
//
// A hundred thousand waiting calls have a deadline and a next sign of life each. They are entries
// of one heap here, not timers: about 80 bytes each. Nothing is ever taken out; a callback looks
// whether there is still something to do. Times are the clock's `boot()`, which cannot be set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "gate/state/ports.h"
#include "model/clock.h"

namespace pawl {

class TimerQueue {
 public:
  // Called with the subject of its entry: the id of an approval or a run, or whatever it is about.
  // It captures one reference and no more, so that an entry allocates nothing for it.
  using Callback = std::function<void(const std::string& subject)>;

  TimerQueue(Clock& clock, Executor& executor);

  // `callback` is called from the executor, never from here.
  void at(Duration boot, std::string subject, Callback callback);
  // Runs `work` in a later turn, unless the queue is gone by then.
  void later(std::function<void()> work);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::int64_t boot_ns;
    std::string subject;
    Callback callback;
    bool operator<(const Entry& other) const { return boot_ns > other.boot_ns; }
  };
  void arm();
  void run();

  Clock& clock_;
  Executor& executor_;
  std::vector<Entry> entries_;  // a heap, earliest on top
  std::shared_ptr<void> timer_;
  std::int64_t armed_for_ns_ = 0;  // 0: no timer
  std::shared_ptr<char> alive_;
};

}  // namespace pawl
