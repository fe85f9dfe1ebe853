#include "gate/gate_state.h"

#include <utility>

#include "base/id.h"
#include "gate/near.h"
#include "gate/origins.h"
#include "gate/runs.h"

namespace pawl {

GateState::GateState(State state_in, Journal& journal_in, Clock& clock_in, Executor& executor_in,
                     Notifier& notifier_in, std::function<std::string(std::size_t)> random_in,
                     GateLimits limits_in)
    : journal(journal_in),
      clock(clock_in),
      executor(executor_in),
      notifier(notifier_in),
      random(std::move(random_in)),
      limits(limits_in),
      timers(clock_in, executor_in),
      log(std::move(state_in), journal_in, clock_in, timers, limits_in.snapshot_records),
      state(log.state()) {}

bool clock_suspect(const GateState& gate_state) {
  const Duration drift = gate_state.clock.drift();
  const Duration most = gate_state.limits.drift_max;
  return drift > most || Duration{-drift.ns} > most;
}

GateRun* run_of(GateState& gate_state, std::string_view id) {
  const auto known = gate_state.runs.find(id);
  if (known != gate_state.runs.end()) return &known->second;
  const Run* opened = gate_state.state.run(id);
  if (opened == nullptr) return nullptr;
  std::shared_ptr<PolicyInUse> policy = known_policy(gate_state, opened->policy);
  if (!policy) return nullptr;
  GateRun& made = gate_state.runs[std::string(id)];
  made.policy = std::move(policy);
  made.origins = origins_for(made.policy->policy());
  made.left = gate_state.clock.boot();
  for (const auto& [asked, approval] : gate_state.state.approvals()) {
    if (approval.phase == ApprovalPhase::rejected && approval.asked.run == id) {
      remember_rejection(gate_state, made, approval);
    }
  }
  return &made;
}

std::string new_id(GateState& gate_state, std::string_view prefix) {
  const State& state = gate_state.state;
  std::string id;
  do {
    id = make_id(prefix, gate_state.random(5));
  } while (state.run(id) != nullptr || state.approval(id) != nullptr);
  return id;
}

// The sequence number of its first record, spelled like every id: never twice in one journal.
std::string call_id(const GateState& gate_state) {
  const std::uint64_t seq = gate_state.journal.next();
  std::string bytes;
  for (int shift = 32; shift >= 0; shift -= 8) bytes += static_cast<char>(seq >> shift & 0xff);
  return make_id("c", bytes);
}

}  // namespace pawl
