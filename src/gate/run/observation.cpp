#include "gate/run/observation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "gate/run/policies.h"

namespace pawl {

namespace {

// An auditor finds in the journal each time in which a role was not enforced, and why.
void note_observation(GateState& gate_state, const std::string& agent, const std::string& what) {
  (void)gate_state.log.append(Noted{{}, "observe", "`" + escape_untrusted(agent) + "` " + what},
                              {.urgency = Urgency::reserve});
}

void begin_observation(GateState& gate_state, const Observation& what) {
  const Instant now = gate_state.log.now();
  const Duration left = what.until - now;
  const auto before = gate_state.observing.find(what.agent);
  const std::uint64_t passed = before == gate_state.observing.end() ? 0 : before->second.passed;
  gate_state.observing[what.agent] = {what, gate_state.clock.boot() + left, passed};
  gate_state.observations_waiting.erase(what.agent);
  gate_state.timers.at(gate_state.clock.boot() + left, what.agent,
                       [&gate_state](const std::string&) { end_observations(gate_state); });
  const std::string sentence = "is watched and not enforced until " + to_string(what.until) + ": " +
                               escape_untrusted(what.reason);
  note_observation(gate_state, what.agent, sentence);
  gate_state.notifier.escalate({}, "observe", "`" + escape_untrusted(what.agent) + "` " + sentence);
}

// Rule 14: it loosens. What a person accepted counts; for an agent that never ran so far there is
// nothing that it could loosen; and an end that comes sooner is stricter.
bool counts_at_once(GateState& gate_state, const Observation& what) {
  const Pin* accepted = gate_state.state.pin(policy_pin_server, observation_pin_name(what.agent));
  if (accepted != nullptr && accepted->digest == what.digest()) return true;
  const bool first =
      accepted == nullptr &&
      gate_state.state.pin(policy_pin_server, policy_pin_name(what.agent)) == nullptr;
  const auto now = gate_state.observing.find(what.agent);
  const bool sooner = now != gate_state.observing.end() && what.until <= now->second.what.until;
  if (!first && !sooner) return false;
  return gate_state.log
      .append(PinAccepted{
          std::string(policy_pin_server), observation_pin_name(what.agent), what.digest(), {}})
      .has_value();
}

void wait_for_person(GateState& gate_state, const Observation& what) {
  const auto known = gate_state.observations_waiting.find(what.agent);
  if (known != gate_state.observations_waiting.end() && known->second == what) return;
  gate_state.observations_waiting[what.agent] = what;
  const std::string sentence = "is to be watched and not enforced until " + to_string(what.until) +
                               ": " + escape_untrusted(what.reason) +
                               "; it is enforced until a reviewer accepts that (`pawl accept " +
                               "--observe " + escape_untrusted(what.agent) + "`)";
  note_observation(gate_state, what.agent, sentence);
  gate_state.notifier.escalate({}, "observe", "`" + escape_untrusted(what.agent) + "` " + sentence);
}

bool over(const GateState& gate_state, const ObservationInUse& one) {
  return gate_state.log.now() >= one.what.until || gate_state.clock.boot() >= one.ends;
}

}  // namespace

Enforcement enforcement(const GateState& gate_state, std::string_view agent) {
  if (gate_state.observing.empty()) return Enforcement::enforced;
  const auto found = gate_state.observing.find(agent);
  const bool watched = found != gate_state.observing.end() && !over(gate_state, found->second);
  return watched ? Enforcement::watched : Enforcement::enforced;
}

void count_passed(GateState& gate_state, std::string_view agent) {
  const auto found = gate_state.observing.find(agent);
  if (found != gate_state.observing.end()) ++found->second.passed;
}

void end_observations(GateState& gate_state) {
  std::vector<std::string> ended;
  for (const auto& [agent, one] : gate_state.observing) {
    if (over(gate_state, one)) ended.push_back(agent);
  }
  for (const std::string& agent : ended) {
    gate_state.observing.erase(agent);
    note_observation(gate_state, agent, "is enforced again: its time is over");
    gate_state.notifier.escalate({}, "observe",
                                 "`" + escape_untrusted(agent) + "` is enforced again");
  }
}

void Policies::set_observations(const std::vector<Observation>& observations) {
  GateState& gate_state = gate_state_;
  end_observations(gate_state);
  const auto named = [&observations](const std::string& agent) {
    return std::ranges::find(observations, agent, &Observation::agent) != observations.end();
  };
  std::vector<std::string> gone;
  for (const auto& [agent, one] : gate_state.observing) {
    if (!named(agent)) gone.push_back(agent);
  }
  for (const std::string& agent : gone) {
    gate_state.observing.erase(agent);
    note_observation(gate_state, agent, "is enforced again: `observe` is gone");
  }
  std::erase_if(gate_state.observations_waiting,
                [&](const auto& one) { return !named(one.first); });
  for (const Observation& what : observations) {
    if (gate_state.log.now() >= what.until) continue;
    const auto known = gate_state.observing.find(what.agent);
    if (known != gate_state.observing.end() && known->second.what == what) {
      gate_state.observations_waiting.erase(what.agent);
    } else if (counts_at_once(gate_state, what)) {
      begin_observation(gate_state, what);
    } else {
      wait_for_person(gate_state, what);
    }
  }
}

std::vector<ObservationNow> Policies::observations() const {
  std::vector<ObservationNow> out;
  for (const auto& [agent, one] : gate_state_.observing) {
    if (!over(gate_state_, one)) out.push_back({one.what, false, one.passed});
  }
  for (const auto& [agent, what] : gate_state_.observations_waiting) {
    if (gate_state_.log.now() < what.until) out.push_back({what, true, 0});
  }
  return out;
}

bool Policies::watched(const std::string& run) const {
  const Run* known = gate_state_.state.run(run);
  return known != nullptr && enforcement(gate_state_, known->agent) == Enforcement::watched;
}

Status Policies::accept_observation(const std::string& agent, const std::string& digest,
                                    const std::string& person) {
  GateState& gate_state = gate_state_;
  PAWL_TRY(gate_state.people.may_decide(person));
  const auto waiting = gate_state.observations_waiting.find(agent);
  if (waiting == gate_state.observations_waiting.end() || waiting->second.digest() != digest ||
      gate_state.log.now() >= waiting->second.until) {
    return fail(ErrorKind::missing,
                "no such observation of `" + escape_untrusted(agent) + "` waits");
  }
  const auto seq = gate_state.log.append(
      PinAccepted{std::string(policy_pin_server), observation_pin_name(agent), digest, person});
  PAWL_TRY(seq);
  begin_observation(gate_state, Observation(waiting->second));
  return {};
}

}  // namespace pawl
