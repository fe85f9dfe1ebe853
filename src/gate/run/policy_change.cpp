#include "gate/run/policy_change.h"

#include "gate/run/deadline.h"

#include <utility>
#include <vector>

#include "base/text.h"
#include "gate/alert/escalation.h"
#include "gate/run/policies.h"
#include "kernel/strictness/strictness.h"

namespace pawl {

Status refuse_laxer(GateState& gate_state, const std::shared_ptr<const Policy>& offered,
                    const std::string& digest, const std::string& laxer) {
  const Policy& policy = *offered;
  const std::string sentence = "the policy of `" + escape_untrusted(policy.agent) + "` (" +
                               escape_untrusted(policy.file) +
                               ") is not the one that was accepted: a reviewer accepts " + digest +
                               " before new runs use it (`pawl accept --policy " +
                               escape_untrusted(policy.file) + "`); laxer is " + laxer;
  gate_state.waiting_policies[policy.agent] = {policy.agent, policy.file, digest, laxer};
  gate_state.offered_policies[policy.agent] = offered;
  if (gate_state.refused_policies.insert(digest).second) {
    (void)gate_state.log.append(Noted{{}, "policy changed", sentence});
    alert_people(gate_state, {}, "policy_changed", sentence);
  }
  return fail(ErrorKind::refused, sentence);
}

std::string laxer_than(GateState& gate_state, std::string_view digest, const Policy& after) {
  const std::shared_ptr<PolicyInUse> before = known_policy(gate_state, digest);
  if (!before) return "that is not known: the policy in force is not in the journal";
  return laxer_text(laxer_parts(before->policy(), after));
}

Status record_policy(GateState& gate_state, const Policy& policy, const std::string& digest) {
  if (!gate_state.state.policy_payload(digest).empty()) return {};
  const PayloadRef payload{gate_state.journal.commit_to(policy.bundle), policy.bundle};
  const auto seq = gate_state.log.append(
      PolicyLoaded{digest, policy.agent, policy.file, payload.commitment.text()},
      {.payloads = {&payload, 1}});
  PAWL_TRY(seq);
  return {};
}

Status accept_or_refuse(GateState& gate_state, const std::shared_ptr<const Policy>& policy,
                        const std::string& digest, bool vouched) {
  const std::string name = policy_pin_name(policy->agent);
  const Pin* accepted = gate_state.state.pin(policy_pin_server, name);
  const bool same = accepted != nullptr && accepted->digest == digest;
  if (accepted != nullptr && !same && !vouched) {
    if (const std::string laxer = laxer_than(gate_state, accepted->digest, *policy);
        !laxer.empty()) {
      return refuse_laxer(gate_state, policy, digest, laxer);
    }
  }
  PAWL_TRY(record_policy(gate_state, *policy, digest));
  if (!same) {
    const auto seq =
        gate_state.log.append(PinAccepted{std::string(policy_pin_server), name, digest, {}});
    PAWL_TRY(seq);
  }
  return {};
}

Status tighten(GateState& gate_state, const Run& run, const std::shared_ptr<const Policy>& policy,
               const std::string& digest) {
  if (run.policy == digest) return {};
  if (const std::string laxer = laxer_than(gate_state, run.policy, *policy); !laxer.empty()) {
    return fail(ErrorKind::refused, "the run `" + run.id + "` keeps its policy " + run.policy +
                                        " until it ends, and cannot take " + digest +
                                        "; laxer is " + laxer);
  }
  PAWL_TRY(record_policy(gate_state, *policy, digest));
  const std::string id = run.id;
  const auto seq = gate_state.log.append(RunTightened{id, digest});
  PAWL_TRY(seq);
  const auto known = gate_state.runs.find(id);
  if (known != gate_state.runs.end()) known->second.policy = gate_state.policies.keep(policy);
  watch_deadline(gate_state, id);
  return {};
}

}  // namespace pawl
