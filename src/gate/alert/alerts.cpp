#include "gate/alert/alerts.h"

#include "gate/state/gate_state.h"

#include <cstddef>
#include <utility>

#include "base/text.h"
#include "gate/alert/escalation.h"

namespace pawl {

namespace {

constexpr std::size_t note_bytes_max = 1024;
constexpr Duration minute = Duration::seconds(60);
// Where notes of forgotten runs are counted; no run is called so.
constexpr std::string_view run_unknown = "?";

// Never 0, which is no minute.
std::int64_t minute_of(const GateState& gate_state) {
  return gate_state.clock.boot().ns / minute.ns + 1;
}

Noted noted(const std::string& run, const std::string& topic, const std::string& text) {
  return {run, topic, escape_untrusted(text.substr(0, note_bytes_max))};
}

void write_refusals_of(GateState& gate_state, const std::string& topic);

void write_refusals_later(GateState& gate_state, const std::string& topic) {
  gate_state.timers.at(
      gate_state.clock.boot() + minute, topic,
      [&gate_state](const std::string& name) { write_refusals_of(gate_state, name); });
}

// How many refusals of this topic were only counted.
void write_refusals_of(GateState& gate_state, const std::string& topic) {
  const auto known = gate_state.refusals.find(topic);
  if (known == gate_state.refusals.end() || known->second.counted == 0) return;
  const std::string many = std::to_string(known->second.counted);
  if (gate_state.log.append(noted({}, topic, many + " more, which are only counted"))) {
    known->second.counted = 0;
    return;
  }
  // No room now: they are kept, and written with those of the next minute.
  write_refusals_later(gate_state, topic);
}

}  // namespace

Alerts::Alerts(GateState& gate_state) : gate_state_(gate_state) {}

Status Alerts::note(const std::string& run, const std::string& topic, const std::string& text) {
  GateState& gate_state = gate_state_;
  const bool known = run.empty() || gate_state.state.run(run) != nullptr;
  auto& [in_minute, count] = gate_state.notes[known ? run : std::string(run_unknown)];
  const std::int64_t now = minute_of(gate_state);
  if (std::exchange(in_minute, now) != now) count = 0;
  if (++count > gate_state.limits.notes_per_minute_max) {
    return fail(ErrorKind::refused, "too many notes of one run in one minute");
  }
  const auto seq = gate_state.log.append(noted(run, topic, text));
  PAWL_TRY(seq);
  return {};
}

void Alerts::note_refusal(const std::string& topic, const std::string& text) {
  GateState& gate_state = gate_state_;
  Refusals& refusals = gate_state.refusals[topic];
  const std::int64_t now = minute_of(gate_state);
  if (std::exchange(refusals.minute, now) != now) refusals.written = 0;
  if (refusals.written < gate_state.limits.refusals_per_minute_max &&
      gate_state.log.append(noted({}, topic, text))) {
    ++refusals.written;
    return;
  }
  if (refusals.counted++ > 0) return;
  write_refusals_later(gate_state, topic);
}

void Alerts::write_refusals() {
  for (const auto& [topic, refusals] : gate_state_.refusals) write_refusals_of(gate_state_, topic);
}

void Alerts::set_contacts(std::vector<Contact> contacts, Duration acknowledge_within) {
  gate_state_.contacts = std::move(contacts);
  gate_state_.acknowledge_within = acknowledge_within;
}

void Alerts::escalate(const std::string& run, const std::string& event,
                      const std::string& sentence) {
  alert_people(gate_state_, run, event, sentence);
}

bool Alerts::escalations_full() const {
  return pawl::escalations_full(gate_state_.state);
}

Status Alerts::escalated(const Escalated& told) {
  const auto seq = gate_state_.log.append(told);
  if (told.failed && !told.escalation.empty()) {
    gate_state_.hurried.insert(told.escalation);
    gate_state_.timers.later(
        [gate_state = &gate_state_, id = told.escalation] { take_due_steps(*gate_state, id); });
  }
  PAWL_TRY(seq);
  return {};
}

Status Alerts::acknowledge(const std::string& escalation, const std::string& person,
                           const std::string& proof, bool resolved) {
  if (person.empty() || proof.empty()) {
    return fail(ErrorKind::refused, "an acknowledgement needs a proven person");
  }
  PAWL_TRY(gate_state_.people.may_decide(person));
  const auto found = gate_state_.state.escalations().find(escalation);
  if (found == gate_state_.state.escalations().end()) {
    return fail(ErrorKind::missing,
                "there is no escalation `" + escape_untrusted(escalation) + "`");
  }
  if (!resolved && found->second.phase == Escalation::Phase::acknowledged) {
    return fail(ErrorKind::refused,
                "`" + escape_untrusted(found->second.person) + "` acknowledged it already");
  }
  const EscalationOpened opened = found->second.opened;
  const std::string how = resolved ? "resolved" : "acknowledged";
  const auto seq = gate_state_.log.append(EscalationChanged{escalation, how, person, proof},
                                          {.urgency = Urgency::reserve});
  PAWL_TRY(seq);
  gate_state_.journal.request_sync(*seq);
  gate_state_.steps_taken.erase(escalation);
  gate_state_.hurried.erase(escalation);
  gate_state_.notifier.changed(opened, how);
  return {};
}

Status Alerts::drilled(const Drilled& drill) {
  const auto seq = gate_state_.log.append(drill);
  PAWL_TRY(seq);
  gate_state_.journal.request_sync(*seq);
  return {};
}

}  // namespace pawl
