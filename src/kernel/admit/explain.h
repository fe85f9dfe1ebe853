// Sentences for a verdict: for the agent, for a reviewer, for a record.
#pragma once

#include <string>

#include "kernel/policy/policy.h"
#include "model/call.h"
#include "model/verdict.h"

namespace pawl {

// One sentence: what was decided and by which rule.
//   `update_order_status` is not allowed: `status` is not one of the allowed values (policy.yaml:11)
std::string reason_text(const Verdict& verdict, const Call& call);

// The three lines that an agent reads when a call does not run: what was not done and by which rule
// (`file:line`), `instead:` what its author wrote or what is possible, and whether a retry can help.
// No list contents, no bytes of arguments that could move a cursor.
std::string denial_text(const Verdict& verdict, const Call& call, const ToolRule* entry);

// `constraint`, `ceiling` … as JSON for `_meta["pawl/decision"]`: code, rule, rule_at, policy digest,
// decision id, retryable, approval id.
std::string decision_json(const Verdict& verdict, const Policy& policy, const std::string& call_id,
                          const std::string& approval_id);

}  // namespace pawl
