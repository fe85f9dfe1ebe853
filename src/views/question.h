// One question as every view of it begins.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "gate/gate.h"
#include "io/journal/journal.h"
#include "kernel/state/state.h"
#include "views/activity.h"
#include "views/cards.h"

namespace pawl::views {

// What would run, and what its agent asked for.
Result<std::string> arguments_of(Journal& journal, const Approval& approval);
Result<std::string> asked_arguments_of(Journal& journal, const Approval& approval);

// Null where it is not known how its call was judged.
const JudgedCall* judged_in(const ActivityFeed* activity, const Approval& approval);
// From nothing to worst: what a list is ordered by. Unknown is nearly the worst.
std::uint64_t risk_of(const Approval& approval);

// Into an open object: what it is, how its call was judged, and why the person who asks may not
// answer it.
void write_question(json::Writer& out, const Approval& approval, Instant now);
void write_judged(json::Writer& out, const Approval& approval, const JudgedCall* judged);
void write_may_not(json::Writer& out, const Objections& why);

// What was said about a question, for people.

// To whom it was passed on; nothing where it was not.
void write_passed(json::Writer& out, const Approval& approval);

// `talk`: what reviewers asked the agent and what it said, oldest first; nothing where no one
// asked. What the agent says is its own, is marked as that, and goes through the escaping writer.
void write_talk(json::Writer& out, Journal& journal, const Approval& approval);

// `takers`: enrolled persons, and groups with those of them, who may still approve it. What is
// offered to choose from; whether it is passed on says the gate (gate/approval/approval_rules.h,
// `cannot_take`).
void write_takers(json::Writer& out, const Approval& approval, const Answerers& people);

// Texts that records commit to, read back from the journal.

// The payload of a commitment as a record spells it. `what` is how messages call it: `the arguments
// of this call`. ErrorKind::missing where it was erased, ErrorKind::corrupt where that is no
// commitment.
Result<std::string> stored_text(Journal& journal, std::string_view commitment,
                                std::string_view what);

}  // namespace pawl::views
