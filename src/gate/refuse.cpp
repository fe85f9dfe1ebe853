// Replies for calls that do not run, and the refusals that the gate makes by itself.
#include <utility>

#include "base/json.h"
#include "gate/decide.h"
#include "gate/flood.h"
#include "kernel/admit/explain.h"

namespace pawl {

namespace {

Class class_of(const Ticket& ticket) {
  return ticket.tool ? ticket.tool->action_class : kUnplaced;
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

// Nobody opened the run, so there is no policy that could explain anything.
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

// Ceilings that a request can reach without ever becoming a call.
std::string ceiling_reached(const Run& run, const Ceilings& ceilings) {
  if (ceilings.steps && run.steps.total() > *ceilings.steps) {
    return "the run asked for more than its " + std::to_string(*ceilings.steps) + " steps";
  }
  if (ceilings.denials && run.denials.total() > *ceilings.denials) {
    return "the run was refused " + std::to_string(*ceilings.denials) + " times";
  }
  return {};
}

}  // namespace

Verdict denial(const Ticket& ticket, Code code, std::string says) {
  Verdict verdict(Effect::deny, class_of(ticket));
  verdict.reason.code = code;
  verdict.reason.says = std::move(says);
  verdict.retry = retryable(code);
  return verdict;
}

Next refuse(Ticket& ticket, const Verdict& verdict) {
  ticket.phase = Ticket::Phase::over;
  ticket.reply() = refused(verdict, ticket.asked.call, ticket.entry(), ticket.policy(), ticket.call,
                           ticket.approval);
  return Next::reply;
}

Settled refuse_here(Desk& desk, const GateRefusal& refusal) {
  RunDesk* run = desk.run(refusal.run);
  const Run* known = desk.state.run(refusal.run);
  if (run == nullptr || known == nullptr) return refused_unknown(refusal);

  Verdict verdict(Effect::deny, kUnplaced);
  verdict.reason.code = refusal.code;
  verdict.reason.says = refusal.says;
  verdict.halt = refusal.halts;
  const Policy& policy = run->policy->policy();
  const Call call{.server = refusal.server, .tool = refusal.tool, .arguments = {}};
  std::string id;
  const Instant now = desk.now();
  if (verdict.halt || written_out(desk, *known, now)) {
    id = desk.call_id();
    CallDecided record;
    record.call = id;
    record.run = refusal.run;
    record.server = refusal.server;
    record.tool = refusal.tool;
    record.policy = run->policy->digest();
    record.effect = to_string(verdict.effect);
    record.code = to_string(refusal.code);
    record.reason = reason_text(verdict, call);
    record.class_text = to_string(verdict.action_class);
    record.halt = verdict.halt;
    record.steps = 1;
    if (!desk.append(std::move(record), {.urgency = Urgency::reserve, .at = now})) id.clear();
  } else {
    count_refusal(desk, *run, refusal.run, refusal.code);
    settle_counts(desk, *run, *known);
  }
  std::string reached = verdict.halt ? refusal.says : ceiling_reached(*known, policy.ceilings);
  if (known->phase == RunPhase::open || (verdict.halt && known->phase == RunPhase::halted)) {
    if (!reached.empty()) halt(desk, refusal.run, Code::ceiling, reached);
  }
  return refused(verdict, call, nullptr, policy, id, {});
}

}  // namespace pawl
