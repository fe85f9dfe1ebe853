#include "gate/run/runs.h"

#include "gate/state/gate_state.h"

#include <utility>

#include "base/text.h"
#include "gate/approval/lifecycle.h"
#include "gate/run/denial_throttle.h"
#include "gate/run/policy_change.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

// An open run that a halt of the same agent and sponsor keeps from doing anything: a client that
// starts again and again gets this one, and fills no journal with runs.
const Run* stopped_run(const State& state, const Run& halted, const std::string& digest) {
  if (halted.policy == digest && halted.phase != RunPhase::closed) return &halted;
  for (const auto& [id, run] : state.runs()) {
    if (run.phase != RunPhase::closed && run.agent == halted.agent &&
        run.sponsor == halted.sponsor && run.policy == digest) {
      return &run;
    }
  }
  return nullptr;
}

Result<std::string> join(GateState& gate_state, const Run& run, const RunRequest& request,
                         const std::string& digest) {
  if (run.agent != request.policy->agent || run.sponsor != request.sponsor) {
    return fail(ErrorKind::refused, "the run `" + run.id + "` belongs to another agent or sponsor");
  }
  GateRun* known = run_of(gate_state, run.id);
  const bool keeps = request.keeps_policy && known != nullptr && run.policy != digest &&
                     !laxer_than(gate_state, run.policy, *request.policy).empty();
  if (!keeps) {
    PAWL_TRY(tighten(gate_state, run, request.policy, digest));
    std::shared_ptr<PolicyInUse> policy = gate_state.policies.keep(request.policy);
    known = run_of(gate_state, run.id);
    if (known == nullptr)
      return fail(ErrorKind::internal, "the run `" + run.id + "` has no policy");
    known->policy = std::move(policy);
  }
  ++known->joined;
  return run.id;
}

// New conversations must not be a way to fresh counters in any number (threats R05).
Status check_rate(GateState& gate_state, const std::string& agent) {
  const Instant since{gate_state.log.now().ns - Duration::seconds(60).ns};
  std::uint32_t fresh = 0;
  for (const auto& [id, run] : gate_state.state.runs()) {
    if (run.agent == agent && run.opened > since) ++fresh;
  }
  if (fresh < gate_state.limits.runs_per_minute_max) return {};
  return fail(ErrorKind::refused, "ceiling: `" + escape_untrusted(agent) + "` opened " +
                                      std::to_string(fresh) +
                                      " runs within a minute, and may open " +
                                      std::to_string(gate_state.limits.runs_per_minute_max));
}

// `role` is the policy that people accept; the request has what the run makes of it.
Result<std::string> open_new(GateState& gate_state, const RunRequest& request,
                             const std::string& digest, const std::shared_ptr<const Policy>& role) {
  const Policy& policy = *request.policy;
  if (const std::string fault = gate_state.log.fault(); !fault.empty()) {
    return fail(ErrorKind::environment, "no run can begin: " + fault);
  }
  PAWL_TRY(check_rate(gate_state, policy.agent));
  PAWL_TRY(accept_or_refuse(gate_state, role, to_string(role->digest), request.vouched));
  // Beside what goes on, a laxer file still waits.
  if (!request.keeps_policy) gate_state.waiting_policies.erase(policy.agent);
  PAWL_TRY(record_policy(gate_state, policy, digest));
  const auto payload_key = gate_state.journal.new_payload_key();
  if (!payload_key) {
    return fail(payload_key.error().fault, "no run can begin: " + payload_key.error().message);
  }
  RunOpened opened{.run = new_id(gate_state, "r"),
                   .key = request.key,
                   .agent = policy.agent,
                   .identity = policy.identity,
                   .sponsor = request.sponsor,
                   .policy = digest,
                   .client = request.client,
                   .task = request.task.empty() ? std::string() : to_string(sha256(request.task)),
                   .caller = request.caller,
                   .payload_key = *payload_key};
  const std::string id = opened.run;
  PAWL_TRY(gate_state.log.append(std::move(opened)));
  return join(gate_state, *gate_state.state.run(id), request, digest);
}

}  // namespace

namespace {

// The run is closed if it had no connection for `idle_close`; else it is looked at again.
void close_idle(GateState& gate_state, const std::string& id) {
  const Run* run = gate_state.state.run(id);
  if (run == nullptr || run->phase == RunPhase::closed) return;
  const auto known = gate_state.runs.find(id);  // no connection in this life of the node: no entry
  if (known != gate_state.runs.end()) {
    const GateRun& here = known->second;
    if (here.joined > 0) return;  // the last one that leaves sets the timer again
    const Duration due = here.left + gate_state.limits.idle_close;
    if (gate_state.clock.boot() < due) return close_when_idle(gate_state, id, due);
  }
  const Duration next = gate_state.clock.boot() + gate_state.limits.idle_close;
  if (run->live > 0 || (known != gate_state.runs.end() && !known->second.live.empty())) {
    return close_when_idle(gate_state, id, next);
  }
  write_counts(gate_state, id);
  const auto closed = gate_state.log.append(RunClosed{
      id, "its last connection has been gone for " + to_string(gate_state.limits.idle_close)});
  // On a full disk the run stays open, and what is known about it stays known.
  if (!closed) return close_when_idle(gate_state, id, next);
  forget_run(gate_state, id);
}

}  // namespace

