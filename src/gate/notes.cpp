#include "gate/notes.h"

#include <cstddef>
#include <utility>

#include "base/text.h"
#include "gate/gate.h"

namespace pawl {

namespace {

constexpr std::size_t note_bytes_max = 1024;
constexpr Duration minute = Duration::seconds(60);
// Where notes of runs that nobody knows any more are counted; no run is called so.
constexpr std::string_view run_unknown = "?";

// Never 0, which is no minute.
std::int64_t minute_of(const GateState& gate_state) {
  return gate_state.clock.boot().ns / minute.ns + 1;
}

Noted noted(const std::string& run, const std::string& topic, const std::string& text) {
  return {run, topic, escape_untrusted(text.substr(0, note_bytes_max))};
}

void write_refusals_later(GateState& gate_state, const std::string& topic) {
  gate_state.timers.at(
      gate_state.clock.boot() + minute, topic,
      [&gate_state](const std::string& name) { pawl::write_refusals(gate_state, name); });
}

}  // namespace

Status Gate::note(const std::string& run, const std::string& topic, const std::string& text) {
  GateState& gate_state = *gate_state_;
  const bool known = run.empty() || gate_state.state.run(run) != nullptr;
  auto& [in_minute, count] = gate_state.notes[known ? run : std::string(run_unknown)];
  const std::int64_t now = minute_of(gate_state);
  if (std::exchange(in_minute, now) != now) count = 0;
  if (++count > gate_state.limits.notes_per_minute_max) {
    return fail(ErrorKind::refused, "too many notes of one run in one minute");
  }
  const auto seq = gate_state.log.append(noted(run, topic, text));
  return seq ? Status{} : std::unexpected(seq.error());
}

void Gate::note_refusal(const std::string& topic, const std::string& text) {
  GateState& gate_state = *gate_state_;
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

void Gate::write_refusals() {
  for (const auto& [topic, refusals] : gate_state_->refusals)
    pawl::write_refusals(*gate_state_, topic);
}

void write_refusals(GateState& gate_state, const std::string& topic) {
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

}  // namespace pawl
