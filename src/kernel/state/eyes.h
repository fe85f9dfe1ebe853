// Who has to have looked at a call before it runs on the word of people.
//
// A program may be one of them. It is never the only one where the call cannot be undone, carries
// something outside, or opens a tool; there, a second pair of eyes is a person who did not start
// the run. In production and in a freeze a person who did not start it looks at every call that
// waits, however few are asked for. The gate asks this when an approval is used, too: of those who
// gave it, some may not answer such questions any more.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kernel/state/state.h"

namespace pawl {

// It can be undone, carries nothing outside and opens nothing.
bool is_mild(const QuestionTerms& terms);

// Case and spelling aside; two empty names are the same.
bool same_person(std::string_view a, std::string_view b);

// Whether these approvals, of distinct persons, let the call run.
bool enough_eyes(const QuestionTerms& terms, std::span<const Answer* const> approvals);

// Who is still needed where as many have approved it as were asked for, and it is open all the
// same; empty: no further person.
std::string eyes_needed(const Approval& approval);

}  // namespace pawl
