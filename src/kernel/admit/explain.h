// Sentences for a verdict: for the agent, for a reviewer, for a record. They hold no list contents
// and no bytes of arguments; names that an agent or a server chose are made visible and cut.
#pragma once

#include <string>

#include "model/call.h"
#include "model/verdict.h"

namespace pawl {

class Policy;
struct ToolRule;

inline constexpr std::size_t shown_name_bytes_max = 96;

// One sentence: what was decided and by which rule.
//   `update_order_status` is not allowed: `status` is not one of the allowed values
//   (policy.yaml:11)
std::string reason_text(const Verdict& verdict, const Call& call);

// The three lines that an agent reads when a call does not run: what was not done and by which rule
// (`file:line`), `instead:` what its author wrote or what is possible, and whether a retry can
// help. `entry` may be null.
std::string denial_text(const Verdict& verdict, const Call& call, const ToolRule* entry);

// The same as JSON for `_meta["pawl/decision"]`: approval, code, decision (the call's id), effect,
// policy (digest), retryable, rule, rule_at. Empty members are left out.
std::string decision_json(const Verdict& verdict, const Policy& policy, const std::string& call_id,
                          const std::string& approval_id);

// `file:line` of a rule, or nothing where no line decided.
std::string place_of(const Rule* rule);

}  // namespace pawl
