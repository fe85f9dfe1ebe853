// Near repeats: a call that people rejected, asked again with a blank, a digit or the case of a
// letter changed (threats H02). Private to the gate.
#pragma once

#include <string>
#include <string_view>

#include "gate/state/gate_state.h"

namespace pawl {

// What is left of a tool and its arguments when blanks, digits and case do not count.
std::string near_duplicate_form(std::string_view tool, std::string_view arguments);

// Keeps what people said no to: that very call, and everything that is nearly it. Where the
// arguments are gone from the journal, only the very call.
void remember_rejection(GateState& gate_state, GateRun& run, const Approval& approval);

}  // namespace pawl
