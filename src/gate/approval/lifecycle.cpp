#include "gate/approval/lifecycle.h"

#include <algorithm>
#include <utility>

#include "gate/alert/escalation.h"
#include "gate/approval/approval_rules.h"
#include "kernel/state/live.h"

namespace pawl {

namespace {

// The same for a run whose questions the fold has withdrawn already.
void end_held(GateState& gate_state, const std::string& run) {
  std::vector<UsableQuestion> held;
  for (const auto& [id, call] : gate_state.state.calls()) {
    if (call.run == run && call.phase == CallPhase::held) held.push_back({call.approval, id});
  }
  std::ranges::sort(held);
  for (const auto& [approval, call] : held) wake_or_end(gate_state, approval, call);
}

}  // namespace

Duration time_until(const GateState& gate_state, Instant end) {
  return {std::max<std::int64_t>(0, (end - gate_state.clock.now()).ns)};
}

void schedule_end(GateState& gate_state, const Approval& approval) {
  const auto end = ends_at(approval);
  if (!end) return;
  gate_state.timers.at(gate_state.clock.boot() + time_until(gate_state, *end),
                       approval.asked.approval,
                       [&gate_state](const std::string& id) { expire(gate_state, id); });
}

void leave_alone(CallContext& context) {
  GateState& gate_state = context.gate_state;
  context.phase = CallContext::Phase::over;
  gate_state.waiting.erase(context.approval);
  const Approval* asked = gate_state.state.approval(context.approval);
  const bool usable = asked != nullptr && is_live(*asked);
  if (!usable) return end_unsent(context);  // answered no, or withdrawn, and no caller to tell
  (void)gate_state.log.append(ApprovalAttached{context.approval, context.call, false},
                              {.urgency = Urgency::reserve});
  schedule_end(gate_state, *gate_state.state.approval(context.approval));
}

void expire(GateState& gate_state, const std::string& approval) {
  const Approval* asked = gate_state.state.approval(approval);
  if (asked == nullptr || !time_is_over(gate_state, *asked)) return;
  if (!is_live(*asked)) return;
  const std::string call = asked->call;
  (void)gate_state.log.append(ApprovalEnded{approval, "expired", call},
                              {.urgency = Urgency::reserve});
  wake_or_end(gate_state, approval, call);
}

void wake_or_end(GateState& gate_state, const std::string& approval, const std::string& call) {
  gate_state.remarks_told.erase(approval);
  const auto waiting = gate_state.waiting.find(approval);
  if (waiting != gate_state.waiting.end()) return wake(*waiting->second);
  // The state forgets questions that ended long ago, but not the calls that they held.
  const Approval* asked = gate_state.state.approval(approval);
  const bool usable = asked != nullptr && is_live(*asked);
  const LiveCall* held = gate_state.state.call(call);
  if (usable || held == nullptr || held->phase != CallPhase::held) return;
  if (held->approval == approval)
    abort_call(gate_state, std::string(held->id), std::string(held->run));
}

std::vector<UsableQuestion> usable_questions(const State& state) {
  std::vector<UsableQuestion> usable;
  for (const auto& [id, approval] : state.approvals()) {
    if (is_live(approval)) {
      usable.push_back({id, approval.call});
    }
  }
  std::ranges::sort(usable);
  return usable;
}

std::vector<std::string> end_withdrawn(GateState& gate_state,
                                       const std::vector<UsableQuestion>& before) {
  std::vector<std::string> gone;
  for (const auto& [approval, call] : before) {
    const Approval* asked = gate_state.state.approval(approval);
    if (asked != nullptr && asked->phase != ApprovalPhase::withdrawn) continue;
    gone.push_back(approval);
    wake_or_end(gate_state, approval, call);
  }
  return gone;
}

void halt(GateState& gate_state, const std::string& run, Code code, const std::string& why) {
  const std::string word(to_string(code));
  const auto seq = gate_state.log.append(RunHalted{run, word, why}, {.urgency = Urgency::reserve});
  if (seq) gate_state.journal.request_sync(*seq);
  alert_people(gate_state, run, word, why);
  end_held(gate_state, run);
}

}  // namespace pawl
