// The condition and the cases of an entry: what they refuse, and which class is in force.
#include <string>
#include <utility>
#include <vector>

#include "kernel/admit/call_values.h"
#include "kernel/admit/judge_cases.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

std::string lines_of(const Cases& cases) {
  constexpr std::size_t shown = 8;
  std::string lines = cases.list.size() == 1 ? "line " : "lines ";
  for (std::size_t i = 0; i < cases.list.size() && i < shown; ++i) {
    lines += (i == 0 ? "" : ", ") + std::to_string(cases.list[i].rule.at.line);
  }
  return cases.list.size() > shown ? lines + " and others" : lines;
}

// The upper bounds of the cases that apply, or that cannot be told.
bool over_limit(const Situation& s, const CasesJudged& judged, Verdict& v) {
  const auto& limits = s.tool->case_limits;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    if ((judged.bounded >> i & 1U) == 0) continue;
    for (const ArgumentRule& limit : limits[i]) {
      std::vector<Rewrite> rewrites;  // a number has none
      auto violation = evaluate(limit, s.call.arguments, s.tool->shape(), s.facts.paths, rewrites);
      if (!violation) continue;
      object(v, violation->code, violation->rule, std::move(violation->says));
      v.reason.argument = std::move(violation->argument);
      v.reason.words = &s.tool->entry->cases.list[i].words;
      return true;
    }
  }
  return false;
}

[[gnu::noinline]] bool refused(const Situation& s, Verdict& v) {
  const ToolRule& entry = *s.tool->entry;
  if (s.values == nullptr || !s.values->forward(v.rewrites)) {
    return object(v, Code::internal, &entry.rule, "its expressions cannot be asked");
  }
  if (entry.only_if && !holds(s, *entry.only_if)) {
    return object(v, Code::constraint, &condition_of(s, *entry.only_if).rule(),
                  "the entry's condition does not hold");
  }
  if (entry.cases.empty()) return false;
  const CasesJudged judged = judge_cases(s, entry.cases, v.action_class);
  v.cases = judged.apply;
  v.action_class = judged.action_class;
  s.values->in_force(v.action_class);
  if (over_limit(s, judged, v)) return true;
  if (judged.effect != Effect::deny) return false;
  if (judged.decides == nullptr) {
    return object(v, Code::constraint, &entry.cases.otherwise_rule,
                  "none of its cases applies (" + lines_of(entry.cases) + ")");
  }
  object(v, Code::constraint, &judged.decides->rule, "a case denies it");
  v.reason.words = &judged.decides->words;
  return true;
}

}  // namespace

bool deny_cases(const Situation& s, Verdict& v) {
  const ToolRule& entry = *s.tool->entry;
  const bool asks = !entry.conditions.empty() || !entry.cases.empty() || !entry.counters.empty();
  return asks && refused(s, v);
}

}  // namespace pawl
