#include "gate/alert/escalation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

constexpr std::size_t sentence_bytes_max = 1024;

// Those of the run's policy; where it names no contact, or nothing runs, the deployment's.
std::vector<LadderContact> contacts_of(GateState& gate_state, const std::string& run) {
  std::vector<LadderContact> named;
  const GateRun* known = run.empty() ? nullptr : run_of(gate_state, run);
  if (known != nullptr) {
    const Policy& policy = known->policy->policy();
    if (!policy.ceilings.notify.empty()) {
      named.push_back({policy.ceilings.notify, policy.ceilings.notify, {}});
    }
    for (const Contact& one : policy.contacts) named.push_back({one.name, one.via, one.after});
  }
  if (named.empty()) {
    for (const Contact& one : gate_state.contacts) named.push_back({one.name, one.via, one.after});
  }
  // In the order of their times, and as they are written where these are equal.
  std::vector<LadderContact> sorted;
  for (LadderContact& one : named) {
    const auto place = std::ranges::upper_bound(sorted, one.after, {}, &LadderContact::after);
    sorted.insert(place, std::move(one));
  }
  return sorted;
}

// Others are told and that is all.
bool must_be_acknowledged(const std::string& event) {
  return event != "notify" && event != "policy_changed" && event != "deployment_changed";
}

bool already_open(const State& state, const std::string& run, const std::string& event,
                  const std::string& why) {
  return std::ranges::any_of(state.escalations(), [&](const auto& entry) {
    const Escalation& one = entry.second;
    return one.phase != Escalation::Phase::acknowledged && one.opened.run == run &&
           one.opened.event == event && (!run.empty() || one.opened.why == why);
  });
}

// Nothing can be written, so no escalation can be kept: everybody hears of it now.
void tell_all(GateState& gate_state, const EscalationOpened& opened, bool at_once_only) {
  if (opened.contacts.empty()) return;
  const Duration first = opened.contacts.front().after;
  for (const LadderContact& contact : opened.contacts) {
    if (at_once_only && contact.after > first) continue;
    gate_state.notifier.tell({{}, opened.run, opened.event, opened.why, contact, 0});
  }
}

// Hundreds wait for a person: what comes now has no escalation, and is a record all the same, and
// all its contacts hear of it. Once each, while there is no room.
void tell_without_escalation(GateState& gate_state, const EscalationOpened& opened) {
  constexpr std::size_t kept_max = 1024;
  const std::string& of_it = opened.run.empty() ? opened.why : opened.run;
  const std::string what = of_it + "\n" + opened.event;
  auto& told = gate_state.told_without_escalation;
  if (told.size() >= kept_max || !told.insert(what).second) return;
  (void)gate_state.log.append(
      Noted{opened.run, "escalation without contacts", opened.event + ": " + opened.why},
      {.urgency = Urgency::reserve});
  tell_all(gate_state, opened, false);
}

}  // namespace

bool escalations_full(const State& state) {
  const auto answered = [](const auto& entry) {
    return entry.second.phase == Escalation::Phase::acknowledged;
  };
  return state.escalations().size() >= escalations_max &&
         std::ranges::none_of(state.escalations(), answered);
}

void alert_people(GateState& gate_state, const std::string& run, const std::string& event,
                  const std::string& sentence, const std::string& about) {
  gate_state.notifier.escalate(run, event, sentence);
  EscalationOpened opened;
  opened.contacts = contacts_of(gate_state, run);
  opened.run = run;
  opened.event = event;
  opened.why = escape_untrusted(sentence.substr(0, sentence_bytes_max));
  opened.about = about;
  if (!must_be_acknowledged(event)) return tell_all(gate_state, opened, true);
  if (already_open(gate_state.state, run, event, opened.why)) return;
  opened.escalation = new_id(gate_state, "e");
  // Also without a contact: it waits until a person looks, and is unanswered at its end.
  const Duration last = opened.contacts.empty() ? Duration{} : opened.contacts.back().after;
  opened.ends = gate_state.log.now() + last + gate_state.acknowledge_within;
  if (escalations_full(gate_state.state)) return tell_without_escalation(gate_state, opened);
  gate_state.told_without_escalation.clear();
  const std::string id = opened.escalation;
  const auto seq = gate_state.log.append(opened, {.urgency = Urgency::reserve});
  if (!seq) return tell_all(gate_state, opened, false);
  gate_state.journal.request_sync(*seq);
  // In a later turn: the caller is in the middle of something.
  gate_state.timers.later([&gate_state, id] { take_due_steps(gate_state, id); });
}

void take_due_steps(GateState& gate_state, const std::string& id) {
  const auto found = gate_state.state.escalations().find(id);
  if (found == gate_state.state.escalations().end() ||
      found->second.phase != Escalation::Phase::open) {
    gate_state.steps_taken.erase(id);
    gate_state.hurried.erase(id);
    return;
  }
  const Escalation escalation = found->second;  // telling may change what is there
  const EscalationOpened& opened = escalation.opened;
  const Instant now = gate_state.clock.now();
  std::uint32_t next = std::max(gate_state.steps_taken[id], escalation.told);
  bool hurry = gate_state.hurried.erase(id) > 0;
  while (next < opened.contacts.size()) {
    const LadderContact& contact = opened.contacts[next];
    if (!std::exchange(hurry, false) && now < escalation.at + contact.after) break;
    gate_state.steps_taken[id] = ++next;
    gate_state.notifier.tell({id, opened.run, opened.event, opened.why, contact, next});
  }
  const Instant due =
      next < opened.contacts.size() ? escalation.at + opened.contacts[next].after : opened.ends;
  if (now < due) {
    return gate_state.timers.at(
        gate_state.clock.boot() + Duration{(due - now).ns}, id,
        [&gate_state](const std::string& escalation) { take_due_steps(gate_state, escalation); });
  }
  const auto seq = gate_state.log.append(EscalationChanged{id, "unanswered", {}, {}},
                                         {.urgency = Urgency::reserve});
  if (seq) gate_state.journal.request_sync(*seq);
  gate_state.notifier.escalate(
      opened.run, "unanswered",
      "no one acknowledged the escalation " + id + " (" + opened.event + ")");
}

void resume_escalations(GateState& gate_state) {
  std::vector<std::string> open;
  for (const auto& [id, escalation] : gate_state.state.escalations()) {
    if (escalation.phase == Escalation::Phase::open) open.push_back(id);
  }
  for (const std::string& id : open)
    gate_state.timers.later([&gate_state, id] { take_due_steps(gate_state, id); });
}

}  // namespace pawl
