#include "gate/decision/pipeline.h"

#include <utility>

#include "kernel/admit/decision_record.h"
#include "kernel/policy/policy.h"
#include "kernel/state/vigilance.h"

namespace pawl {

namespace {

// What was found out ahead, where it is about what is judged now: the tool may be bound again, the
// arguments be others, a link lead elsewhere.
const ArgumentFindings* findings_for(const CallContext& context, const Facts& facts) {
  const ArgumentFindings* found = context.findings.get();
  const bool fits =
      found != nullptr && found->about(context.tool.get(), context.asked.call.arguments, facts);
  return fits ? found : nullptr;
}

void describe_passing(const LetThrough& passing, CallDecided& record) {
  record.enforced = false;
  record.class_text = to_string(passing.action_class);
  record.grant.clear();  // it runs because its role is watched, and uses nothing that was granted
  record.credential = passing.credential == nullptr ? std::string() : *passing.credential;
  record.steps = passing.reservation.steps;
  record.calls = passing.reservation.calls;
  record.records = passing.reservation.records;
  record.sums = passing.reservation.sums;
}

}  // namespace

Situation situation_of(const CallContext& context, const Facts& facts, Instant now, Look look) {
  return {.policy = context.policy(),
          .state = context.gate_state.state,
          .run = context.state(),
          .call = context.asked.call,
          .tool = context.tool.get(),
          .facts = facts,
          .now = now,
          .look = look,
          .findings = findings_for(context, facts)};
}

Evaluation evaluate(const CallContext& context, Facts facts, Look look) {
  const Instant now = context.gate_state.log.now();
  Verdict verdict = admit(situation_of(context, facts, now, look));
  if (verdict.runs() && is_vigilance(context.state())) {  // recorded as a fact, for replay
    facts.fault = "this call was made to see whether people read, and never runs";
    verdict = admit(situation_of(context, facts, now, look));
  }
  return {std::move(facts), std::move(verdict), look, now};
}

std::string note_of(const Proposal& asked) {
  if (!asked.sub_run) return asked.note;
  return asked.note.empty() ? asked.sub_run->name() : asked.sub_run->name() + "; " + asked.note;
}

CallDecided to_record(const CallContext& context, const Evaluation& evaluation) {
  CallDecided record = decision_record(evaluation.verdict, context.asked.call, context.tool.get());
  record.call = context.call;
  record.run = context.asked.run;
  record.round = evaluation.look == Look::proposal ? 1 : 2;
  record.policy = context.run->policy->digest();
  record.definition = evaluation.facts.definition;
  record.facts = to_json(evaluation.facts);
  record.call_note = note_of(context.asked);
  record.mark = context.mark;
  if (evaluation.passing) describe_passing(*evaluation.passing, record);
  record.candidate =
      ask_candidate(context, evaluation.facts, evaluation.verdict, evaluation.look, evaluation.at);
  return record;
}

std::string binding_text(const CallContext& context, const Facts& facts) {
  return to_string(
      binding_of(context.policy(), *context.tool, context.state(), context.asked.call, facts));
}

std::string likeness_text(const CallContext& context, const Evaluation& evaluation) {
  return to_string(likeness_of(
      situation_of(context, evaluation.facts, evaluation.at, evaluation.look), evaluation.verdict));
}

}  // namespace pawl
