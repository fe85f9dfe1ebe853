#include "gate/call_context.h"

#include <cassert>

#include "gate/execute.h"
#include "gate/hold.h"
#include "gate/settle.h"

namespace pawl {

namespace {

void client_left(CallContext& context) {
  if (context.phase == CallContext::Phase::waiting) wake(context);
  if (context.phase == CallContext::Phase::executing) cancel_later(context);
}

}  // namespace

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
  caller.on_gone = [this] { client_left(*this); };
  if (gate_state.over)
    times = std::make_unique<CallTimes>(CallTimes{.asked = gate_state.clock.boot()});
}

CallContext::~CallContext() {
  caller.on_gone = {};
  if (run == nullptr) return;
  if (phase == Phase::waiting) leave_alone(*this);
  if (phase == Phase::granted) end_unsent(*this);
  if (phase == Phase::executing) lose(*this);
  tell_over();
  run->live[place] = run->live.back();
  run->live[place]->place = place;
  run->live.pop_back();
}

void CallContext::tell_over() {
  if (!times || !gate_state.over) return;
  times->over = gate_state.clock.boot();
  const Settled& last = reply();
  gate_state.over(
      {asked, state().agent, call, approval, last.kind, last.code, tool != nullptr, *times});
}

bool CallContext::other_policy_now() const {
  const PolicyInUse* now = run->policy.get();
  return now != decided_under && now->digest() != decided_under->digest();
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

}  // namespace pawl
