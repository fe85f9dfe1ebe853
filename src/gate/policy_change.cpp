#include "gate/policy_change.h"

#include <utility>
#include <vector>

#include "base/text.h"
#include "gate/escalation.h"
#include "gate/gate.h"
#include "gate/runs.h"
#include "kernel/strictness/strictness.h"

namespace pawl {

namespace {

// Somebody hears of a file once, however often it is offered.
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

}  // namespace

std::string laxer_than(GateState& gate_state, std::string_view digest, const Policy& after) {
  const std::shared_ptr<PolicyInUse> before = known_policy(gate_state, digest);
  if (!before) return "what nobody can tell: the policy in force is not in the journal";
  return laxer_text(laxer_parts(before->policy(), after));
}

Status record_policy(GateState& gate_state, const Policy& policy, const std::string& digest) {
  if (!gate_state.state.policy_payload(digest).empty()) return {};
  const PayloadRef payload{gate_state.journal.commit_to(policy.bundle), policy.bundle};
  const auto seq = gate_state.log.append(
      PolicyLoaded{digest, policy.agent, policy.file, payload.commitment.text()},
      {.payloads = {&payload, 1}});
  return seq ? Status{} : std::unexpected(seq.error());
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
  if (Status written = record_policy(gate_state, *policy, digest); !written) return written;
  if (!same) {
    const auto seq =
        gate_state.log.append(PinAccepted{std::string(policy_pin_server), name, digest, {}});
    if (!seq) return std::unexpected(seq.error());
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
  if (Status written = record_policy(gate_state, *policy, digest); !written) return written;
  const std::string id = run.id;
  const auto seq = gate_state.log.append(RunTightened{id, digest});
  if (!seq) return std::unexpected(seq.error());
  const auto known = gate_state.runs.find(id);
  if (known != gate_state.runs.end()) known->second.policy = gate_state.policies.keep(policy);
  return {};
}

std::vector<std::string> Gate::offer_policy(const std::shared_ptr<const Policy>& policy) {
  GateState& gate_state = *gate_state_;
  std::vector<std::string> taken;
  if (!policy || !gate_state.log.fault().empty()) return taken;
  // The first policy of an agent comes with its first run.
  if (gate_state.state.pin(policy_pin_server, policy_pin_name(policy->agent)) == nullptr)
    return taken;
  const std::string digest = to_string(policy->digest);
  if (!accept_or_refuse(gate_state, policy, digest, false)) return taken;
  gate_state.waiting_policies.erase(policy->agent);
  std::vector<std::string> others;
  for (const auto& [id, run] : gate_state.state.runs()) {
    const bool other = run.agent == policy->agent && run.policy != digest;
    if (other && run.phase != RunPhase::closed) others.push_back(id);
  }
  for (const std::string& id : others) {
    const GateRun* known = run_of(gate_state, id);
    if (known == nullptr) continue;
    // What a run's task took away stays away.
    const auto own = narrowed(policy, known->policy->policy().task, {});
    if (!own || to_string((*own)->digest) == gate_state.state.run(id)->policy) continue;
    if (tighten(gate_state, *gate_state.state.run(id), *own, to_string((*own)->digest)))
      taken.push_back(id);
  }
  return taken;
}

Result<std::shared_ptr<const Policy>> Gate::policy_in_force(
    const std::string& agent, const std::shared_ptr<const Policy>& offered) {
  GateState& gate_state = *gate_state_;
  const Pin* pin = gate_state.state.pin(policy_pin_server, policy_pin_name(agent));
  if (pin == nullptr) {
    // The first policy of an agent comes with its first run.
    if (offered) return offered;
    return fail(ErrorKind::environment, "the policy of `" + escape_untrusted(agent) +
                                            "` does not load, and none was accepted before");
  }
  const std::string accepted = pin->digest;
  const std::string digest = offered ? to_string(offered->digest) : std::string();
  const std::string laxer =
      !offered || digest == accepted ? std::string() : laxer_than(gate_state, accepted, *offered);
  if (offered && laxer.empty()) {
    gate_state.waiting_policies.erase(agent);
    return offered;
  }
  const std::shared_ptr<PolicyInUse> known = known_policy(gate_state, accepted);
  if (offered) {
    const Status refused = refuse_laxer(gate_state, offered, digest, laxer);
    if (!known) return std::unexpected(refused.error());
  }
  if (!known) {
    return fail(ErrorKind::refused, "the policy of `" + escape_untrusted(agent) +
                                        "` does not load, and the text of the accepted one, " +
                                        accepted + ", is not in the journal");
  }
  return known->shared();
}

std::vector<WaitingPolicy> Gate::waiting_policies() const {
  std::vector<WaitingPolicy> out;
  for (const auto& [agent, waiting] : gate_state_->waiting_policies) out.push_back(waiting);
  return out;
}

}  // namespace pawl
