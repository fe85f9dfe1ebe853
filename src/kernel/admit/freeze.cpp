// Change freezes: windows in which effects are denied or need a person.
#include <algorithm>
#include <string>

#include "kernel/admit/stages.h"

namespace pawl {

namespace {

// A wall clock that cannot be trusted may stand on either side of any window, so every one counts.
bool in_force(const Freeze& freeze, const Situation& s) {
  if (!s.facts.clock_suspect && (s.now < freeze.from || s.now >= freeze.until)) return false;
  const Reversibility mark = s.tool->action_class.reversibility;
  return std::ranges::find(freeze.stop, mark) != freeze.stop.end();
}

}  // namespace

bool deny_freeze(const Situation& s, Verdict& v) {
  for (const Freeze& freeze : s.policy.freezes) {
    if (freeze.then == Effect::hold || !in_force(freeze, s)) continue;
    v.retry = true;
    return object(v, Code::frozen, &freeze.rule, "the freeze `" + freeze.name + "` is in force");
  }
  return false;
}

void ask_freeze(const Situation& s, Asked& asked) {
  for (const Freeze& freeze : s.policy.freezes) {
    if (freeze.then != Effect::hold || !in_force(freeze, s)) continue;
    asked.ask(&freeze.rule, "the freeze `" + freeze.name + "` is in force");
  }
}

}  // namespace pawl
