// Ending many questions at once, in an order that does not depend on a hash table.
#pragma once

#include <set>
#include <string>

#include "kernel/state/fold.h"

namespace pawl {

template <class Covers>
void Fold::withdraw_where(Covers covers) {
  std::set<std::string> gone;
  for (const auto& [id, approval] : state.approvals_) {
    if (next(approval.phase, ApprovalEvent::withdraw) && covers(approval)) gone.insert(id);
  }
  for (const std::string& id : gone) {
    end_approval(state.approvals_.at(id), ApprovalPhase::withdrawn);
  }
}

}  // namespace pawl
