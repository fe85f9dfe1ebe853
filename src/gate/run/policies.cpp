#include "gate/run/policies.h"

#include "gate/state/gate_state.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "gate/alert/escalation.h"
#include "gate/run/policy_change.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

// A server that offers ever new definitions must not fill the journal.
bool record_definition(GateState& gate_state, GateRun& run, const ToolDefinition& tool,
                       const std::string& digest, PinState pin) {
  if (gate_state.state.definitions().contains(digest)) return true;
  if (run.definition_bytes + tool.text.size() > gate_state.limits.definition_bytes_max)
    return false;
  run.definition_bytes += tool.text.size();
  const PayloadRef payload{gate_state.journal.commit_to(tool.text), tool.text};
  return gate_state.log
      .append(DefinitionSeen{digest, tool.server, tool.name, std::string(to_string(pin)),
                             payload.commitment.text()},
              {.payloads = {&payload, 1}})
      .has_value();
}

// Under a lock its digest counts, and where this node knows better, only together with that: a lock
// that the sponsor of the agent could rewrite does not undo what a person accepted here (rule 14).
PinState under_lock(const Pin* known, const std::string& digest, const std::string& locked_digest) {
  if (digest != locked_digest) return PinState::changed;
  return known == nullptr || known->digest == digest ? PinState::accepted : PinState::changed;
}

// Without a lock: what a person accepted here counts everywhere; what was only seen first does not
// count in production (admit refuses `first_use` there).
PinState without_lock(const Pin* known, const std::string& digest) {
  if (known == nullptr) return PinState::first_use;
  if (known->digest == digest)
    return known->person.empty() ? PinState::first_use : PinState::accepted;
  return PinState::changed;
}

std::string journal_text(const Candidate& candidate, const std::string& digest) {
  const std::string whose = "candidate of `" + escape_untrusted(candidate.agent) + "`: ";
  if (!candidate.policy) return whose + "cannot be used: " + candidate.why;
  return whose + escape_untrusted(candidate.file) + " (" + digest + ") is judged beside the policy";
}

}  // namespace

std::string policy_pin_name(std::string_view agent) {
  return "policy/" + std::string(agent);
}

Policies::Policies(GateState& gate_state) : gate_state_(gate_state) {}

void Policies::set_budgets(BudgetsOf budgets_of) {
  gate_state_.budgets_of = std::move(budgets_of);
}

