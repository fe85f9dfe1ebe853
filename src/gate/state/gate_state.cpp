#include "gate/state/gate_state.h"

#include <utility>

#include "base/hash.h"
#include "base/id.h"
#include "base/text.h"
#include "gate/state/near_duplicates.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

// A policy that this life of the node has not seen yet, from the payload of its record.
std::shared_ptr<PolicyInUse> reload_policy(GateState& gate_state, std::string_view digest) {
  Digest commitment{};
  if (!parse_spelled(gate_state.state.policy_payload(digest), commitment)) return nullptr;
  const auto payload = gate_state.journal.payload(commitment);
  if (!payload || payload->state != PayloadState::present) return nullptr;
  const Loaded loaded = load_bundle(payload->bytes, "policy");
  if (!loaded.policy || to_string(loaded.policy->digest) != digest) return nullptr;
  return gate_state.policies.keep(loaded.policy);
}

// The sponsor's words are there again after a restart; results of before are not.
RunOrigins origins_for(const Policy& policy, Instant opened) {
  RunOrigins origins(policy.sources);
  origins.add_words(policy.task_words, opened);
  return origins;
}

}  // namespace

GateState::GateState(State state_in, Journal& journal_in, Clock& clock_in, Executor& executor_in,
                     Notifier& notifier_in, std::function<std::string(std::size_t)> random_in,
                     GateLimits limits_in)
    : journal(journal_in),
      clock(clock_in),
      executor(executor_in),
      notifier(notifier_in),
      random(std::move(random_in)),
      limits(limits_in),
      timers(clock_in, executor_in),
      log(std::move(state_in), journal_in, clock_in, timers, limits_in.snapshot_records),
      state(log.state()) {}

PayloadRef payload_of(GateState& gate_state, std::string_view run, std::string_view bytes) {
  const Run* opened = gate_state.state.run(run);
  return {gate_state.journal.commit_to(bytes), bytes,
          opened == nullptr ? no_payload_key : opened->payload_key};
}

std::string mark_of(GateState& gate_state, std::string_view run,
                    std::initializer_list<std::string_view> parts) {
  constexpr std::size_t mark_digits = 32;  // 16 bytes
  const Run* opened = gate_state.state.run(run);
  if (opened == nullptr) return {};
  std::string bytes;
  for (const std::string_view part : parts) {
    bytes += std::to_string(part.size());
    bytes += ' ';
    bytes += part;
  }
  const auto digest = gate_state.journal.mark(opened->payload_key, bytes);
  return digest ? hex(*digest).substr(0, mark_digits) : std::string();
}

bool clock_suspect(const GateState& gate_state) {
  const Duration drift = gate_state.clock.drift();
  const Duration most = gate_state.limits.drift_max;
  return drift > most || Duration{-drift.ns} > most;
}

GateRun* run_of(GateState& gate_state, std::string_view id) {
  const auto known = gate_state.runs.find(id);
  if (known != gate_state.runs.end()) return &known->second;
  const Run* opened = gate_state.state.run(id);
  if (opened == nullptr) return nullptr;
  std::shared_ptr<PolicyInUse> policy = known_policy(gate_state, opened->policy);
  if (!policy) return nullptr;
  GateRun& made = gate_state.runs[std::string(id)];
  made.policy = std::move(policy);
  made.origins = origins_for(made.policy->policy(), opened->opened);
  made.left = gate_state.clock.boot();
  for (const auto& [asked, approval] : gate_state.state.approvals()) {
    if (approval.phase == ApprovalPhase::rejected && approval.asked.run == id) {
      remember_rejection(gate_state, made, approval);
    }
  }
  return &made;
}

std::string new_id(GateState& gate_state, std::string_view prefix) {
  const State& state = gate_state.state;
  std::string id;
  do {
    id = make_id(prefix, gate_state.random(5));
  } while (state.run(id) != nullptr || state.approval(id) != nullptr);
  return id;
}

// The sequence number of its first record, spelled like every id: never twice in one journal.
std::string call_id(const GateState& gate_state) {
  const std::uint64_t seq = gate_state.journal.next();
  std::string bytes;
  for (int shift = 32; shift >= 0; shift -= 8) bytes += static_cast<char>(seq >> shift & 0xff);
  return make_id("c", bytes);
}

std::shared_ptr<PolicyInUse> known_policy(GateState& gate_state, std::string_view digest) {
  std::shared_ptr<PolicyInUse> known = gate_state.policies.find(digest);
  return known ? known : reload_policy(gate_state, digest);
}

Result<std::shared_ptr<const Policy>> narrowed(const std::shared_ptr<const Policy>& policy,
                                               const std::string& task, const std::string& file) {
  if (task.empty()) return policy;
  Loaded loaded = load_task(*policy, task, file.empty() ? "task" : file);
  if (loaded.policy) return loaded.policy;
  if (loaded.errors.empty()) return fail(ErrorKind::invalid, "the task does not load");
  return std::unexpected(std::move(loaded.errors.front()));
}

std::string_view to_string(QuestionNews::Kind kind) {
  switch (kind) {
    case QuestionNews::Kind::passed:
      return "passed";
    case QuestionNews::Kind::replied:
      return "replied";
  }
  return "passed";
}

std::string observation_pin_name(std::string_view agent) {
  return "observe/" + std::string(agent);
}

std::string Observation::digest() const {
  return to_string(sha256({"pawl observation v1\n", agent, "\n", to_string(until), "\n", reason}));
}

}  // namespace pawl
