// What makes a person look: the entry itself, and the table of class and stage.
#include <algorithm>
#include <string>

#include "base/text.h"
#include "kernel/admit/argument_findings.h"
#include "kernel/admit/call_values.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/table.h"

namespace pawl {

Asked Asked::about(const Verdict& verdict) {
  Asked asked;
  asked.action_class = verdict.action_class;
  asked.environment = verdict.environment;
  asked.cases = verdict.cases;
  asked.wish = verdict.wish.get();
  asked.notify = verdict.notify;
  return asked;
}

void Asked::ask(const Rule* by, std::string_view reason, bool type_it, std::uint8_t persons) {
  if (!hold) rule = by;
  hold = true;
  by_role = true;
  typed = typed || type_it;
  quorum = std::max(quorum, persons);
  if (!why.empty()) why += "; ";
  why += reason;
}

void ask_requires_approval(const Situation& s, Asked& asked) {
  const ToolRule& entry = *s.tool->entry;
  if (entry.requires_approval || (entry.approval_if && holds(s, *entry.approval_if))) {
    asked.ask(&entry.approval_rule, "the policy asks for approval");
  }
}

// Values that a person may let pass (`else: hold`). Only rules of which the entry says so are
// looked at again.
void ask_arguments(const Situation& s, Asked& asked) {
  if (!s.tool->may_hold) return;
  const BoundTool& tool = *s.tool;
  for (const ArgumentRule& rule : tool.arguments) {
    if (rule.otherwise != Effect::hold) continue;
    std::vector<Rewrite> unused;
    const auto violation = violation_of(s, rule, unused);
    if (!violation || !violation->hold) continue;
    if (!asked.hold) asked.code = violation->code;
    asked.ask(violation->rule,
              "`" + escape_untrusted(violation->argument) + "` " + violation->says);
    asked.by_value = true;
  }
}

// `requires_approval: false` alone loosens nothing: the table stands until a reviewer accepts the
// risk of that very line in writing (`accept_risk: [{rule: "tools/NAME/requires_approval", …}]`).
// Then the call runs and a person is told. An irreversible call in production is asked for all the
// same.
void ask_class(const Situation& s, Asked& asked) {
  const Class c = asked.action_class;
  const ToolRule& entry = *s.tool->entry;
  const bool claimed = s.policy.default_stage.has_value();
  const bool staged = claimed && (c.has_effect() || s.policy.gate_reads);
  const Stage stage = staged ? s.policy.stage_of(entry) : Stage::established;
  const Default found = default_for(c, stage, claimed, s.policy.gate_reads, asked.environment);
  if (found.effect == Effect::allow) return;
  if (found.effect == Effect::notify) {
    asked.notify = true;
    return;
  }
  const bool strict_place = asked.environment == Environment::production &&
                            c.reversibility == Reversibility::irreversible;
  // Who accepted the risk of the entry did not accept that of a case which is more dangerous.
  const bool raised = less_dangerous(s.tool->action_class, c);
  if (!s.policy.risks.empty() && !strict_place && !raised && !entry.requires_approval &&
      !entry.approval_if &&
      s.policy.accepted(entry.rule.path + "/requires_approval", s.now) != nullptr) {
    asked.notify = true;
    return;
  }
  std::string why = "it is " + to_string(c);
  if (claimed) why += ", and its workflow is " + std::string(to_string(stage));
  asked.ask(&entry.rule, why, found.typed, found.quorum);
}

}  // namespace pawl
