// Circles: what `max_repeats` needs on the way of a call. Its mark and that of its result go into
// the records (kernel/state/repeats.h counts them), and the agent is warned in the answer. Nothing
// here does anything where the policy has no `max_repeats`. Private to the gate.
#pragma once

#include <string>
#include <string_view>

#include "gate/state/call_context.h"

namespace pawl {

// Before facts are gathered. Requests to models are no steps: they neither count nor break a loop.
void mark_call(CallContext& context);

// Of what came of a marked call; empty where the call has no mark.
std::string mark_of_result(CallContext& context, std::string_view kind, std::string_view text);

// Adds a warning to the reply of a call that is not in the journal yet, and would end with this
// mark. In a result it is the last text of `content`; a result without such a list goes unchanged,
// and doors that have a place for it show `Settled::warning`.
void warn_in_reply(CallContext& context, std::string_view result_mark);
// … of a call that was denied, and is in the journal.
void warn_of_denial(CallContext& context);

}  // namespace pawl
