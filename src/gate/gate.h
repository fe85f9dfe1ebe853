// The gate: the one way of every call, and what people and the node have to do with it.
//
// Promises (each has scenarios in test/):
//   - nothing is forwarded before its decision is written; an effect waits until it is durable;
//   - after the last wait before execution the kill switch, the run and the policy are compared
//     once more, without waiting;
//   - a reply is released only after the record of its completion was written, durable for effects;
//   - an answer of people is used once, by a live request of the same subject, for the same bytes;
//   - when the journal cannot write, nothing is granted any more.
//
// A Gate outlives every task of `calls.handle`. A second `runs.open` with the same key is another
// connection of the same run; `runs.leave` says that one is gone.
// Threads: everything happens on the loop that owns the gate.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "gate/alert/alerts.h"
#include "gate/approval/approvals.h"
#include "gate/approval/reviewers.h"
#include "gate/call/calls.h"
#include "gate/run/kill_switch.h"
#include "gate/run/policies.h"
#include "gate/run/runs.h"
#include "gate/state/limits.h"
#include "gate/state/ports.h"
#include "io/journal/journal.h"
#include "kernel/state/state.h"

namespace pawl {

struct GateState;

class Gate {
  std::unique_ptr<GateState> gate_state_;

 public:
  // `state` is the fold of the journal; `epoch` and the start record are the caller's.
  Gate(State state, Journal& journal, Clock& clock, Executor& executor, Notifier& notifier,
       std::function<std::string(std::size_t)> random, GateLimits limits = {});
  ~Gate();

  // Appends what a crash left behind: indeterminate calls, halts. Once, before the first call.
  Status recover();

  Calls calls;
  Approvals approvals;
  Reviewers reviewers;
  Runs runs;
  KillSwitch kill_switch;
  Policies policies;
  Alerts alerts;

  // From now on `told` hears of every record as it is written, in their order: not durable yet, and
  // in the middle of a turn, so it keeps what it wants and calls nothing here. Until the answer is
  // let go.
  [[nodiscard]] std::shared_ptr<void> on_record(std::function<void(const Record&)> told);

  const State& state() const;
  // Why no grants are given at the moment; empty: they are.
  std::string fault() const;
};

}  // namespace pawl
