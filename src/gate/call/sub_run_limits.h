// The limits of a sub-run (sub_run.h), as the gate keeps them. Private to the gate.
#pragma once

#include <optional>
#include <string>

#include "gate/call/decide.h"
#include "gate/state/call_context.h"
#include "kernel/admit/admit.h"

namespace pawl {

// A refusal that is charged to the sub-run as well: after its step was, or with it.
Next refuse_early(CallContext& context, const GateRefusal& refusal);
Next refuse_uncharged(CallContext& context, Code code, std::string says);

// A call that the sub-run was not given, or that comes when the sub-run is over. Before anything
// else is looked at: a sub-run learns nothing about questions and definitions of others.
std::optional<Next> outside_sub_run(CallContext& context);
// A call that is judged again is charged, where the sub-run has room for it.
std::optional<Next> charge_sub_run(CallContext& context);
// Before a call is let run, or people are asked whether it may: what it needs of its sub-run.
// Empty: there is room, and of a call that `runs` it is taken; else the limit that leaves none, in
// words.
std::string take_from_sub_run(CallContext& context, const Situation& situation,
                              const Verdict& verdict, bool runs);
// The sub-run has no room for a call that was not decided yet; for one that people let run.
Next refuse_full(CallContext& context, const std::string& limit);
Next refuse_unsent(CallContext& context, const std::string& limit);
// The sub-run ended while the call waited: its answer, if there is one, is left for who may use it.
std::optional<Next> sub_run_is_over(CallContext& context);

}  // namespace pawl