void close_when_idle(GateState& gate_state, const std::string& run, Duration boot) {
  gate_state.timers.at(boot, run,
                       [&gate_state](const std::string& id) { close_idle(gate_state, id); });
}

void forget_run(GateState& gate_state, const std::string& id) {
  const auto known = gate_state.runs.find(id);
  gate_state.notes.erase(id);
  if (known == gate_state.runs.end() || !known->second.live.empty()) return;
  // Refusals that a full disk has no room for are counted when it has.
  const bool uncounted = !known->second.counted.empty() && gate_state.state.run(id) != nullptr;
  if (!uncounted) gate_state.runs.erase(known);
}

namespace {

// Under whatever account the person started the run that is halted: accounts may have been written
// into the deployment file since.
const Run* halt_of_person(const GateState& gate_state, std::string_view agent,
                          std::string_view sponsor) {
  if (const Run* halted = gate_state.state.halt_of(agent, sponsor)) return halted;
  const auto person_of = [&gate_state](std::string_view name) {
    return fold(gate_state.people.person_of(name));
  };
  const std::string person = person_of(sponsor);
  for (const std::string& other : gate_state.state.halted_sponsors(agent)) {
    if (!other.empty() && person_of(other) == person) return gate_state.state.halt_of(agent, other);
  }
  return nullptr;
}

}  // namespace

Runs::Runs(GateState& gate_state) : gate_state_(gate_state) {}

Result<std::string> Runs::open(const RunRequest& request) {
  if (!request.policy || request.key.empty()) {
    return fail(ErrorKind::invalid, "a run needs a policy and a key");
  }
  const State& known = gate_state_.state;
  const Run* same = known.run_by_key(request.key);
  const bool joins = same != nullptr && same->phase != RunPhase::closed;
  RunRequest narrow = request;
  // An open run keeps the name that it was opened with.
  const bool named_so = joins && same->sponsor == request.sponsor;
  if (!named_so) narrow.sponsor = std::string(gate_state_.people.person_of(request.sponsor));
  if (joins) {
    // A second server of the client, or one that came back: the run's own task holds for it too.
    const GateRun* here = run_of(gate_state_, same->id);
    const std::string task = here == nullptr ? std::string() : here->policy->policy().task;
    if (!request.task.empty() && request.task != task) {
      return fail(ErrorKind::refused,
                  "the run `" + same->id + "` was opened with another task, and keeps it");
    }
    narrow.task = task;
  }
  auto policy = narrowed(request.policy, narrow.task, narrow.task_file);
  PAWL_TRY(policy);
  narrow.policy = *policy;
  const std::string digest = to_string(narrow.policy->digest);
  if (joins) return join(gate_state_, *same, narrow, digest);
  if (const Run* halted = halt_of_person(gate_state_, request.policy->agent, narrow.sponsor)) {
    if (const Run* stopped = stopped_run(known, *halted, digest)) {
      return join(gate_state_, *stopped, narrow, digest);
    }
  }
  return open_new(gate_state_, narrow, digest, request.policy);
}

void Runs::leave(const std::string& id) {
  const auto known = gate_state_.runs.find(id);
  if (known == gate_state_.runs.end() || known->second.joined == 0) return;
  if (--known->second.joined > 0) return;
  known->second.left = gate_state_.clock.boot();
  close_when_idle(gate_state_, id, known->second.left + gate_state_.limits.idle_close);
}

Status Runs::close(const std::string& id, const std::string& why) {
  const Run* run = gate_state_.state.run(id);
  if (run == nullptr)
    return fail(ErrorKind::missing, "there is no run `" + escape_untrusted(id) + "`");
  if (run->phase == RunPhase::closed) return {};
  write_counts(gate_state_, id);
  const auto before = usable_questions(gate_state_.state);
  const auto seq = gate_state_.log.append(RunClosed{id, why}, {.urgency = Urgency::reserve});
  PAWL_TRY(seq);
  (void)end_withdrawn(gate_state_, before);
  forget_run(gate_state_, id);
  return {};
}

std::shared_ptr<const Policy> Runs::policy_of(const std::string& id) const {
  const GateRun* known = run_of(gate_state_, id);
  return known == nullptr ? nullptr : known->policy->shared();
}

}  // namespace pawl
