// What may run although the policy stops it, while a role is watched and not enforced.
//
// The verdict of admit() stays what it is; there is no way from here to `allow`. The gate asks this
// where an observation is in force for the run, and records `enforced: false` with the verdict.
// What runs is a read or something reversible, of a known tool, that no rule forbids in so many
// words and that leaves every other promise standing. Enforced all the same:
//   - every stage that does not say `watched` in the table (stages.cpp): the switch, the run, its
//     identity and ceilings, `blocked`, pins, schemas, environment, credentials, command lines,
//     layers, freezes, limits and counters. They are asked although an earlier stage objected, and
//     reserve what they always do;
//   - what is irreversible, or can carry data outside, by the strictest of the entry's class and
//     the cases that apply or cannot be told;
//   - a case whose author wrote `deny`, an unknown argument, an expression that cannot be
//     asked, a number without one reading;
//   - the second look at a call, an answer of people, the actions of the protocol (`mcp:…`), and
//     every call of a run that a task narrows.
// A tool that no entry grants is looked at as an entry would be that says nothing: its class is
// that of packs and knowledge base, and without a definition it has none that counts.
// Arguments are forwarded as they were received where a constraint on them did not hold.
// Pure, like admit().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel/admit/admit.h"

namespace pawl {

struct ToolDefinition;

struct LetThrough {
  Class action_class;
  Reservation reservation;
  const std::string* credential = nullptr;  // lives as long as the policy
  std::vector<Rewrite> rewrites;
};

// Nothing: the verdict is enforced. `definition` is that of the call, granted or not.
std::optional<LetThrough> let_through(const Situation& situation, const Verdict& verdict,
                                      const std::shared_ptr<const ToolDefinition>& definition);

}  // namespace pawl
