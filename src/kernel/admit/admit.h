// admit(): the one decision. Pure: values in, a verdict out, well under a microsecond.
//
// Stages are a table (stages.h) in the order of the life of a call. The first deny stage that
// objects names the code; the hold stages are united, strictest wins; the approval fact, if there
// is one, answers exactly that union. An error in a stage denies.
//   deny: fault · kill · run state · identity · step · grant · blocked · pin · schema ·
//         constraints · freeze that denies · ceilings
//   hold: freeze that holds · requires_approval · class and stage
// A new stage is one file with one function and one row in the table.
#pragma once

#include <string>

#include "base/hash.h"
#include "kernel/policy/policy.h"
#include "kernel/state/state.h"
#include "model/call.h"
#include "model/facts.h"
#include "model/verdict.h"

namespace pawl {

// Which look this is. The second look follows a hold: it reserves the rest and costs no step.
enum class Look : std::uint8_t { proposal, after_hold };

struct Question;

// Everything that a stage may look at.
struct Situation {
  const Policy& policy;
  const State& state;
  const Run& run;
  const Call& call;
  const BoundTool* tool;     // null: no entry of the policy grants it
  const Facts& facts;
  Instant now;
  Look look = Look::proposal;
};

Verdict admit(const Situation& situation);

// What an approval is good for (rule 10): subject, tool, canonical arguments, pin, and the compiled
// slice of the policy that decides this tool (its entry, the file's approval defaults, environment
// and stage), not the counters. Deterministic text, hashed.
Digest binding_of(const Policy& policy, const BoundTool& tool, const Run& run, const Call& call,
                  const Facts& facts);

}  // namespace pawl
