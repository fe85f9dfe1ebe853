// What makes a person look: the entry itself, and the table of class and stage.
#include <string>

#include "kernel/admit/stages.h"
#include "kernel/admit/table.h"

namespace pawl {

Asking ask_requires_approval(const Situation& s) {
  const ToolRule& entry = *s.tool->entry;
  Asking asking;
  if (!entry.requires_approval) return asking;
  asking.hold = true;
  asking.rule = &entry.approval_rule;
  asking.why = "the policy asks for approval";
  return asking;
}

// `requires_approval: false` alone loosens nothing: the table stands until somebody accepts the
// risk of that very line in writing (`accept_risk: [{rule: "tools/NAME/requires_approval", …}]`).
// Then the call runs and somebody is told. An irreversible call in production is asked for all the
// same.
Asking ask_class(const Situation& s) {
  Asking asking;
  const Class c = s.tool->action_class;
  const bool claimed = s.policy.default_stage.has_value();
  const Stage stage = claimed && (c.has_effect() || s.policy.gate_reads)
                          ? s.policy.stage_of(*s.tool->entry)
                          : Stage::established;
  const Default found = default_for(c, stage, claimed, s.policy.gate_reads, s.policy.environment);
  if (found.effect == Effect::allow) return asking;
  asking.rule = &s.tool->entry->rule;
  if (found.effect == Effect::notify) {
    asking.notify = true;
    return asking;
  }
  const bool strict_place = s.policy.environment == Environment::production &&
                            c.reversibility == Reversibility::irreversible;
  if (!s.policy.risks.empty() && !strict_place && !s.tool->entry->requires_approval &&
      s.policy.accepted(s.tool->entry->rule.path + "/requires_approval", s.now) != nullptr) {
    asking.notify = true;
    return asking;
  }
  asking.hold = true;
  asking.typed = found.typed;
  asking.quorum = found.quorum;
  asking.why = "it is " + to_string(c);
  if (claimed) asking.why += ", and its workflow is " + std::string(to_string(stage));
  return asking;
}

}  // namespace pawl
