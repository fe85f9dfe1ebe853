// The tool, its definition, its arguments.
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "kernel/admit/access.h"
#include "kernel/admit/argument_findings.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"
#include "model/access.h"

namespace pawl {

namespace {

[[gnu::cold, gnu::noinline]] bool blocked_by(const Rule& rule, Verdict& v) {
  return object(v, Code::blocked, &rule, "it is blocked");
}

[[gnu::cold, gnu::noinline]] bool not_granted(const Situation& s, Verdict& v) {
  return object(v, Code::not_granted, &s.policy.default_rule, "no entry of the policy grants it");
}

// Of a tool that may only be asked for.
[[gnu::noinline]] bool not_lent(const Situation& s, Verdict& v) {
  static const Words ask{{}, "ask for it with the tool `" + std::string(access_tool_name) + "`"};
  std::string why;
  const Grant* grant = grant_for(s, why);
  if (grant != nullptr) {
    v.grant = grant->id;
    return false;
  }
  object(v, Code::not_granted, &s.tool->entry->rule, std::move(why));
  v.reason.words = &ask;
  return true;
}

[[gnu::cold, gnu::noinline]] bool not_pinned(const Situation& s, Verdict& v) {
  std::string says;
  switch (s.facts.pin) {
    case PinState::none:
    case PinState::accepted:
      return false;
    case PinState::first_use:
      if (v.environment != Environment::production) return false;
      says = "its definition was never accepted, and production accepts nothing by first use";
      break;
    case PinState::changed:
      says = "its definition is not the one that was accepted";
      break;
    case PinState::hidden:
      says = "its definition holds invisible characters, so it can never be accepted";
      break;
    case PinState::ambiguous:
      says = "its name cannot be told apart from another one";
      break;
    case PinState::unknown_tool:
      says = "the server does not offer it";
      break;
  }
  return object(v, Code::tool_changed, &s.tool->entry->rule, std::move(says));
}

bool violated(std::optional<Violation>& violation, Verdict& v) {
  if (!violation) return false;
  object(v, violation->code, violation->rule, std::move(violation->says));
  v.reason.argument = std::move(violation->argument);
  return true;
}

// What the plan could not settle, rule by rule.
[[gnu::noinline]] bool evaluated(const Situation& s, Unsettled left, Verdict& v) {
  const BoundTool& tool = *s.tool;
  if (!s.call.arguments.is_object()) {
    return object(v, Code::constraint, &tool.entry->rule, "its arguments are not an object");
  }
  for (std::size_t i = 0; i < tool.arguments.size(); ++i) {
    if (!left.rule(i)) continue;
    auto violation = violation_of(s, tool.arguments[i], v.rewrites);
    if (violation && violation->hold) continue;  // ask_arguments
    if (violated(violation, v)) return true;
  }
  if (!left.defaults) return false;
  auto violation = unnamed_violation_of(s);
  return violated(violation, v);
}

}  // namespace

bool deny_blocked(const Situation& s, Verdict& v) {
  const BlockedName* blocked = s.policy.blocks(s.call.server, s.call.tool);
  return blocked != nullptr && blocked_by(blocked->rule, v);
}

bool deny_grant(const Situation& s, Verdict& v) {
  if (s.tool == nullptr || s.tool->entry == nullptr) return not_granted(s, v);
  return s.tool->line != nullptr && s.tool->wanted_entry == nullptr && not_lent(s, v);
}

bool deny_pin(const Situation& s, Verdict& v) {
  const bool pinned = s.facts.pin == PinState::none || s.facts.pin == PinState::accepted;
  return !pinned && not_pinned(s, v);
}

bool deny_constraints(const Situation& s, Verdict& v) {
  const BoundTool& tool = *s.tool;
  Unsettled left;
  if (s.findings == nullptr && tool.plan != nullptr && s.call.arguments.is_object() &&
      tool.plan->is_for(tool.arguments, tool.named, tool.shape())) {
    left = tool.plan->look(s.call.arguments);
    if (left.nothing()) return false;
  }
  return evaluated(s, left, v);
}

}  // namespace pawl
