// The bounds of a part of a run (part.h), as the gate keeps them. Private to this room.
#pragma once

#include <optional>
#include <string>

#include "gate/call_context.h"
#include "gate/decide.h"
#include "kernel/admit/admit.h"

namespace pawl {

// What its records say besides: the part, and what the door has to say.
std::string note_of(const Proposal& asked);

// A refusal that is charged to the part as well: after its step was, or with it.
Next refuse_early(CallContext& context, const GateRefusal& refusal);
Next refuse_uncharged(CallContext& context, Code code, std::string says);

// A call that the part was not given, or that comes when the part is over. Before anything else is
// looked at: a part learns nothing of questions and definitions that are none of its own.
std::optional<Next> outside_part(CallContext& context);
// A call that is judged anew is charged, where the part has room for it.
std::optional<Next> charge_part(CallContext& context);
// Before a call is let run, or people are asked whether it may: what it needs of its part. Empty:
// there is room, and of a call that `runs` it is taken; else the limit that leaves none, in words.
std::string take_from_part(CallContext& context, const Situation& situation, const Verdict& verdict,
                           bool runs);
// The part has no room for a call that was not decided yet; for one that people let run.
Next refuse_full(CallContext& context, const std::string& limit);
Next refuse_unsent(CallContext& context, const std::string& limit);
// The part ended while the call waited: its answer, if there is one, is left for who may use it.
std::optional<Next> part_is_over(CallContext& context);

}  // namespace pawl
