// Denial throttle: what keeps a caller from filling the disk by asking. Private to the gate.
//
// The first refusals after a halt, and in each minute of an open run, are records; the others are a
// count per code, written once a minute. A count that could reach a ceiling of the run is written
// at once, so that no ceiling is ever judged with a number that is too small. Before the first of a
// minute that is only counted, and each time their number has doubled, a record says how many may
// be answered: after a crash that many are charged.
#pragma once

#include <string>

#include "base/json.h"
#include "gate/state/gate_state.h"
#include "model/verdict.h"

namespace pawl {

// True where one more refusal of this run is still a record of its own.
bool written_out(const GateState& gate_state, const Run& run, Instant now);
void count_refusal(GateState& gate_state, GateRun& gate_run, const std::string& run, Code code);

// Before a call is judged: writes out what would matter to a ceiling.
void settle_counts(GateState& gate_state, GateRun& gate_run, const Run& run);
// The minute is over, or the run is.
void write_counts(GateState& gate_state, const std::string& run);

// True where the run has used up what one run may write.
bool quota_spent(const GateState& gate_state, const Run& run, json::View arguments);

}  // namespace pawl
