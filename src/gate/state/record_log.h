// RecordLog: the one way into the journal. `append` writes a record and folds it in one step, and
// nothing else changes the state.
//
// It also watches what can keep it from writing: while the journal is full, failed, or at odds with
// the state, `fault` says so, and nothing is granted. Private to the gate.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "gate/state/timer_queue.h"
#include "io/journal/journal.h"
#include "kernel/state/state.h"
#include "model/record.h"

namespace pawl {

// How a record is written.
struct Writing {
  std::span<const PayloadRef> payloads = {};
  Urgency urgency = Urgency::ordinary;
  std::optional<Instant> at = {};  // when it was decided; absent: now
};

class RecordLog {
 public:
  // Of every record, as it was written.
  using Listener = std::function<void(const Record&)>;

  // `snapshot_records`: how many records are between two snapshots of the state.
  RecordLog(State state, Journal& journal, Clock& clock, TimerQueue& timers,
            std::uint64_t snapshot_records);

  // Ordinary records are refused when the disk is full. A record that the state refuses is a broken
  // invariant of ours: no grants from then on.
  Result<std::uint64_t> append(Body body, const Writing& how = {});

  const State& state() const { return state_; }
  // The time in whole microseconds, which is what a record keeps: what was decided with it is
  // decided again with it by a replay.
  Instant now() const;
  // Why no grants are given; empty: they are.
  std::string fault() const;

  // While the disk is full: looks every second whether there is room again.
  void watch_disk();
  // The listener hears of every record until the answer is let go.
  [[nodiscard]] std::shared_ptr<void> listen(Listener listener);

  // Called in a later turn, once for each time that nothing is granted any more.
  std::function<void(const std::string& why)> on_fault;

 private:
  void look_at_disk();
  void tell(const Record& record);
  void hear_of_fault();
  void snapshot_when_due();
  void snapshot();

  State state_;
  Journal& journal_;
  Clock& clock_;
  TimerQueue& timers_;
  std::uint64_t snapshot_records_;
  std::vector<std::weak_ptr<const Listener>> listeners_;
  std::string broken_;  // why the state and the journal may disagree
  bool watching_disk_ = false;
  bool fault_told_ = false;
  bool snapshot_planned_ = false;
  std::uint64_t snapshot_size_ = 0;  // records that the newest snapshot covers
};

}  // namespace pawl
