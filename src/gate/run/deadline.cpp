#include "gate/run/deadline.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gate/approval/lifecycle.h"
#include "gate/run/observation.h"
#include "gate/state/call_context.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

// The ceiling is exceeded by what is more than it.
constexpr Duration least_more{1000};

bool executes(const CallContext* context) {
  return context->phase == CallContext::Phase::executing && context->upstream.can_stop();
}

// The server may answer at once, and the call be gone before the next one is looked at.
void cancel_all(GateState& gate_state, const std::string& run) {
  std::vector<std::string> calls;
  for (const CallContext* context : gate_state.runs.at(run).live) {
    if (executes(context)) calls.push_back(context->call);
  }
  for (const std::string& call : calls) {
    const auto& live = gate_state.runs.at(run).live;
    const auto found = std::ranges::find(live, call, &CallContext::call);
    if (found != live.end()) cancel(**found);
  }
}

void at_deadline(GateState& gate_state, const std::string& id) {
  const auto known = gate_state.runs.find(id);
  const Run* run = gate_state.state.run(id);
  if (known == gate_state.runs.end() || run == nullptr) return;
  GateRun& here = known->second;
  if (!here.deadline || *here.deadline > gate_state.clock.boot()) return;  // of an earlier policy
  here.deadline.reset();
  const std::optional<Duration>& most = here.policy->policy().ceilings.wall_clock;
  const bool stops = run->phase == RunPhase::open && most &&
                     enforcement(gate_state, run->agent) == Enforcement::enforced;
  if (!stops || std::ranges::none_of(here.live, executes)) return;
  if (run->clock(gate_state.log.now()) <= *most) return watch_deadline(gate_state, id);
  for (CallContext* context : here.live) context->out_of_time = executes(context);
  halt(gate_state, id, Code::ceiling,
       "the run has taken longer than " + to_string(*most) + "; its calls were cancelled");
  cancel_all(gate_state, id);
}

}  // namespace

void watch_deadline(GateState& gate_state, const std::string& id) {
  const auto known = gate_state.runs.find(id);
  const Run* run = gate_state.state.run(id);
  if (known == gate_state.runs.end() || run == nullptr) return;
  GateRun& here = known->second;
  const std::optional<Duration>& most = here.policy->policy().ceilings.wall_clock;
  if (!most) return;
  const Duration left{std::max<std::int64_t>(most->ns - run->clock(gate_state.log.now()).ns, 0)};
  const Duration due = gate_state.clock.boot() + left + least_more;
  if (here.deadline && *here.deadline <= due) return;
  here.deadline = due;
  gate_state.timers.at(due, id,
                       [&gate_state](const std::string& run) { at_deadline(gate_state, run); });
}

}  // namespace pawl
