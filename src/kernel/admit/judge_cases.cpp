#include "kernel/admit/judge_cases.h"
#include "kernel/admit/argument_findings.h"

#include <algorithm>
#include <vector>

#include "kernel/admit/call_values.h"
#include "kernel/policy/cases.h"

namespace pawl {

namespace {

enum class Answer3 : std::uint8_t { no, yes, fails };

bool number_wanted(CheckKind kind) {
  return kind == CheckKind::min || kind == CheckKind::max;
}
bool text_wanted(CheckKind kind) {
  return kind == CheckKind::matches || kind == CheckKind::prefix || kind == CheckKind::max_length;
}

// Whether every value at the path is there and of a type that the checks can tell apart, so that a
// constraint that does not hold means another situation and no broken call.
bool plain(json::View at, const ArgumentPath& path, std::size_t step, const ArgumentRule& rule) {
  if (at.is_array()) {
    const std::size_t next = step < path.size() && path[step].each ? step + 1 : step;
    for (const json::View element : at.elements()) {
      if (!plain(element, path, next, rule)) return false;
    }
    return at.size() > 0;
  }
  if (step < path.size()) {
    return !path[step].each && at.is_object() && at[path[step].name].exists() &&
           plain(at[path[step].name], path, step + 1, rule);
  }
  if (!at.exists() || at.is_object() || at.kind() == json::Kind::null) return false;
  return std::ranges::all_of(rule.checks, [&](const Check& check) {
    if (number_wanted(check.kind)) return at.is_number();
    return !text_wanted(check.kind) || at.is_string();
  });
}

Answer3 by_arguments(const Situation& s, const Case& one) {
  Answer3 answer = Answer3::yes;
  for (const ArgumentRule& rule : one.arguments) {
    std::vector<Rewrite> rewrites;  // the entry's own rule makes the same ones
    const auto violation = violation_of(s, rule, rewrites);
    if (!violation) continue;
    const bool clear =
        violation->code == Code::constraint && plain(s.call.arguments, rule.path, 0, rule);
    if (clear) return Answer3::no;  // one that is certain is enough
    answer = Answer3::fails;
  }
  return answer;
}

Answer3 by_expression(const Situation& s, const Case& one) {
  const cel::Value result = condition_of(s, *one.condition).evaluate(*s.values);
  if (result.is_true()) return Answer3::yes;
  return result.is_false() ? Answer3::no : Answer3::fails;
}

}  // namespace

CasesJudged judge_cases(const Situation& s, const Cases& cases, Class entry_class) {
  CasesJudged out{.action_class = entry_class};
  std::optional<Class> stated, failed;
  for (std::size_t i = 0; i < cases.list.size(); ++i) {
    const Case& one = cases.list[i];
    const Answer3 answer = one.condition ? by_expression(s, one) : by_arguments(s, one);
    if (answer == Answer3::no) continue;
    out.bounded |= std::uint64_t{1} << i;
    if (one.action_class) {
      std::optional<Class>& into = answer == Answer3::yes ? stated : failed;
      into = into ? more_dangerous(*into, *one.action_class) : *one.action_class;
    }
    if (answer == Answer3::fails && one.polarity() == Polarity::grants) continue;
    out.apply |= std::uint64_t{1} << i;
    if (out.decides == nullptr || one.then > out.decides->then) out.decides = &one;
  }
  if (stated) {
    out.action_class = *stated;
    // What carries data outside does so in every case.
    out.action_class.external_sink |= entry_class.external_sink;
  }
  if (failed) out.action_class = more_dangerous(out.action_class, *failed);
  out.effect = out.decides == nullptr ? cases.otherwise : out.decides->then;
  return out;
}

}  // namespace pawl
