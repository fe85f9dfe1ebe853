// Escalations: named people hear of an event, one after another, until one of them answers for it.
// Private to the gate.
//
// The steps are state (kernel/state): a node that starts again goes on behind the steps whose
// outcome was recorded, so a contact may be told twice and is never left out. A step that failed
// does not keep the next one waiting. An escalation that ends without an acknowledgement is
// unanswered until a person acknowledges it; so is one without a contact.
#pragma once

#include <string>

#include "gate/state/gate_state.h"

namespace pawl {

// Tells those who are at this node, and opens an escalation where the event has to be acknowledged.
// `about`: of a kill.
void alert_people(GateState& gate_state, const std::string& run, const std::string& event,
                  const std::string& sentence, const std::string& about = {});
// Asks for the steps that are due, and for the end of the escalation.
void take_due_steps(GateState& gate_state, const std::string& escalation);
// Whether so many wait for a person that no further event gets an escalation.
bool escalations_full(const State& state);
// After a start: every open escalation goes on.
void resume_escalations(GateState& gate_state);

}  // namespace pawl
