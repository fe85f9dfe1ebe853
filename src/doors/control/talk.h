// What was said about a question, for people. Private to this room.
#pragma once

#include "base/json.h"
#include "doors/control/views.h"
#include "io/journal/journal.h"
#include "kernel/state/state.h"

namespace pawl {

// To whom it was passed on; nothing where it was not.
void write_passed(json::Writer& out, const Approval& approval);

// `talk`: what reviewers asked the agent and what it said, oldest first; nothing where nobody
// asked. What the agent says is its own, is marked as that, and goes through the escaping writer.
void write_talk(json::Writer& out, Journal& journal, const Approval& approval);

// `takers`: enrolled persons, and groups with those of them, who may still approve it. What is
// offered to choose from; whether it is passed on says the gate (gate/people.h, `cannot_take`).
void write_takers(json::Writer& out, const Approval& approval, const Answerers& people);

}  // namespace pawl
