// The wall clock of a run, as a timer. Private to the gate.
//
// A ceiling that is only looked at when the next call comes does nothing about the call that takes
// too long. So while calls of a run execute, a timer stands at the end of its time: then the run
// halts, its people are told, and what executes is cancelled. A run that does nothing at its end
// is stopped by its next call, as by every other ceiling: a client that is left open is nobody's
// alarm. The same holds of calls that a framework executes itself, and reports when it likes.
#pragma once

#include <string>

#include "gate/state/gate_state.h"

namespace pawl {

// A call of this run executes from now on, or the run's ceilings became smaller.
void watch_deadline(GateState& gate_state, const std::string& run);

}  // namespace pawl
