// Whether a question still counts. Most of what looks at an approval asks this first.
#pragma once

#include "kernel/state/state.h"

namespace pawl {

// People may still answer it, or have approved it and the call did not run yet.
inline bool is_live(const Approval& approval) {
  return approval.phase == ApprovalPhase::open || approval.phase == ApprovalPhase::approved;
}

}  // namespace pawl
