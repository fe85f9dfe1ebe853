// Change freezes: windows in which effects are denied or need a person.
#include <algorithm>
#include <string>

#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

// A wall clock that cannot be trusted may stand on either side of any window, so every one counts.
bool in_force(const Freeze& freeze, const Situation& s, Class c, Environment environment) {
  return freeze.stops(c, environment) && (s.facts.clock_suspect || freeze.covers(s.now));
}

[[gnu::noinline]] bool frozen(const Situation& s, Verdict& v) {
  for (const Freeze& freeze : s.policy.freezes) {
    if (freeze.then == Effect::hold || !in_force(freeze, s, v.action_class, v.environment))
      continue;
    v.retry = true;
    return object(v, Code::frozen, &freeze.rule, "the freeze `" + freeze.name + "` is in force");
  }
  return false;
}

[[gnu::noinline]] void ask_all_freezes(const Situation& s, Asked& asked) {
  for (const Freeze& freeze : s.policy.freezes) {
    if (freeze.then != Effect::hold || !in_force(freeze, s, asked.action_class, asked.environment))
      continue;
    asked.ask(&freeze.rule, "the freeze `" + freeze.name + "` is in force");
    asked.frozen = true;
  }
}

}  // namespace

bool deny_freeze(const Situation& s, Verdict& v) {
  return !s.policy.freezes.empty() && frozen(s, v);
}

void ask_freeze(const Situation& s, Asked& asked) {
  if (!s.policy.freezes.empty()) ask_all_freezes(s, asked);
}

}  // namespace pawl
