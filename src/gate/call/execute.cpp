#include "gate/call/execute.h"

#include <algorithm>
#include <utility>

#include "gate/call/decide.h"
#include "gate/run/deadline.h"
#include "gate/run/observation.h"
#include "gate/state/sub_run.h"

namespace pawl {

namespace {

bool still_granted(const Run& run, std::string_view grant, Instant now) {
  const auto found = std::ranges::find(run.grants, grant, &Grant::id);
  return found != run.grants.end() && now < found->until;
}

}  // namespace

Next unless_gone(CallContext& context, Next next) {
  if (!context.caller.gone()) return next;
  if (next == Next::wait) wake(context);  // it is not said a second time
  if (next != Next::execute) return next;
  end_unsent(context);
  context.reply().kind = Settled::Kind::gone;
  return Next::reply;
}

Next last_look(CallContext& context, const Status& durable) {
  GateState& gate_state = context.gate_state;
  if (!durable || gate_state.journal.failed()) {
    // Nothing can be recorded any more; the next start finds a call that was let through and has no
    // end, and treats it as one with an unknown outcome.
    return refuse(context,
                  denial(context, Code::audit_unavailable,
                         "the decision did not reach the disk: " + gate_state.log.fault()));
  }
  if (unless_gone(context, Next::execute) != Next::execute) return Next::reply;
  const Run& run = context.state();
  const bool killed =
      run.phase == RunPhase::killed ||
      gate_state.state.killed(run.agent, run.id, context.asked.call.name()) != nullptr;
  if (killed) {
    end_unsent(context);
    return refuse(context, denial(context, Code::killed, "the kill switch was set meanwhile"));
  }
  if (run.phase != RunPhase::open || gate_state.state.halt_of(run.agent, run.sponsor) != nullptr) {
    end_unsent(context);
    return refuse(context,
                  denial(context, Code::run_halted, "the run was killed or halted meanwhile"));
  }
  if (context.asked.sub_run && context.asked.sub_run->over()) {
    end_unsent(context);
    return refuse(context, denial(context, Code::not_granted, "the sub-run ended meanwhile"));
  }
  if (!context.grant.empty() && !still_granted(run, context.grant, gate_state.log.now())) {
    end_unsent(context);
    return refuse(context, denial(context, Code::not_granted,
                                  "what people had granted ended before it was sent"));
  }
  if (context.other_policy_now()) {
    end_unsent(context);
    return refuse(context, denial(context, Code::cancelled,
                                  "the policy became stricter before it was sent; call it again to "
                                  "have it evaluated again"));
  }
  if (context.watched && enforcement(gate_state, run.agent) == Enforcement::enforced) {
    end_unsent(context);
    return refuse(context, denial(context, Code::cancelled,
                                  "watching without enforcing ended before it was sent; call it "
                                  "again to have it evaluated again"));
  }
  return Next::execute;
}

void sending(CallContext& context) {
  context.phase = CallContext::Phase::executing;
  context.since = context.gate_state.clock.boot();
  watch_deadline(context.gate_state, context.asked.run);
}

}  // namespace pawl
