// Which questions one person may approve in one act.
//
// Each of them is still its own approval: bound to its own call, counted by itself. What they have
// to have in common is what a reader has in mind while reading many: one tool, one class. What
// cannot be undone, carries something outside or opens a tool is approved together only where each
// call asks for a typed confirmation of its own. A call that a reviewer changed is read alone.
// Rejecting needs nothing of that.
#pragma once

#include <span>
#include <string>

#include "kernel/state/state.h"

namespace pawl {

inline constexpr std::size_t together_max = 50;

// Why these cannot be approved together; empty: they can.
std::string not_together(std::span<const Approval* const> questions);

}  // namespace pawl
