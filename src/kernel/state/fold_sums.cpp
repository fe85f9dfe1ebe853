// What calls add to counters.
#include <algorithm>

#include "base/text.h"
#include "kernel/state/fold.h"

namespace pawl {

Sums& Fold::sums_of(const SumCharge& charge, Run& run) {
  return charge.window.ns == 0 ? run.sums : state.sums_[run.agent];
}

Status Fold::check_sums(const CallDecided& b, const Run& run) const {
  static const Sums nothing;
  const Sums* agents = state.sums(run.agent);
  for (const SumCharge& charge : b.sums) {
    const Sums& sums = charge.window.ns == 0 ? run.sums : (agents == nullptr ? nothing : *agents);
    if (Status fine = sums.can_reserve(charge); !fine) {
      return fail(fine.error().fault,
                  "the call `" + escape_untrusted(b.call) + "` " + fine.error().message);
    }
    // One charge of a call for one sum: of two, each alone might fit.
    const auto same = std::ranges::count_if(b.sums, [&](const SumCharge& other) {
      return other.counter == charge.counter && other.key == charge.key &&
             (other.window.ns == 0) == (charge.window.ns == 0);
    });
    if (same > 1) {
      return fail(ErrorKind::corrupt,
                  "the call `" + escape_untrusted(b.call) + "` adds to one sum twice");
    }
  }
  return {};
}

// What never left added nothing. An effect that was cancelled, or of which the server says that it
// failed, may have happened all the same: reports raise a charge and never lower it.
void Fold::settle_sums(const LiveCall& call, Run& run, CallEvent event) {
  const bool ended_without = event == CallEvent::fail || event == CallEvent::cancel;
  const bool nothing = event == CallEvent::abort || (ended_without && !call.has_effect);
  for (const SumCharge& charge : call.sums) {
    Sums& sums = sums_of(charge, run);
    if (nothing) {
      sums.release(charge);
    } else {
      sums.settle(charge, at);
    }
  }
}

}  // namespace pawl
