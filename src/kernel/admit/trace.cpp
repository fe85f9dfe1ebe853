#include "kernel/admit/trace.h"

#include <fmt/format.h>

#include <utility>

#include "kernel/admit/call_values.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

using Outcome = TracedStage::Outcome;

// The step whose rule decided in the stage is the one that objects.
void mark(TracedStage& stage, ExplainedStep::Answer answer) {
  if (stage.rule == nullptr) return;
  for (ExplainedStep& step : stage.steps) {
    if (step.rule == stage.rule && step.answer == ExplainedStep::Answer::fine) {
      step.answer = answer;
      if (step.says.empty()) step.says = stage.says;
      return;
    }
  }
}

void explain(TracedStage& stage, ExplainStage how, const Situation& s) {
  if (how == nullptr) return;
  stage.steps = how(s);
  if (stage.steps.size() > explained_steps_max) {
    stage.left_out = stage.steps.size() - explained_steps_max;
    stage.steps.resize(explained_steps_max);
  }
}

std::string sentence(const Reason& reason) {
  return reason.argument.empty() ? reason.says : "`" + reason.argument + "` " + reason.says;
}

// What the deny stages say together.
struct Denied {
  bool denied = false;
  Reason reason;
  bool halt = false;
};

// One verdict goes through all of them, as in admit(): some leave something for the next.
Denied trace_denials(const Situation& s, Verdict& v, std::vector<TracedStage>& stages) {
  Denied out;
  for (const DenyStage& row : deny_stages()) {
    TracedStage stage;
    stage.name = row.name;
    if (out.denied) {
      stage.outcome = Outcome::not_reached;
      stages.push_back(std::move(stage));
      continue;
    }
    out.denied = row.objects(s, v);
    if (out.denied) {
      stage.outcome = Outcome::denies;
      stage.rule = v.reason.rule;
      stage.says = sentence(v.reason);
      out.reason = v.reason;
      out.halt = v.halt;
    }
    explain(stage, row.explain, s);
    if (out.denied) mark(stage, ExplainedStep::Answer::objects);
    stages.push_back(std::move(stage));
  }
  return out;
}

Asked trace_questions(const Situation& s, const Verdict& passed, bool denied,
                      std::vector<TracedStage>& stages) {
  Asked all = Asked::about(passed);
  for (const HoldStage& row : hold_stages()) {
    TracedStage stage;
    stage.name = row.name;
    stage.can_deny = false;
    if (denied) {
      stage.outcome = Outcome::not_reached;
      stages.push_back(std::move(stage));
      continue;
    }
    Asked alone = Asked::about(passed);
    row.asks(s, alone);
    row.asks(s, all);
    stage.outcome = alone.hold ? Outcome::asks : alone.notify ? Outcome::notifies : Outcome::fine;
    stage.rule = alone.rule;
    stage.says = alone.why;
    explain(stage, row.explain, s);
    if (alone.hold) mark(stage, ExplainedStep::Answer::asks);
    stages.push_back(std::move(stage));
  }
  return all;
}

// Whether admit() decided what the stages say. It may turn a denial into the halt of `max_denials`,
// and an answered question into a permission or the end of the call.
bool agrees(const Situation& s, const Denied& denied, const Asked& asked, const Verdict& verdict) {
  const bool fact = s.facts.approval.has_value();
  if (denied.denied) {
    if (verdict.effect != Effect::deny) return false;
    const bool same = verdict.reason.code == denied.reason.code &&
                      verdict.reason.rule == denied.reason.rule &&
                      verdict.reason.says == denied.reason.says;
    const bool halted = verdict.halt && verdict.reason.code == Code::ceiling &&
                        verdict.reason.says.ends_with(denied.reason.says);
    return same || halted;
  }
  // A question whose text cannot be typed is not asked.
  const bool untypable = asked.hold && verdict.reason.code == Code::constraint;
  if (verdict.effect == Effect::deny) return fact || untypable;
  if (asked.hold) {
    const bool held = verdict.effect == Effect::hold && verdict.question != nullptr &&
                      verdict.question->why == asked.why;
    return held || (fact && verdict.runs());
  }
  return verdict.effect == (asked.notify ? Effect::notify : Effect::allow);
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::fine:
      return "fine";
    case Outcome::denies:
      return "denies";
    case Outcome::asks:
      return "asks";
    case Outcome::notifies:
      return "notifies";
    case Outcome::not_reached:
      return "not reached";
  }
  return "fine";
}

std::string_view to_string(ExplainedStep::Answer answer) {
  switch (answer) {
    case ExplainedStep::Answer::fine:
      return "fine";
    case ExplainedStep::Answer::objects:
      return "objects";
    case ExplainedStep::Answer::asks:
      return "asks";
    case ExplainedStep::Answer::unasked:
      return "not asked";
  }
  return "fine";
}

Result<Trace> trace(const Situation& situation) {
  Trace out{.verdict = admit(situation), .stages = {}};
  CallValues values(situation);
  Situation s = situation;
  if (has_expressions(s)) s.values = &values;
  Verdict v(Effect::deny, class_of(s));
  v.environment = s.policy.environment;
  const Denied denied = trace_denials(s, v, out.stages);
  const Asked asked = trace_questions(s, v, denied.denied, out.stages);
  if (!agrees(s, denied, asked, out.verdict)) {
    return fail(ErrorKind::internal,
                fmt::format("the stages one by one and the decision do not agree: the decision is "
                            "`{}` ({}), and nothing is explained that could be wrong",
                            to_string(out.verdict.effect), to_string(out.verdict.reason.code)));
  }
  return out;
}

}  // namespace pawl
