#include "gate/observe.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "gate/gate_state.h"
#include "gate/people.h"

namespace pawl {

namespace {

// Whoever reads the journal finds each time in which a role was not enforced, and why.
void note_observation(GateState& desk, const std::string& agent, const std::string& what) {
  (void)desk.append(Noted{{}, "observe", "`" + escape_untrusted(agent) + "` " + what},
                    {.urgency = Urgency::reserve});
}

void begin_observation(GateState& desk, const Observation& what) {
  const Instant now = desk.now();
  const Duration left = what.until - now;
  const auto before = desk.observing.find(what.agent);
  const std::uint64_t passed = before == desk.observing.end() ? 0 : before->second.passed;
  desk.observing[what.agent] = {what, desk.clock.boot() + left, passed};
  desk.observations_waiting.erase(what.agent);
  desk.agenda.at(desk.clock.boot() + left, Errand::observe, what.agent);
  const std::string sentence =
      "is watched and not stopped until " + to_string(what.until) + ": " + escape_untrusted(what.reason);
  note_observation(desk, what.agent, sentence);
  desk.herald.escalate({}, "observe", "`" + escape_untrusted(what.agent) + "` " + sentence);
}

// Rule 14: it loosens. What a person accepted counts; for an agent that nobody ran so far there is
// nothing that it could loosen; and an end that comes sooner is stricter.
bool counts_at_once(GateState& desk, const Observation& what) {
  const Pin* accepted = desk.state.pin(policy_pin_server, observation_pin_name(what.agent));
  if (accepted != nullptr && accepted->digest == what.digest()) return true;
  const bool first = accepted == nullptr &&
                     desk.state.pin(policy_pin_server, policy_pin_name(what.agent)) == nullptr;
  const auto now = desk.observing.find(what.agent);
  const bool sooner = now != desk.observing.end() && what.until <= now->second.what.until;
  if (!first && !sooner) return false;
  return desk
      .append(PinAccepted{
          std::string(policy_pin_server), observation_pin_name(what.agent), what.digest(), {}})
      .has_value();
}

void wait_for_person(GateState& desk, const Observation& what) {
  const auto known = desk.observations_waiting.find(what.agent);
  if (known != desk.observations_waiting.end() && known->second == what) return;
  desk.observations_waiting[what.agent] = what;
  const std::string sentence = "is to be watched and not stopped until " + to_string(what.until) +
                               ": " + escape_untrusted(what.reason) +
                               "; it is enforced until a reviewer accepts that (`pawl accept " +
                               "--observe " + escape_untrusted(what.agent) + "`)";
  note_observation(desk, what.agent, sentence);
  desk.herald.escalate({}, "observe", "`" + escape_untrusted(what.agent) + "` " + sentence);
}

bool over(const GateState& desk, const ObservationInUse& one) {
  return desk.now() >= one.what.until || desk.clock.boot() >= one.ends;
}

}  // namespace

std::string observation_pin_name(std::string_view agent) {
  return "observe/" + std::string(agent);
}

std::string Observation::digest() const {
  return to_string(sha256({"pawl observation v1\n", agent, "\n", to_string(until), "\n", reason}));
}

Enforcement enforcement(const GateState& desk, std::string_view agent) {
  if (desk.observing.empty()) return Enforcement::enforced;
  const auto found = desk.observing.find(agent);
  const bool watched = found != desk.observing.end() && !over(desk, found->second);
  return watched ? Enforcement::watched : Enforcement::enforced;
}

void count_passed(GateState& desk, std::string_view agent) {
  const auto found = desk.observing.find(agent);
  if (found != desk.observing.end()) ++found->second.passed;
}

void end_observations(GateState& desk) {
  std::vector<std::string> ended;
  for (const auto& [agent, one] : desk.observing) {
    if (over(desk, one)) ended.push_back(agent);
  }
  for (const std::string& agent : ended) {
    desk.observing.erase(agent);
    note_observation(desk, agent, "is enforced again: its time is over");
    desk.herald.escalate({}, "observe", "`" + escape_untrusted(agent) + "` is enforced again");
  }
}

void Gate::set_observations(const std::vector<Observation>& observations) {
  GateState& desk = *desk_;
  end_observations(desk);
  const auto named = [&observations](const std::string& agent) {
    return std::ranges::find(observations, agent, &Observation::agent) != observations.end();
  };
  std::vector<std::string> gone;
  for (const auto& [agent, one] : desk.observing) {
    if (!named(agent)) gone.push_back(agent);
  }
  for (const std::string& agent : gone) {
    desk.observing.erase(agent);
    note_observation(desk, agent, "is enforced again: nobody asks to watch it any more");
  }
  std::erase_if(desk.observations_waiting, [&](const auto& one) { return !named(one.first); });
  for (const Observation& what : observations) {
    if (desk.now() >= what.until) continue;
    const auto known = desk.observing.find(what.agent);
    if (known != desk.observing.end() && known->second.what == what) {
      desk.observations_waiting.erase(what.agent);
    } else if (counts_at_once(desk, what)) {
      begin_observation(desk, what);
    } else {
      wait_for_person(desk, what);
    }
  }
}

std::vector<ObservationNow> Gate::observations() const {
  std::vector<ObservationNow> out;
  for (const auto& [agent, one] : desk_->observing) {
    if (!over(*desk_, one)) out.push_back({one.what, false, one.passed});
  }
  for (const auto& [agent, what] : desk_->observations_waiting) {
    if (desk_->now() < what.until) out.push_back({what, true, 0});
  }
  return out;
}

bool Gate::watched(const std::string& run) const {
  const Run* known = desk_->state.run(run);
  return known != nullptr && enforcement(*desk_, known->agent) == Enforcement::watched;
}

Status Gate::accept_observation(const std::string& agent, const std::string& digest,
                                const std::string& person) {
  GateState& desk = *desk_;
  if (Status may = may_decide(desk, person); !may) return may;
  const auto waiting = desk.observations_waiting.find(agent);
  if (waiting == desk.observations_waiting.end() || waiting->second.digest() != digest ||
      desk.now() >= waiting->second.until) {
    return fail(ErrorKind::missing, "no such observation of `" + escape_untrusted(agent) + "` waits");
  }
  const auto seq = desk.append(
      PinAccepted{std::string(policy_pin_server), observation_pin_name(agent), digest, person});
  if (!seq) return std::unexpected(seq.error());
  begin_observation(desk, Observation(waiting->second));
  return {};
}

}  // namespace pawl
