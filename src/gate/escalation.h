// The escalation of an escalation: named people, one after another, until one of them answers for
// it. Private to this room.
//
// What there is to climb is state (kernel/state): a node that starts again goes on behind the steps
// whose outcome was recorded, so a contact may be told twice and is never left out. A step that
// failed does not keep the next one waiting. A escalation at whose end nobody acknowledged is
// unanswered, and stays that until somebody does. So is one without a contact: that nobody is named
// makes nothing quiet.
#pragma once

#include <string>

#include "gate/gate_state.h"

namespace pawl {

// Whether somebody has to answer for this event; others are told and that is all.
bool wants_an_answer(const std::string& event);

// Tells whoever is near, and opens a escalation where people are named. `about`: of a kill.
void alert_people(GateState& gate_state, const std::string& run, const std::string& event,
                  const std::string& sentence, const std::string& about = {});
// Asks for the steps that are due, and for the end of the escalation.
void climb(GateState& gate_state, const std::string& escalation);
// After a start: every open escalation goes on.
void climb_on(GateState& gate_state);

}  // namespace pawl
