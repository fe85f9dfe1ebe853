#include "gate/state/call_context.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "kernel/policy/policy.h"

namespace pawl {

SubRunCharge::SubRunCharge(SubRunLimits& sub_run, const SubRunUse& use)
    : sub_run_(&sub_run), use_(use) {
  sub_run_->take(use_);
}

SubRunCharge::~SubRunCharge() {
  if (sub_run_ != nullptr) sub_run_->give_back(use_);
}

void SubRunCharge::spend(std::uint64_t records_reported) {
  SubRunLimits* const sub_run = std::exchange(sub_run_, nullptr);
  if (sub_run == nullptr || !sub_run->counts_records() || records_reported <= use_.records) return;
  sub_run->charge_records(records_reported - use_.records);
}

CallContext::CallContext(GateState& gate_state_in, Proposal& asked_in, Upstream& upstream_in,
                         Caller& caller_in)
    : gate_state(gate_state_in),
      asked(asked_in),
      upstream(upstream_in),
      caller(caller_in),
      run(run_of(gate_state_in, asked_in.run)) {
  if (run != nullptr) {
    place = run->live.size();
    run->live.push_back(this);
  }
  if (gate_state.over)
    times = std::make_unique<CallTimes>(CallTimes{.asked = gate_state.clock.boot()});
}

CallContext::~CallContext() {
  if (run == nullptr) return;
  run->live[place] = run->live.back();
  run->live[place]->place = place;
  run->live.pop_back();
}

bool CallContext::other_policy_now() const {
  const PolicyInUse* now = run->policy.get();
  return now != decided_under && now->digest() != decided_under->digest();
}

const ToolRule* CallContext::entry() const {
  return tool ? tool->entry : nullptr;
}

const Run& CallContext::state() const {
  const Run* known = gate_state.state.run(asked.run);
  assert(known != nullptr);
  return *known;
}

Settled& CallContext::reply() {
  if (!reply_) reply_ = std::make_unique<Settled>();
  return *reply_;
}

void wake(CallContext& context) {
  if (!context.woken) return;
  context.gate_state.timers.later([woken = *context.woken]() mutable { woken.deliver(true); });
}

void cancel(CallContext& context) {
  if (context.cancelled) return;
  context.cancelled = true;
  context.upstream.cancel();
}

// The door is in the middle of something of its own when it says that the client left.
void cancel_later(CallContext& context) {
  context.gate_state.timers.later(
      [gate_state = &context.gate_state, run = context.asked.run, call = context.call] {
        const auto known = gate_state->runs.find(run);
        if (known == gate_state->runs.end()) return;
        const auto& live = known->second.live;
        const auto found = std::ranges::find_if(live, [&](const CallContext* other) {
          return other->call == call && other->phase == CallContext::Phase::executing;
        });
        if (found != live.end()) cancel(**found);
      });
}

void end_unsent(CallContext& context) {
  context.phase = CallContext::Phase::over;
  abort_call(context.gate_state, context.call, context.asked.run);
}

void abort_call(GateState& gate_state, const std::string& call, const std::string& run) {
  CallEnded ended;
  ended.call = call;
  ended.run = run;
  ended.outcome = "aborted";
  (void)gate_state.log.append(std::move(ended), {.urgency = Urgency::reserve});
}

}  // namespace pawl
