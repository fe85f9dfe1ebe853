// admit(): the one decision. Pure: values in, a verdict out, well under a microsecond.
//
// Stages are a table (stages.h) in the order of the life of a call. The first deny stage that
// objects names the code; the hold stages are united, strictest wins; the approval fact, if there
// is one, answers exactly that union. An error in a stage denies.
//   deny: fault · kill · run state · identity · run ceilings (steps, wall clock) · repeats
//         (circles that end) · blocked · grant · environment · credential · pin · schema ·
//         constraints · access · cases and their condition · commands · layers · outside (what
//         would leave) · freeze that denies · limits of the entry · counters · model (tokens and
//         money)
//   hold: layers · freeze that holds · cases · commands · access · requires_approval · class and
//         stage · outside (what would leave unseen) · repeats (circles) · origin and constraints
//         (values that a person may let pass)
// A denial that is one more than `max_denials` becomes `ceiling` and halts the run.
// A new stage is one file with one function and one row in the table.
//
// Ceilings: where what is *settled* leaves no room, a run ceiling denies and halts; where only
// reservations of calls in flight stand in the way, the answer is `ceiling` with `retry` and
// nothing halts. Limits in a tool's entry deny and never halt. Nothing is charged here: the verdict
// carries the reservation, the fold charges it (kernel/state).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/hash.h"
#include "kernel/state/state.h"
#include "model/call.h"
#include "model/facts.h"
#include "model/verdict.h"

namespace pawl {

class Policy;
struct BoundTool;
struct ToolRule;
struct ArgumentRule;
class ArgumentFindings;
class CallValues;

// Which look this is. The second look follows a hold: it reserves the rest and costs no step.
enum class Look : std::uint8_t { proposal, after_hold };

// Everything that a stage may look at. `tool` is `bind(policy, *policy.find(server, tool), …)`,
// made once for a definition and kept; `facts` are gathered just before this look.
struct Situation {
  const Policy& policy;
  const State& state;
  const Run& run;
  const Call& call;
  const BoundTool* tool;  // null: no entry of the policy grants it
  const Facts& facts;
  Instant now;
  Look look = Look::proposal;
  CallValues* values = nullptr;  // of expressions: admit() makes them where there are any
  // About this call and these facts, found out ahead; null: the stages look themselves.
  const ArgumentFindings* findings = nullptr;
};

// The rule in the verdict's reason belongs to the policy or to the bound tool, and lives as long.
Verdict admit(const Situation& situation);

// The verdict for a request that was refused before it could become a call: an ambiguous line, an
// unknown method, a definition that cannot be read. Charged like every attempt, so the switch, the
// run's state and its ceilings speak first, and one denial too many halts. `tool` is not looked at.
Verdict admit_refused(const Situation& situation, Code code, std::string says);

// What an approval is good for: subject, tool, canonical arguments, pin, resolved paths,
// and the compiled slice of the policy that decides this tool (its entry, the file's approval
// defaults, environment and stage), not the counters and not where things stand in the file.
// Records spell it `to_string(binding_of(…))`, and that is what ApprovalFact::binding is compared
// with.
Digest binding_of(const Policy& policy, const BoundTool& tool, const Run& run, const Call& call,
                  const Facts& facts);

// What calls of one run have in common that are asked for in the same way, whatever their arguments
// are: tool, definition, pin, slice of the policy, class, cases, environment and credential.
Digest likeness_of(const Situation& situation, const Verdict& verdict);

// Why the answers to this question are no answers to what is asked for now; empty: they are.
std::string not_covered(const Approval& asked, const Question& question);

// Rules about arguments in one spelling: what two policies are compared by.
std::string spelled_rules(const std::vector<ArgumentRule>& rules);

// What is forwarded: the canonical text of the arguments with the rewrites in their places.
// A rewrite whose pointer names no string is an error of ours (`internal`).
Result<std::string> forwarded_arguments(json::View arguments, std::span<const Rewrite> rewrites);

// How many records a call touches, as its entry says it: counted also where the entry limits none.
// Nothing: that cannot be told, or no entry is bound.
// `verdict`: of this situation.
std::optional<std::uint64_t> records_touched(const Situation& situation, const Verdict& verdict);

// What a call settles at: its reservation, or the report where the entry limits records and the
// report is higher. A report only raises; CallEnded carries the result.
std::uint64_t settled_records(const ToolRule& entry, std::uint64_t reserved,
                              std::uint64_t reported);

}  // namespace pawl
