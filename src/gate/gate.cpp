#include "gate/gate.h"

#include <utility>

#include "gate/decide.h"
#include "gate/escalation.h"
#include "gate/gate_state.h"
#include "gate/hold.h"
#include "gate/part.h"
#include "gate/runs.h"

namespace pawl {

Gate::Gate(State state, Journal& journal, Clock& clock, Executor& executor, Notifier& notifier,
           std::function<std::string(std::size_t)> random, GateLimits limits)
    : gate_state_(std::make_unique<GateState>(std::move(state), journal, clock, executor, notifier,
                                              std::move(random), limits)) {
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
    if (const auto seq = gate_state.log.append(std::move(body), {.urgency = Urgency::reserve});
        !seq) {
      return std::unexpected(seq.error());
    }
    if (halted != nullptr) alert_people(gate_state, told.run, told.code, told.why);
  }
  climb_on(gate_state);
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

Settled Gate::refuse(const std::string& run, Code code, const std::string& what,
                     const std::string& sentence, RunPart* part) {
  GateRefusal refusal{.run = run, .tool = what, .code = code, .says = sentence};
  if (part != nullptr) {
    part->charge_step();
    refusal.note = part->name();
  }
  Settled reply = refuse_here(*gate_state_, refusal);
  if (part != nullptr && counts_as_denial(reply.code)) part->charge_denial();
  return reply;
}

std::shared_ptr<void> Gate::on_record(std::function<void(const Record&)> told) {
  return gate_state_->log.listen(std::move(told));
}

void Gate::on_over(std::function<void(const CallOver&)> told) {
  gate_state_->over = std::move(told);
}

const State& Gate::state() const {
  return gate_state_->state;
}

std::string Gate::fault() const {
  return gate_state_->log.fault();
}

bool Gate::goes_on(const std::string& run, const Call& call, const Policy* decided_under) const {
  const Run* known = gate_state_->state.run(run);
  if (known == nullptr || known->phase != RunPhase::open || !gate_state_->log.fault().empty())
    return false;
  if (gate_state_->state.killed(known->agent, known->id, call.name()) != nullptr) return false;
  if (gate_state_->state.halt_of(known->agent, known->sponsor) != nullptr) return false;
  return policy_of(run).get() == decided_under;
}

}  // namespace pawl
