// The life of a call, in one straight line. Each step is a small function in a file of its name.
#include "gate/call/calls.h"

#include "gate/state/gate_state.h"

#include <utility>

#include "gate/approval/access_requests.h"
#include "gate/approval/lifecycle.h"
#include "gate/call/decide.h"
#include "gate/call/execute.h"
#include "gate/call/hold.h"
#include "gate/call/offload.h"
#include "gate/call/settle.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

void mark(CallContext& context, Duration CallTimes::* moment) {
  if (context.times) (*context.times).*moment = context.gate_state.clock.boot();
}

// From the grant to the reply. A frame of its own, which a call that waits for a person does not
// have yet: a hundred thousand of those must be cheap.
Task<void> carry_out(CallContext& context) {
  Journal& journal = context.gate_state.journal;
  if (context.effect) {
    const Status durable = co_await journal.durable(context.decided);
    // Nothing waits between this look and the server.
    if (last_look(context, durable) != Next::execute) co_return;
  }
  sending(context);
  mark(context, &CallTimes::sent);
  Outcome outcome =
      asks_people_for_access(context)
          ? make_grant(context)
          : co_await context.upstream.execute(context.asked.call.tool, context.forwarded);
  mark(context, &CallTimes::answered);
  if (large_result(context, outcome)) co_await read_result(context, outcome);
  Status recorded = settle(context, std::move(outcome));  // projection, charges, the last record
  if (recorded && context.effect) recorded = co_await journal.durable(context.decided);
  deliver(context, recorded);
}

// The call while its frame lives: its client may leave at any moment, and a call that is dropped on
// its way is recorded as what it is by then: left alone, aborted, or of unknown outcome.
class CallScope {
 public:
  explicit CallScope(CallContext& context) : context_(context) {
    context_.caller.on_gone = [this] { client_left(); };
  }
  ~CallScope() {
    context_.caller.on_gone = {};
    if (context_.run == nullptr) return;
    if (context_.phase == CallContext::Phase::waiting) leave_alone(context_);
    if (context_.phase == CallContext::Phase::granted) end_unsent(context_);
    if (context_.phase == CallContext::Phase::executing) lose(context_);
    tell_over();
  }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  void client_left() {
    if (context_.phase == CallContext::Phase::waiting) wake(context_);
    if (context_.phase == CallContext::Phase::executing) cancel_later(context_);
  }
  void tell_over() {
    const GateState& gate_state = context_.gate_state;
    if (!context_.times || !gate_state.over) return;
    context_.times->over = gate_state.clock.boot();
    const Settled& last = context_.reply();
    gate_state.over({context_.asked, context_.state().agent, context_.call, context_.approval,
                     last.kind, last.code, context_.tool != nullptr, *context_.times});
  }

  CallContext& context_;
};

}  // namespace

Calls::Calls(GateState& gate_state) : gate_state_(gate_state) {}

Task<Settled> Calls::handle(Proposal proposal, Upstream& upstream, Caller& caller) {
  CallContext context(gate_state_, proposal, upstream, caller);
  const CallScope scope(context);
  const bool large = large_arguments(context);
  if (large) co_await look_ahead(context);
  Next next = begin(context);  // facts, the kernel's verdict, its record
  if (large) next = unless_gone(context, next);
  mark(context, &CallTimes::decided);
  while (next == Next::wait) {
    co_await *context.woken;        // a person, the clock, the switch, no client any more
    next = after_waiting(context);  // facts and verdict again, and their record
  }
  mark(context, &CallTimes::released);
  if (next == Next::execute) co_await carry_out(context);
  co_return std::move(context.reply());
}

Settled Calls::refuse(const std::string& run, Code code, const std::string& what,
                      const std::string& sentence, SubRunLimits* sub_run) {
  GateRefusal refusal{.run = run, .tool = what, .code = code, .says = sentence};
  if (sub_run != nullptr) {
    sub_run->charge_step();
    refusal.note = sub_run->name();
  }
  Settled reply = refuse_here(gate_state_, refusal);
  if (sub_run != nullptr && counts_as_denial(reply.code)) sub_run->charge_denial();
  return reply;
}

void Calls::on_over(std::function<void(const CallOver&)> told) {
  gate_state_.over = std::move(told);
}

bool Calls::goes_on(const std::string& run, const Call& call, const Policy* decided_under) const {
  const Run* known = gate_state_.state.run(run);
  if (known == nullptr || known->phase != RunPhase::open || !gate_state_.log.fault().empty())
    return false;
  if (gate_state_.state.killed(known->agent, known->id, call.name()) != nullptr) return false;
  if (gate_state_.state.halt_of(known->agent, known->sponsor) != nullptr) return false;
  const GateRun* here = run_of(gate_state_, run);
  return here != nullptr && here->policy->shared().get() == decided_under;
}

std::size_t Calls::live_calls(const std::string& id) const {
  const auto known = gate_state_.runs.find(id);
  return known == gate_state_.runs.end() ? 0 : known->second.live.size();
}

}  // namespace pawl
