#include "gate/gate.h"

#include <utility>

#include "gate/alert/escalation.h"
#include "gate/approval/lifecycle.h"
#include "gate/run/runs.h"
#include "gate/state/gate_state.h"

namespace pawl {

Gate::Gate(State state, Journal& journal, Clock& clock, Executor& executor, Notifier& notifier,
           std::function<std::string(std::size_t)> random, GateLimits limits)
    : gate_state_(std::make_unique<GateState>(std::move(state), journal, clock, executor, notifier,
                                              std::move(random), limits)),
      calls(*gate_state_),
      approvals(*gate_state_),
      reviewers(*gate_state_),
      runs(*gate_state_),
      kill_switch(*gate_state_),
      policies(*gate_state_),
      alerts(*gate_state_) {
  gate_state_->log.on_fault = [this](const std::string& why) {
    alert_people(*gate_state_, {}, "audit_failure", "nothing is granted: " + why);
  };
}

Gate::~Gate() = default;

Status Gate::recover() {
  GateState& gate_state = *gate_state_;
  for (Body& body : gate_state.state.settle_after_crash()) {
    const RunHalted* halted = std::get_if<RunHalted>(&body);
    const RunHalted told = halted != nullptr ? *halted : RunHalted{};
    PAWL_TRY(gate_state.log.append(std::move(body), {.urgency = Urgency::reserve}));
    if (halted != nullptr) alert_people(gate_state, told.run, told.code, told.why);
  }
  resume_escalations(gate_state);
  gate_state.log.watch_disk();
  for (const auto& [id, call] : usable_questions(gate_state.state)) {
    schedule_end(gate_state, *gate_state.state.approval(id));
  }
  for (const auto& [id, run] : gate_state.state.runs()) {
    if (run.phase == RunPhase::closed) continue;
    close_when_idle(gate_state, id, gate_state.clock.boot() + gate_state.limits.idle_close);
  }
  return {};
}

std::shared_ptr<void> Gate::on_record(std::function<void(const Record&)> told) {
  return gate_state_->log.listen(std::move(told));
}

const State& Gate::state() const {
  return gate_state_->state;
}

std::string Gate::fault() const {
  return gate_state_->log.fault();
}

}  // namespace pawl
