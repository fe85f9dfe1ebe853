// The node, the switch, the run: what stops a call before anybody looks at the tool.
#include <string>

#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

[[gnu::cold, gnu::noinline]] bool faulty(const Situation& s, Verdict& v) {
  v.retry = true;
  return object(v, Code::audit_unavailable, nullptr,
                "nothing is granted at the moment: " + s.facts.fault);
}

[[gnu::cold, gnu::noinline]] bool killed(const Situation& s, Verdict& v) {
  const Kill* kill = s.state.killed(s.run.agent, s.run.id, s.call.name());
  if (kill == nullptr) return false;
  const std::string over = kill->scope == "all"        ? "everything"
                           : kill->scope == "upstream" ? "this server"
                                                       : "this " + kill->scope;
  return object(v, Code::killed, nullptr, "the kill switch is set for " + over);
}

[[gnu::cold, gnu::noinline]] bool not_open(const Situation& s, Verdict& v) {
  switch (s.run.phase) {
    case RunPhase::open:
      break;
    case RunPhase::killed:
      return object(v, Code::killed, nullptr, "the kill switch is set for this run");
    case RunPhase::halted:
      return object(v, Code::run_halted, nullptr, "this run was halted: " + s.run.why);
    case RunPhase::closed:
      return object(v, Code::run_halted, nullptr, "this run is closed");
  }
  const Run* halted = s.state.halt_of(s.run.agent, s.run.sponsor);
  if (halted == nullptr) return false;
  return object(v, Code::run_halted, nullptr,
                "an earlier run of this agent was halted and not resumed: " + halted->why);
}

[[gnu::cold, gnu::noinline]] bool another(std::string_view what, Verdict& v) {
  return object(v, Code::identity, nullptr, std::string(what));
}

// One more of something with a ceiling over the run.
[[gnu::cold, gnu::noinline]] bool over(const Count& count, std::uint64_t most, const Rule& rule,
                                       std::string_view what, Verdict& v) {
  const std::string says =
      "the run may take at most " + std::to_string(most) + " " + std::string(what);
  if (count.settled >= most) {
    v.halt = true;
    return object(v, Code::ceiling, &rule, says);
  }
  if (count.total() >= most) {
    v.retry = true;
    return object(v, Code::ceiling, &rule, says + ", and the rest is reserved by calls in flight");
  }
  return false;
}

[[gnu::cold, gnu::noinline]] bool too_late(const Ceilings& ceilings, Verdict& v) {
  v.halt = true;
  return object(v, Code::ceiling, &ceilings.wall_clock_rule,
                "the run has taken longer than " + to_string(*ceilings.wall_clock));
}

}  // namespace

bool deny_fault(const Situation& s, Verdict& v) {
  return !s.facts.fault.empty() && faulty(s, v);
}

bool deny_kill(const Situation& s, Verdict& v) {
  return !s.state.kills().empty() && killed(s, v);
}

bool deny_run_state(const Situation& s, Verdict& v) {
  return (s.run.phase != RunPhase::open || s.state.any_halt()) && not_open(s, v);
}

bool deny_identity(const Situation& s, Verdict& v) {
  if (s.run.agent != s.policy.agent) {
    return another("this run belongs to another agent than its policy", v);
  }
  const bool both = !s.run.identity.empty() && !s.policy.identity.empty();
  if (!both || s.run.identity == s.policy.identity) return false;
  return another("this run has another identity than its policy", v);
}

// Tokens and money are not here: they are looked at with what the request would take (deny_model).
bool deny_run_ceilings(const Situation& s, Verdict& v) {
  const Ceilings& ceilings = s.policy.ceilings;
  if (s.look == Look::proposal && !s.facts.model && ceilings.steps &&
      s.run.steps.total() >= *ceilings.steps) {
    return over(s.run.steps, *ceilings.steps, ceilings.steps_rule, "steps", v);
  }
  return ceilings.wall_clock && s.run.clock(s.now) > *ceilings.wall_clock && too_late(ceilings, v);
}

}  // namespace pawl
