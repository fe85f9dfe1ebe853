#include "kernel/policy/table.h"

namespace pawl {

namespace {

Default for_irreversible_small(Stage stage) {
  return {Effect::hold, stage == Stage::fresh, 1};
}

Default for_irreversible_large(Stage stage) {
  return {Effect::hold, true, static_cast<std::uint8_t>(stage == Stage::mature ? 1 : 2)};
}

Default column(Class c, Stage stage, bool gate_reads) {
  constexpr Default allow{Effect::allow, false, 1};
  constexpr Default notify{Effect::notify, false, 1};
  constexpr Default hold{Effect::hold, false, 1};
  const bool fresh = stage == Stage::fresh;
  switch (c.reversibility) {
    case Reversibility::read_only:
      return fresh && gate_reads ? hold : allow;
    case Reversibility::reversible:
      if (fresh) return hold;
      return c.blast == Blast::small ? allow : notify;
    case Reversibility::irreversible:
      return c.blast == Blast::small ? for_irreversible_small(stage)
                                     : for_irreversible_large(stage);
  }
  return {Effect::hold, true, 2};
}

}  // namespace

Default default_for(Class c, Stage stage, bool claimed, bool gate_reads, Environment environment) {
  Default found = column(c, claimed ? stage : Stage::established, gate_reads);
  // Without a claim the file's own quorum is the only one that anybody has agreed to.
  if (!claimed) found.quorum = 1;
  if (environment == Environment::production && c.reversibility == Reversibility::irreversible) {
    found.typed = true;
  }
  return found;
}

AskedByClass asked_by_class(const Policy& policy, const ToolRule& entry, Class of_tool,
                            Class in_force, Environment environment, Instant now) {
  AskedByClass out;
  const bool claimed = policy.default_stage.has_value();
  const bool staged = claimed && (in_force.has_effect() || policy.gate_reads);
  if (staged) out.stage = policy.stage_of(entry);
  out.asks = default_for(in_force, out.stage, claimed, policy.gate_reads, environment);
  const bool strict_place = environment == Environment::production &&
                            in_force.reversibility == Reversibility::irreversible;
  if (out.asks.effect != Effect::hold || policy.risks.empty() || strict_place ||
      less_dangerous(of_tool, in_force) || entry.requires_approval || entry.approval_if ||
      policy.accepted(entry.rule.path + "/requires_approval", now) == nullptr) {
    return out;
  }
  out.accepted = true;
  out.asks = {Effect::notify, false, 1};
  return out;
}

}  // namespace pawl
