// Decide: facts, then the kernel's verdict, then its record. Private to the gate.
#pragma once

#include <string>

#include "gate/state/call_context.h"
#include "model/facts.h"
#include "model/verdict.h"

namespace pawl {

// The first look at a call: it goes on with an open question of its own, or it is decided.
Next begin(CallContext& context);

// The look after people answered, or their time was over.
Next look_again(CallContext& context);

// A refusal that the gate itself has to make, for a reason that the kernel cannot know. Charged and
// recorded like every attempt; `halts` halts the run with it.
struct GateRefusal {
  std::string run = {}, server = {}, tool = {};
  Code code = Code::internal;
  std::string says = {};
  bool halts = false;
  std::string note = {};  // of the record
};
GateRefusal refusal_of(const CallContext& context, Code code, std::string says);
Settled refuse_here(GateState& gate_state, const GateRefusal& refusal);

// The reply for a verdict that does not let the call run; the context is over with it.
Next refuse(CallContext& context, const Verdict& verdict);
Verdict denial(const CallContext& context, Code code, std::string says);

}  // namespace pawl
