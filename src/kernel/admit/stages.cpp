#include "kernel/admit/stages.h"

#include <array>
#include <utility>

#include "kernel/admit/explain_stages.h"

namespace pawl {

namespace {

constexpr std::array<DenyStage, 22> deny_table = {{
    {"fault", deny_fault, nullptr},
    {"kill", deny_kill, explain_kill},
    {"run state", deny_run_state, explain_run_state},
    {"identity", deny_identity, explain_identity},
    {"run ceilings", deny_run_ceilings, explain_run_ceilings},
    {"repeats", deny_repeats, explain_repeats_that_halt},
    {"blocked", deny_blocked, explain_blocked},
    {"grant", deny_grant, explain_grant, Rollout::watched},
    {"environment", deny_environment, explain_environment},
    {"credential", deny_credential, explain_credential},
    {"pin", deny_pin, explain_pin},
    {"schema", deny_schema, explain_schema},
    {"constraints", deny_constraints, explain_constraints, Rollout::watched},
    {"access", deny_access, explain_access},
    {"cases", deny_cases, explain_cases, Rollout::watched},
    {"commands", deny_commands, explain_commands},
    {"layers", deny_layers, explain_layers_that_deny},
    {"outside", deny_outside, explain_outside_that_denies},
    {"freeze", deny_freeze, explain_freezes_that_deny},
    {"limits", deny_limits, explain_limits},
    {"counters", deny_counters, explain_counters},
    {"model", deny_model, explain_model},
}};

constexpr std::array<HoldStage, 10> hold_table = {{
    {"layers", ask_layers, explain_layers_that_ask},
    {"freeze", ask_freeze, explain_freezes_that_hold},
    {"cases", ask_cases, nullptr, Rollout::watched},
    {"commands", ask_commands, explain_commands},
    {"access", ask_access, explain_access},
    {"requires_approval", ask_requires_approval, explain_requires_approval, Rollout::watched},
    {"class and stage", ask_class, explain_class_and_stage, Rollout::watched},
    {"outside", ask_outside, explain_outside_that_holds},
    {"repeats", ask_repeats, explain_repeats_that_hold},
    {"origin and constraints", ask_arguments, explain_held_arguments, Rollout::watched},
}};

}  // namespace

std::span<const DenyStage> deny_stages() {
  return deny_table;
}
std::span<const DenyStage> run_stages() {
  constexpr std::size_t of_the_run = 5;
  static_assert(deny_table[of_the_run - 1].objects == deny_run_ceilings);
  return std::span(deny_table).first(of_the_run);
}

std::span<const HoldStage> hold_stages() {
  return hold_table;
}

// The tables are known here, so that going through them is a row of direct calls.
bool any_objects(const Situation& situation, Verdict& verdict) {
#pragma clang loop unroll(full)
  for (const DenyStage& stage : deny_table) {
    if (stage.objects(situation, verdict)) return true;
  }
  return false;
}
void ask_all(const Situation& situation, Asked& asked) {
#pragma clang loop unroll(full)
  for (const HoldStage& stage : hold_table) stage.asks(situation, asked);
}

bool object(Verdict& v, Code code, const Rule* rule, std::string says) {
  v.effect = Effect::deny;
  v.reason.code = code;
  v.reason.rule = rule;
  v.reason.argument.clear();
  v.reason.words = nullptr;
  v.reason.says = std::move(says);
  return true;
}

}  // namespace pawl
