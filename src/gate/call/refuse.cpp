// Replies for calls that do not run, and the refusals that the gate makes by itself.
#include <utility>

#include "base/json.h"
#include "gate/approval/lifecycle.h"
#include "gate/call/decide.h"
#include "gate/call/sub_run_limits.h"
#include "gate/decision/pipeline.h"
#include "gate/run/denial_throttle.h"
#include "gate/state/sub_run.h"
#include "kernel/admit/admit.h"
#include "kernel/admit/explain.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

Class class_of(const CallContext& context) {
  return context.tool ? context.tool->action_class : kMostDangerous;
}

Settled refused(const Verdict& verdict, const Call& call, const ToolRule* entry,
                const Policy& policy, const std::string& id, const std::string& approval) {
  Settled reply;
  reply.kind = Settled::Kind::refused;
  reply.code = verdict.reason.code;
  reply.text = denial_text(verdict, call, entry);
  reply.decision = decision_json(verdict, policy, id, approval);
  reply.call = id;
  reply.approval = approval;
  return reply;
}

// The run is unknown, so there is no policy that could explain anything.
Settled refused_unknown(const GateRefusal& refusal) {
  Settled reply;
  reply.kind = Settled::Kind::refused;
  reply.code = refusal.code;
  reply.text = "not done: " + refusal.says + ".\na retry cannot succeed; nothing was changed.";
  json::Writer decision;
  decision.object().key("code").string(to_string(refusal.code)).end();
  reply.decision = decision.take();
  return reply;
}

// The kernel's verdict for a request that never became a call; `halts` is the gate's own reason.
Verdict verdict_of(const GateState& gate_state, const GateRun& gate_run, const Run& run,
                   const GateRefusal& refusal, const Call& call, Instant now) {
  if (refusal.halts) {
    Verdict verdict(Effect::deny, kMostDangerous);
    verdict.reason.code = refusal.code;
    verdict.reason.says = refusal.says;
    verdict.reservation.steps = 1;
    verdict.halt = true;
    return verdict;
  }
  Facts facts;
  facts.fault = gate_state.log.fault();
  return admit_refused({.policy = gate_run.policy->policy(),
                        .state = gate_state.state,
                        .run = run,
                        .call = call,
                        .tool = nullptr,
                        .facts = facts,
                        .now = now},
                       refusal.code, refusal.says);
}

}  // namespace

Verdict denial(const CallContext& context, Code code, std::string says) {
  Verdict verdict(Effect::deny, class_of(context));
  verdict.reason.code = code;
  verdict.reason.says = std::move(says);
  verdict.retry = retryable(code);
  return verdict;
}

Next refuse(CallContext& context, const Verdict& verdict) {
  context.phase = CallContext::Phase::over;
  // What was let run was no denial, whatever became of it.
  const bool denied = context.decided_under == nullptr && counts_as_denial(verdict.reason.code);
  if (context.asked.sub_run && denied) context.asked.sub_run->charge_denial();
  context.reply() = refused(verdict, context.asked.call, context.entry(), context.policy(),
                            context.call, context.approval);
  return Next::reply;
}

GateRefusal refusal_of(const CallContext& context, Code code, std::string says) {
  return {.run = context.asked.run,
          .server = std::string(context.asked.call.server),
          .tool = std::string(context.asked.call.tool),
          .code = code,
          .says = std::move(says),
          .note = note_of(context.asked)};
}

Settled refuse_here(GateState& gate_state, const GateRefusal& refusal) {
  GateRun* run = run_of(gate_state, refusal.run);
  const Run* known = gate_state.state.run(refusal.run);
  if (run == nullptr || known == nullptr) return refused_unknown(refusal);

  const Policy& policy = run->policy->policy();
  const Call call{.server = refusal.server, .tool = refusal.tool, .arguments = {}};
  const Instant now = gate_state.log.now();
  settle_counts(gate_state, *run, *known);  // no ceiling is judged with a count missing
  const Verdict verdict = verdict_of(gate_state, *run, *known, refusal, call, now);
  std::string id;
  if (verdict.halt || written_out(gate_state, *known, now)) {
    id = call_id(gate_state);
    CallDecided record;
    record.call = id;
    record.run = refusal.run;
    record.server = refusal.server;
    record.tool = refusal.tool;
    record.policy = run->policy->digest();
    record.effect = to_string(verdict.effect);
    record.code = to_string(verdict.reason.code);
    record.reason = reason_text(verdict, call);
    record.class_text = to_string(verdict.action_class);
    record.halt = verdict.halt;
    record.steps = verdict.reservation.steps;
    record.call_note = refusal.note;
    if (!gate_state.log.append(std::move(record), {.urgency = Urgency::reserve, .at = now}))
      id.clear();
  } else {
    count_refusal(gate_state, *run, refusal.run, verdict.reason.code);
  }
  if (verdict.halt) halt(gate_state, refusal.run, verdict.reason.code, reason_text(verdict, call));
  return refused(verdict, call, nullptr, policy, id, {});
}

}  // namespace pawl
