// Definitions of tools against what was accepted (rule 13).
#include "base/text.h"
#include "gate/escalation.h"
#include "gate/gate.h"
#include "gate/gate_state.h"
#include "gate/people.h"
#include "gate/policy_change.h"
#include "gate/runs.h"

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
// that whoever runs the agent could rewrite does not undo what a person accepted here (rule 14).
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

}  // namespace

PinState Gate::pin(const std::string& run, const ToolDefinition& tool, bool locked,
                   const std::string& locked_digest) {
  const std::string digest = to_string(tool.digest);
  GateRun* known = run_of(*gate_state_, run);
  if (known == nullptr) return PinState::changed;
  known->offered[tool.server + "\n" + tool.name] = digest;
  const Pin* accepted = gate_state_->state.pin(tool.server, tool.name);
  PinState pin =
      locked ? under_lock(accepted, digest, locked_digest) : without_lock(accepted, digest);
  if (tool.hidden_characters) pin = PinState::hidden;
  const bool tampered = pin == PinState::changed || pin == PinState::hidden;
  if (tampered && !gate_state_->state.definitions().contains(digest)) {
    gate_state_->timers.later([gate_state = gate_state_.get(), run, pin,
                               name = tool.server + "/" + tool.name] {
      alert_people(*gate_state, run, "tool_changed",
                   "the definition of `" + escape_untrusted(name) + "` is not the accepted one" +
                       (pin == PinState::hidden ? ", and has hidden characters" : ""));
    });
  }
  if (!record_definition(*gate_state_, *known, tool, digest, pin)) return PinState::changed;
  const bool first = pin == PinState::first_use && accepted == nullptr &&
                     known->policy->policy().environment != Environment::production;
  if (first && !gate_state_->log.append(PinAccepted{tool.server, tool.name, digest, {}})) {
    return PinState::changed;
  }
  return pin;
}

Status Gate::accept(const std::string& server, const std::string& tool, const std::string& digest,
                    const std::string& person) {
  if (Status may = gate_state_->people.may_decide(person); !may) return may;
  if (server == policy_pin_server) {
    return fail(ErrorKind::invalid, "no server is called `pawl`; a policy is accepted as a policy");
  }
  // Not necessarily offered here before: in production a person accepts first.
  const auto seq = gate_state_->log.append(PinAccepted{server, tool, digest, person});
  return seq ? Status{} : std::unexpected(seq.error());
}

Status Gate::accept_policy(const std::string& agent, const std::string& digest,
                           const std::string& person) {
  if (Status may = gate_state_->people.may_decide(person); !may) return may;
  // Its text goes on with it, whatever becomes of the file before the next run.
  const auto offered = gate_state_->offered_policies.find(agent);
  if (offered != gate_state_->offered_policies.end() &&
      to_string(offered->second->digest) == digest) {
    if (Status written = record_policy(*gate_state_, *offered->second, digest); !written)
      return written;
    (void)gate_state_->policies.keep(offered->second);
    gate_state_->offered_policies.erase(offered);
  }
  const auto seq = gate_state_->log.append(
      PinAccepted{std::string(policy_pin_server), policy_pin_name(agent), digest, person});
  if (!seq) return std::unexpected(seq.error());
  const auto waiting = gate_state_->waiting_policies.find(agent);
  if (waiting != gate_state_->waiting_policies.end() && waiting->second.digest == digest) {
    gate_state_->waiting_policies.erase(waiting);
  }
  return {};
}

Status Gate::accept_deployment(const std::string& digest, bool production,
                               const std::string& person) {
  if (!person.empty()) {
    if (Status may = gate_state_->people.may_decide(person); !may) return may;
    if (gate_state_->people.groups_of && !gate_state_->people.groups_of->contains(person)) {
      return fail(ErrorKind::refused,
                  "only persons of the deployment file in force accept another");
    }
  }
  // Before it counts: a file for production is never taken for one that nobody has to accept.
  for (const std::string_view name : {production_pin_name, deployment_pin_name}) {
    if (name == production_pin_name && !production) continue;
    const Pin* known = gate_state_->state.pin(policy_pin_server, name);
    if (person.empty() && known != nullptr && known->digest == digest) continue;
    const auto seq = gate_state_->log.append(
        PinAccepted{std::string(policy_pin_server), std::string(name), digest, person});
    if (!seq) return std::unexpected(seq.error());
  }
  return {};
}

std::shared_ptr<const Policy> Gate::accepted_policy(const std::string& agent) const {
  const Pin* pin = gate_state_->state.pin(policy_pin_server, policy_pin_name(agent));
  if (pin == nullptr) return nullptr;
  const auto known = known_policy(*gate_state_, std::string(pin->digest));
  return known ? known->shared() : nullptr;
}

}  // namespace pawl
