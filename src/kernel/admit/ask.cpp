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
    if (!rule.may_hold()) continue;
    std::vector<Rewrite> unused;
    const auto violation = violation_of(s, rule, unused);
    if (!violation || !violation->hold) continue;
    if (!asked.hold) asked.code = violation->code;
    asked.ask(violation->rule,
              "`" + escape_untrusted(violation->argument) + "` " + violation->says);
    asked.by_value = true;
  }
}

void ask_class(const Situation& s, Asked& asked) {
  const Class c = asked.action_class;
  const ToolRule& entry = *s.tool->entry;
  const AskedByClass found =
      asked_by_class(s.policy, entry, s.tool->action_class, c, asked.environment, s.now);
  if (found.asks.effect == Effect::allow) return;
  if (found.asks.effect == Effect::notify) {
    asked.notify = true;
    return;
  }
  std::string why = "it is " + to_string(c);
  if (s.policy.default_stage) why += "; its stage is " + std::string(to_string(found.stage));
  asked.ask(&entry.rule, why, found.asks.typed, found.asks.quorum);
}

}  // namespace pawl
