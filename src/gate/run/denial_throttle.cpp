#include "gate/run/denial_throttle.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "gate/alert/escalation.h"
#include "gate/run/runs.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

constexpr Duration minute = Duration::seconds(60);
constexpr std::uint64_t ahead_first = 16;

std::uint64_t total(const GateRun& run) {
  return std::accumulate(run.counted.begin(), run.counted.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
}

// Of these, the agent's own denials, which `max_denials` counts.
std::uint64_t own_denials(const GateRun& run) {
  std::uint64_t sum = 0;
  for (const auto& [text, count] : run.counted) {
    Code code{};
    if (!parse_code(text, code) || counts_as_denial(code)) sum += count;
  }
  return sum;
}

// The journal says how many refusals may be answered before it counts them: one more fits, or twice
// as many are announced. Where not even that can be written, nothing is granted either.
void announce(GateState& gate_state, const std::string& run, std::uint64_t counted) {
  const Run* known = gate_state.state.run(run);
  if (known == nullptr || counted < known->ahead) return;
  // More than are counted already: on a full disk some were, and could not be announced.
  const std::uint64_t ahead = std::max({ahead_first, 2 * known->ahead, 2 * counted});
  (void)gate_state.log.append(DenialsCounted{.run = run, .code = {}, .count = 0, .ahead = ahead},
                              {.urgency = Urgency::reserve});
}

// So many refusals within a minute are not a slip: the agent looks for what is permitted. Of a
// halted or killed run people have heard already.
void look_for_probing(GateState& gate_state, const std::string& run) {
  const Run* known = gate_state.state.run(run);
  if (known == nullptr || known->phase != RunPhase::open) return;
  gate_state.timers.later([&gate_state, run, agent = known->agent] {
    alert_people(gate_state, run, "probing",
                 "more than " + std::to_string(gate_state.limits.denial_records_max) +
                     " calls of `" + escape_untrusted(agent) + "` were refused within a minute");
  });
}

// In a minute: what was only counted is written, and of a run that is closed nothing is kept.
void count_later(GateState& gate_state, const std::string& run) {
  gate_state.timers.at(gate_state.clock.boot() + minute, run, [&gate_state](const std::string& id) {
    write_counts(gate_state, id);
    const Run* known = gate_state.state.run(id);
    if (known == nullptr || known->phase == RunPhase::closed) forget_run(gate_state, id);
  });
}

}  // namespace

bool written_out(const GateState& gate_state, const Run& run, Instant now) {
  // On a full disk refusals come out of the reserve, which has to last: no new minute begins.
  if (gate_state.journal.full() && run.denial_records >= gate_state.limits.denial_records_max)
    return false;
  return run.denials_written(now) < gate_state.limits.denial_records_max;
}

void count_refusal(GateState& gate_state, GateRun& gate_run, const std::string& run, Code code) {
  announce(gate_state, run, total(gate_run));
  if (gate_run.counted.empty()) {
    look_for_probing(gate_state, run);
    count_later(gate_state, run);
  }
  ++gate_run.counted[std::string(to_string(code))];
}

void settle_counts(GateState& gate_state, GateRun& gate_run, const Run& run) {
  if (gate_run.counted.empty() || run.phase != RunPhase::open) return;
  const Ceilings& ceilings = gate_run.policy->policy().ceilings;
  // A ceiling that is reached already is judged alike with every number above it: a run that cannot
  // halt by itself, under a halt of its agent say, must not write a record for each refusal.
  const auto reaches = [](const std::optional<std::uint64_t>& ceiling, const Count& count,
                          std::uint64_t more) {
    return ceiling && count.total() < *ceiling && count.total() + more >= *ceiling;
  };
  if (reaches(ceilings.steps, run.steps, total(gate_run)) ||
      reaches(ceilings.denials, run.denials, own_denials(gate_run))) {
    write_counts(gate_state, run.id);
  }
}

void write_counts(GateState& gate_state, const std::string& run) {
  const auto known = gate_state.runs.find(run);
  if (known == gate_state.runs.end() || gate_state.state.run(run) == nullptr) return;
  auto& counted = known->second.counted;
  while (!counted.empty()) {
    const auto first = counted.begin();
    const std::uint64_t left = total(known->second) - first->second;
    if (!gate_state.log.append(DenialsCounted{run, first->first, first->second, left})) {
      // No room now: they are kept, and written with those of the next minute.
      return count_later(gate_state, run);
    }
    counted.erase(first);
  }
}

bool quota_spent(const GateState& gate_state, const Run& run, json::View arguments) {
  const std::uint64_t most = gate_state.limits.run_journal_bytes_max;
  const std::uint64_t used = run.journal_bytes + record_charge_bytes;
  // Far from the end it does not matter how long the arguments are.
  if (used + json::ParseLimits{}.bytes_max <= most) return false;
  return used + (arguments.exists() ? json::write(arguments).size() : 0) > most;
}

}  // namespace pawl
