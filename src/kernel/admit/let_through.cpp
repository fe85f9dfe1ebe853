#include "kernel/admit/let_through.h"
#include "kernel/admit/argument_findings.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "kernel/admit/call_values.h"
#include "kernel/admit/judge_cases.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"
#include "model/access.h"

namespace pawl {

namespace {

constexpr std::string_view protocol_action = "mcp:";

// Whether it is a first look at an ordinary call that people said nothing about, by a node that can
// tell what time it is. What a task took from its run, the sponsor took, who watches nothing.
bool may_be_watched(const Situation& s, const Verdict& verdict) {
  return !verdict.runs() && !verdict.halt && s.look == Look::proposal && s.facts.fault.empty() &&
         !s.facts.clock_suspect && !s.facts.approval && s.policy.task.empty() && !s.facts.model &&
         !s.call.tool.starts_with(protocol_action) && !s.call.tool.starts_with(own_prefix);
}

// An entry that says nothing.
ToolRule silent_entry(const Situation& s) {
  ToolRule entry;
  entry.names = {s.call.name()};
  entry.rule = s.policy.default_rule;
  return entry;
}

// Where calls say their environment, one without a rule may work in any.
Environment environment_of(const Situation& s) {
  const bool by_call = std::ranges::any_of(
      s.policy.tools, [](const ToolRule& tool) { return tool.environment_by != nullptr; });
  const bool granted = !s.tool->entry->key.empty();
  return by_call && !granted ? Environment::production : s.policy.environment;
}

// Every argument by itself: one that does not hold must not hide another that has no one reading.
bool arguments_are_clear(const Situation& s) {
  const BoundTool& tool = *s.tool;
  if (!s.call.arguments.is_object()) return false;
  for (const ArgumentRule& rule : tool.arguments) {
    std::vector<Rewrite> unused;
    const auto violation = violation_of(s, rule, unused);
    if (!violation) continue;
    if (violation->code != Code::constraint && violation->code != Code::origin) return false;
  }
  return !unnamed_violation_of(s);
}

// After the stage that judges cases objected: the class as if it had not, and whether an author
// said no. False: it stays enforced.
bool cases_are_clear(const Situation& s, Verdict& v) {
  if (v.reason.code != Code::constraint && v.reason.code != Code::origin) return false;
  const Cases& cases = s.tool->entry->cases;
  if (cases.empty()) return true;
  if (s.values == nullptr) return false;
  const CasesJudged judged = judge_cases(s, cases, v.action_class);
  if (judged.decides != nullptr && judged.effect == Effect::deny) return false;
  v.action_class = more_dangerous(v.action_class, judged.action_class);
  s.values->in_force(v.action_class);
  return true;
}

bool passes_deny_stages(const Situation& s, Verdict& v) {
  for (const DenyStage& stage : deny_stages()) {
    if (!stage.objects(s, v)) continue;
    if (stage.rollout == Rollout::enforced) return false;
    if (stage.objects == deny_constraints) {
      if (!arguments_are_clear(s)) return false;
      v.rewrites.clear();
    }
    if (stage.objects == deny_cases && !cases_are_clear(s, v)) return false;
  }
  return true;
}

bool passes_hold_stages(const Situation& s, const Verdict& v) {
  for (const HoldStage& stage : hold_stages()) {
    if (stage.rollout == Rollout::watched) continue;
    Asked asked = Asked::about(v);
    stage.asks(s, asked);
    if (asked.hold) return false;
  }
  return true;
}

std::optional<LetThrough> enforce_the_rest(const Situation& s) {
  Verdict v(Effect::deny, class_of(s));
  v.environment = environment_of(s);
  if (s.values != nullptr) s.values->in_force(v.environment);
  v.reservation.steps = 1;
  if (!passes_deny_stages(s, v)) return std::nullopt;
  const Class c = v.action_class;
  if (c.reversibility == Reversibility::irreversible || c.external_sink) return std::nullopt;
  if (!passes_hold_stages(s, v)) return std::nullopt;
  return LetThrough{c, std::move(v.reservation), v.credential, std::move(v.rewrites)};
}

std::optional<LetThrough> look_with_values(Situation s) {
  s.values = nullptr;
  if (!has_expressions(s)) return enforce_the_rest(s);
  CallValues values(s);
  s.values = &values;
  return enforce_the_rest(s);
}

bool known_tool(PinState pin) {
  return pin == PinState::accepted || pin == PinState::first_use;
}

}  // namespace

std::optional<LetThrough> let_through(const Situation& s, const Verdict& verdict,
                                      const std::shared_ptr<const ToolDefinition>& definition) {
  if (!may_be_watched(s, verdict)) return std::nullopt;
  if (s.tool != nullptr && s.tool->entry != nullptr) return look_with_values(s);
  if (definition == nullptr || !known_tool(s.facts.pin)) return std::nullopt;
  const ToolRule entry = silent_entry(s);
  const BoundTool tool = bind(s.policy, entry, definition, s.now);
  Situation with{.policy = s.policy,
                 .state = s.state,
                 .run = s.run,
                 .call = s.call,
                 .tool = &tool,
                 .facts = s.facts,
                 .now = s.now,
                 .look = s.look};
  return look_with_values(with);
}

}  // namespace pawl
