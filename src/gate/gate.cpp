#include "gate/gate.h"

#include <utility>

#include "gate/decide.h"
#include "gate/gate_state.h"
#include "gate/hold.h"
#include "gate/ladder.h"
#include "gate/part.h"

namespace pawl {

Gate::Gate(State state, Journal& journal, Clock& clock, Executor& executor, Herald& herald,
           std::function<std::string(std::size_t)> random, GateLimits limits)
    : desk_(std::make_unique<GateState>(std::move(state), journal, clock, executor, herald,
                                   std::move(random), limits)) {}

Gate::~Gate() = default;

Status Gate::recover() {
  GateState& desk = *desk_;
  for (Body& body : desk.state.settle_after_crash()) {
    const RunHalted* halted = std::get_if<RunHalted>(&body);
    const RunHalted told = halted != nullptr ? *halted : RunHalted{};
    if (const auto seq = desk.append(std::move(body), {.urgency = Urgency::reserve}); !seq) {
      return std::unexpected(seq.error());
    }
    if (halted != nullptr) alert_people(desk, told.run, told.code, told.why);
  }
  climb_on(desk);
  desk.watch_disk();
  for (const auto& [id, call] : usable_questions(desk.state)) {
    schedule_end(desk, *desk.state.approval(id));
  }
  for (const auto& [id, run] : desk.state.runs()) {
    if (run.phase == RunPhase::closed) continue;
    desk.agenda.at(desk.clock.boot() + desk.limits.idle_close, Errand::idle, id);
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
  Settled reply = refuse_here(*desk_, refusal);
  if (part != nullptr && counts_as_denial(reply.code)) part->charge_denial();
  return reply;
}

std::shared_ptr<void> Gate::on_record(std::function<void(const Record&)> told) {
  auto listener = std::make_shared<GateState::Told>(std::move(told));
  desk_->told.push_back(listener);
  return listener;
}

void Gate::on_over(std::function<void(const CallOver&)> told) {
  desk_->over = std::move(told);
}

const State& Gate::state() const {
  return desk_->state;
}

std::string Gate::fault() const {
  return desk_->fault();
}

bool Gate::goes_on(const std::string& run, const Call& call, const Policy* decided_under) const {
  const Run* known = desk_->state.run(run);
  if (known == nullptr || known->phase != RunPhase::open || !desk_->fault().empty()) return false;
  if (desk_->state.killed(known->agent, known->id, call.name()) != nullptr) return false;
  if (desk_->state.halt_of(known->agent, known->sponsor) != nullptr) return false;
  return policy_of(run).get() == decided_under;
}

}  // namespace pawl
