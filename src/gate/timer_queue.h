// TimerQueue: everything the gate has to do later, behind one timer of its executor.
//
// A hundred thousand waiting calls have a deadline and a next sign of life each. They are entries
// of one heap here, not timers: about 50 bytes each. Nothing is ever taken out; whoever is called
// at the due time looks whether there is still something to do. Times are the clock's `boot()`,
// which nobody can set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "gate/ports.h"
#include "model/clock.h"

namespace pawl {

enum class TimerKind : std::uint8_t {
  expire,         // of an approval: its time is over
  patience,       // of an approval: its caller wants a sign of life, or an answer now
  count_denials,  // of a run: the minute is over
  idle,           // of a run: its last connection has been gone for long
  make_room,      // the disk was full: look again
  climb,          // of an escalation: its next step
  observe,        // of an agent: watching without enforcing is over
  // Of a topic under which strangers are refused: those that were only counted are written.
  count_refusals,
};

class TimerQueue {
 public:
  // `due` is called from the executor, never from `at`.
  TimerQueue(Clock& clock, Executor& executor,
             std::function<void(TimerKind, const std::string&)> due);

  // `subject` is the id of an approval or a run.
  void at(Duration boot, TimerKind what, std::string subject);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::int64_t boot_ns;
    TimerKind what;
    std::string subject;
    bool operator<(const Entry& other) const { return boot_ns > other.boot_ns; }
  };
  void arm();
  void run();

  Clock& clock_;
  Executor& executor_;
  std::function<void(TimerKind, const std::string&)> due_;
  std::vector<Entry> entries_;  // a heap, earliest on top
  std::shared_ptr<void> timer_;
  std::int64_t armed_for_ns_ = 0;  // 0: no timer
};

}  // namespace pawl
