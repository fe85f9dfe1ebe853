// Calls: the one way of a call. Read `Calls::handle` in calls.cpp and you have read the product.
//
//   facts -> admit -> journal -> hold -> facts and admit again -> journal -> execute -> settle ->
//   journal
//
// For doors: `Caller::on_gone` may be called at any moment of a call; the gate answers it in a
// later turn. `Outcome::lost` is for calls whose bytes may have left: a server that is known to be
// down before anything was sent is an `error`. `Settled::text` of a result is what the server sent
// (projected where the policy has a `scope`): reserved keys of `_meta` are the door's to strip.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/task.h"
#include "gate/state/proposal.h"

namespace pawl {

class Policy;
struct GateState;

class Calls {
 public:
  explicit Calls(GateState& gate_state);

  // The one way of a call.
  Task<Settled> handle(Proposal proposal, Upstream& upstream, Caller& caller);
  // A request that was refused before it could become a call (ambiguous, unknown method, too long):
  // charged and recorded like every attempt.
  Settled refuse(const std::string& run, Code code, const std::string& what,
                 const std::string& sentence, SubRunLimits* sub_run = nullptr);

  // From now on `told` hears of each call when it is over. One listener; calls that came before are
  // not measured.
  void on_over(std::function<void(const CallOver&)> told);
  // Whether an open call may say more to its server, where that takes several messages:
  // looked at before each, as before the first. False once it was stopped by the switch or a halt,
  // no grants are given, or the run's policy is another than `decided_under`.
  bool goes_on(const std::string& run, const Call& call, const Policy* decided_under) const;
  // Live calls of a run, for a door that closes.
  std::size_t live_calls(const std::string& run) const;

 private:
  GateState& gate_state_;
};

}  // namespace pawl