std::vector<std::string> Policies::offer_policy(const std::shared_ptr<const Policy>& policy) {
  GateState& gate_state = gate_state_;
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

Result<std::shared_ptr<const Policy>> Policies::policy_in_force(
    const std::string& agent, const std::shared_ptr<const Policy>& offered) {
  GateState& gate_state = gate_state_;
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

std::vector<WaitingPolicy> Policies::waiting_policies() const {
  std::vector<WaitingPolicy> out;
  for (const auto& [agent, waiting] : gate_state_.waiting_policies) out.push_back(waiting);
  return out;
}

PinState Policies::pin(const std::string& run, const ToolDefinition& tool, bool locked,
                       const std::string& locked_digest) {
  const std::string digest = to_string(tool.digest);
  GateRun* known = run_of(gate_state_, run);
  if (known == nullptr) return PinState::changed;
  known->offered[tool_key(tool.server, tool.name)] = digest;
  const Pin* accepted = gate_state_.state.pin(tool.server, tool.name);
  PinState pin =
      locked ? under_lock(accepted, digest, locked_digest) : without_lock(accepted, digest);
  if (tool.hidden_characters) pin = PinState::hidden;
  const bool tampered = pin == PinState::changed || pin == PinState::hidden;
  if (tampered && !gate_state_.state.definitions().contains(digest)) {
    gate_state_.timers.later([gate_state = &gate_state_, run, pin,
                              name = tool.server + "/" + tool.name] {
      alert_people(*gate_state, run, "tool_changed",
                   "the definition of `" + escape_untrusted(name) + "` is not the accepted one" +
                       (pin == PinState::hidden ? ", and has hidden characters" : ""));
    });
  }
  if (!record_definition(gate_state_, *known, tool, digest, pin)) return PinState::changed;
  const bool first = pin == PinState::first_use && accepted == nullptr &&
                     known->policy->policy().environment != Environment::production;
  if (first && !gate_state_.log.append(PinAccepted{tool.server, tool.name, digest, {}})) {
    return PinState::changed;
  }
  return pin;
}

Status Policies::accept(const std::string& server, const std::string& tool,
                        const std::string& digest, const std::string& person) {
  PAWL_TRY(gate_state_.people.may_decide(person));
  if (server == policy_pin_server) {
    return fail(ErrorKind::invalid, "no server is called `pawl`; a policy is accepted as a policy");
  }
  // Not necessarily offered here before: in production a person accepts first.
  const auto seq = gate_state_.log.append(PinAccepted{server, tool, digest, person});
  PAWL_TRY(seq);
  return {};
}

Status Policies::accept_policy(const std::string& agent, const std::string& digest,
                               const std::string& person) {
  PAWL_TRY(gate_state_.people.may_decide(person));
  // Its text goes on with it, whatever becomes of the file before the next run.
  const auto offered = gate_state_.offered_policies.find(agent);
  if (offered != gate_state_.offered_policies.end() &&
      to_string(offered->second->digest) == digest) {
    PAWL_TRY(record_policy(gate_state_, *offered->second, digest));
    (void)gate_state_.policies.keep(offered->second);
    gate_state_.offered_policies.erase(offered);
  }
  const auto seq = gate_state_.log.append(
      PinAccepted{std::string(policy_pin_server), policy_pin_name(agent), digest, person});
  PAWL_TRY(seq);
  const auto waiting = gate_state_.waiting_policies.find(agent);
  if (waiting != gate_state_.waiting_policies.end() && waiting->second.digest == digest) {
    gate_state_.waiting_policies.erase(waiting);
  }
  return {};
}

Status Policies::accept_deployment(const std::string& digest, bool production,
                                   const std::string& person) {
  if (!person.empty()) {
    PAWL_TRY(gate_state_.people.may_decide(person));
    if (gate_state_.people.groups_of && !gate_state_.people.groups_of->contains(person)) {
      return fail(ErrorKind::refused,
                  "only persons of the deployment file in force accept another");
    }
  }
  // Before it counts: a file for production is never taken for one that no person has to accept.
  for (const std::string_view name : {production_pin_name, deployment_pin_name}) {
    if (name == production_pin_name && !production) continue;
    const Pin* known = gate_state_.state.pin(policy_pin_server, name);
    if (person.empty() && known != nullptr && known->digest == digest) continue;
    const auto seq = gate_state_.log.append(
        PinAccepted{std::string(policy_pin_server), std::string(name), digest, person});
    PAWL_TRY(seq);
  }
  return {};
}

std::shared_ptr<const Policy> Policies::accepted_policy(const std::string& agent) const {
  const Pin* pin = gate_state_.state.pin(policy_pin_server, policy_pin_name(agent));
  if (pin == nullptr) return nullptr;
  const auto known = known_policy(gate_state_, std::string(pin->digest));
  return known ? known->shared() : nullptr;
}

void Policies::set_candidates(std::vector<Candidate> candidates) {
  GateState& gate_state = gate_state_;
  const auto note = [&gate_state](std::string text) {
    (void)gate_state.log.append(Noted{{}, "candidate", std::move(text)});
  };
  std::erase_if(gate_state.candidates, [&](const auto& known) {
    const bool gone =
        std::ranges::find(candidates, known.first, &Candidate::agent) == candidates.end();
    if (gone) note("candidate of `" + escape_untrusted(known.first) + "`: there is none any more");
    return gone;
  });
  for (Candidate& candidate : candidates) {
    const std::string digest = candidate.policy ? to_string(candidate.policy->digest) : "";
    const auto known = gate_state.candidates.find(candidate.agent);
    if (known != gate_state.candidates.end()) {
      const CandidateInUse& now = known->second;
      const std::string before = now.policy ? now.policy->digest() : "";
      if (before == digest && now.what.why == candidate.why && now.what.file == candidate.file) {
        continue;
      }
    }
    note(journal_text(candidate, digest));
    CandidateInUse& made = gate_state.candidates[candidate.agent];
    made = {};
    if (candidate.policy) made.policy = std::make_shared<PolicyInUse>(candidate.policy);
    made.what = std::move(candidate);
  }
}

std::vector<CandidateNow> Policies::candidates() const {
  std::vector<CandidateNow> out;
  for (const auto& [agent, known] : gate_state_.candidates) {
    out.push_back({.agent = agent,
                   .file = known.what.file,
                   .digest = known.policy ? known.policy->digest() : std::string(),
                   .why = known.what.why,
                   .last_error = known.last_error,
                   .counts = known.counts});
  }
  return out;
}

}  // namespace pawl
