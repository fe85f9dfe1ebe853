// The node, the switch, the run: what stops a call before anybody looks at the tool.
#include <string>

#include "kernel/admit/stages.h"

namespace pawl {

bool deny_fault(const Situation& s, Verdict& v) {
  if (s.facts.fault.empty()) return false;
  v.retry = true;
  return object(v, Code::audit_unavailable, nullptr,
                "nothing is granted at the moment: " + s.facts.fault);
}

bool deny_kill(const Situation& s, Verdict& v) {
  if (s.state.kills().empty()) return false;
  const Kill* kill = s.state.killed(s.run.agent, s.run.id, s.call.name());
  if (kill == nullptr) return false;
  const std::string over = kill->scope == "all"     ? "everything"
                           : kill->scope == "agent" ? "this agent"
                           : kill->scope == "run"   ? "this run"
                                                    : "this tool";
  return object(v, Code::killed, nullptr, "the kill switch is set for " + over);
}

bool deny_run_state(const Situation& s, Verdict& v) {
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

bool deny_identity(const Situation& s, Verdict& v) {
  if (s.run.agent != s.policy.agent) {
    return object(v, Code::identity, nullptr, "this run belongs to another agent than its policy");
  }
  const bool both = !s.run.identity.empty() && !s.policy.identity.empty();
  if (both && s.run.identity != s.policy.identity) {
    return object(v, Code::identity, nullptr, "this run has another identity than its policy");
  }
  return false;
}

namespace {

// One more of something with a ceiling over the run.
bool over(const Count& count, std::uint64_t most, const Rule& rule, std::string_view what,
          Verdict& v) {
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

}  // namespace

// Tokens and cost are not here: no door of this set-up measures them, and what is not measured is
// announced by `check` and never charged (rule 9).
bool deny_run_ceilings(const Situation& s, Verdict& v) {
  const Ceilings& ceilings = s.policy.ceilings;
  if (s.look == Look::proposal && ceilings.steps && s.run.steps.total() >= *ceilings.steps) {
    return over(s.run.steps, *ceilings.steps, ceilings.steps_rule, "steps", v);
  }
  if (ceilings.wall_clock && s.run.clock(s.now) > *ceilings.wall_clock) {
    v.halt = true;
    return object(v, Code::ceiling, &ceilings.wall_clock_rule,
                  "the run has taken longer than " + to_string(*ceilings.wall_clock));
  }
  return false;
}

}  // namespace pawl
