// The decision pipeline: gather facts, evaluate, make the record. Every verdict of this gate on a
// call is made here. Private to the gate.
#pragma once

#include <optional>
#include <string>

#include "gate/decision/candidates.h"
#include "gate/decision/facts.h"
#include "gate/state/call_context.h"
#include "kernel/admit/admit.h"
#include "kernel/admit/let_through.h"
#include "model/record.h"

namespace pawl {

// One evaluation: what was known, what was decided, and when.
struct Evaluation {
  Facts facts;
  Verdict verdict;
  Look look;
  Instant at;
  std::string args = {};  // commitment to the arguments, once it is recorded
  // The verdict stands and is not enforced: what the call runs under all the same.
  std::optional<LetThrough> passing = {};

  bool runs() const { return verdict.runs() || passing.has_value(); }
};

Situation situation_of(const CallContext& context, const Facts& facts, Instant now, Look look);

// The kernel's verdict on these facts, now.
Evaluation evaluate(const CallContext& context, Facts facts, Look look);

// What the record of an evaluation says, but for its payloads and the approval that it is about.
CallDecided to_record(const CallContext& context, const Evaluation& evaluation);
// The note of such a record: the sub-run, and what the door has to say.
std::string note_of(const Proposal& asked);

// What an answer to this call is good for (ApprovalOpened).
std::string binding_text(const CallContext& context, const Facts& facts);
std::string likeness_text(const CallContext& context, const Evaluation& evaluation);

}  // namespace pawl
