// Notes: what somebody finds in the journal later. Private to this room.
//
// What they say comes from outside, so there are only so many in a minute: of each run, of the node
// itself, and of each topic under which strangers are refused. Strangers decide how many of those
// there are, so none of it is taken from what a run or the node may say, and those that find no
// room are a number, which is a record of its own a minute later.
#pragma once

#include <string>

#include "gate/gate_state.h"

namespace pawl {

// Writes how many refusals of this topic were only counted.
void write_refusals(GateState& gate_state, const std::string& topic);

}  // namespace pawl
