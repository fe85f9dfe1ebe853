// Change: a reviewer approves a call with other arguments than its agent asked for. Private to the
// gate.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "gate/state/call_context.h"
#include "kernel/admit/admit.h"

namespace pawl {

// The arguments that a commitment of a record is of.
Result<std::string> arguments_at(const GateState& gate_state, const std::string& commitment);

// What `judge` makes of a waiting call with these arguments, as it would be decided after its hold:
// its error, or why that is unknown. Not where the agent has not come back after a start of the
// node.
Status judge_waiting(GateState& gate_state, const Approval& asked, json::View arguments,
                     const std::function<Status(const Situation&)>& judge);

// Puts what a reviewer changed in the place of the arguments of the waiting call, once. From then
// on they are what is judged, recorded and sent. An error: they are not stored any more.
Status take_change(CallContext& context, const Approval& asked);

// A result with one more text in its `content`; unchanged where it has no such list.
enum class Told : std::uint8_t { first, last };
std::string with_told(std::string result, const std::string& text, Told where);

// The result of a call with changed arguments, and before it what the agent has to know of them.
std::string with_change_told(const CallContext& context, std::string result);

}  // namespace pawl
