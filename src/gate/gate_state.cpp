#include "gate/gate_state.h"
#include "gate/origins.h"

#include <utility>

#include "base/id.h"
#include "gate/escalation.h"
#include "gate/flood.h"
#include "gate/hold.h"
#include "gate/near.h"
#include "gate/notes.h"
#include "gate/runs.h"

namespace pawl {

namespace {

constexpr Duration disk_look_every = Duration::seconds(1);

}  // namespace

GateState::GateState(State state_in, Journal& journal_in, Clock& clock_in, Executor& executor_in,
                     Notifier& notifier_in, std::function<std::string(std::size_t)> random_in,
                     GateLimits limits_in)
    : state(std::move(state_in)),
      journal(journal_in),
      clock(clock_in),
      executor(executor_in),
      notifier(notifier_in),
      random(std::move(random_in)),
      limits(limits_in),
      timers(clock_in, executor_in,
             [this](TimerKind what, const std::string& subject) { due(what, subject); }),
      alive_(std::make_shared<char>()),
      snapshot_size_(journal_in.recovery().from_snapshot) {}

Result<std::uint64_t> GateState::append(Body body, const Writing& how) {
  if (!broken_.empty()) return fail(ErrorKind::internal, broken_);
  const Record record{journal.next(), how.at ? *how.at : now(), clock.boot().ns, std::move(body)};
  const auto seq = journal.append(to_json(record), how.payloads, how.urgency);
  watch_disk();
  if (!seq) {
    hear_of_fault();
    return seq;
  }
  if (Status applied = state.apply(record); !applied) {
    broken_ = "the state refused a record of its own: " + applied.error().message;
    hear_of_fault();
    return fail(ErrorKind::internal, broken_);
  }
  tell(record);
  snapshot_when_due();
  return seq;
}

void GateState::tell(const Record& record) {
  bool gone = false;
  for (const auto& one : told) {
    const auto listener = one.lock();
    if (listener) (*listener)(record);
    gone |= !listener;
  }
  if (gone) std::erase_if(told, [](const auto& one) { return one.expired(); });
}

Instant GateState::now() const {
  const std::int64_t ns = clock.now().ns;
  return {ns - ns % 1000};
}

std::string GateState::fault() const {
  if (!broken_.empty()) return broken_;
  if (journal.failed()) return "the journal cannot be written: " + journal.failure();
  if (journal.full()) return "the disk of the journal is full";
  return {};
}

// Once for each time that nothing is granted any more.
void GateState::hear_of_fault() {
  if (fault().empty() || std::exchange(fault_told_, true)) return;
  later([this] {
    const std::string why = fault();
    if (!why.empty()) alert_people(*this, {}, "audit_failure", "nothing is granted: " + why);
  });
}

bool GateState::clock_suspect() const {
  const Duration drift = clock.drift();
  return drift > limits.drift_max || Duration{-drift.ns} > limits.drift_max;
}

void GateState::later(std::function<void()> work) {
  executor.post([alive = std::weak_ptr<char>(alive_), work = std::move(work)] {
    if (!alive.expired()) work();
  });
}

GateRun* GateState::run(std::string_view id) {
  const auto known = runs.find(id);
  if (known != runs.end()) return &known->second;
  const Run* opened = state.run(id);
  if (opened == nullptr) return nullptr;
  std::shared_ptr<PolicyInUse> policy = policies.find(opened->policy);
  if (!policy) policy = reload_policy(*this, opened->policy);
  if (!policy) return nullptr;
  GateRun& made = runs[std::string(id)];
  made.policy = std::move(policy);
  made.origins = origins_for(made.policy->policy());
  made.left = clock.boot();
  for (const auto& [asked, approval] : state.approvals()) {
    if (approval.phase == ApprovalPhase::rejected && approval.asked.run == id) {
      remember_rejection(*this, made, approval);
    }
  }
  return &made;
}

std::string GateState::new_id(std::string_view prefix) {
  std::string id;
  do {
    id = make_id(prefix, random(5));
  } while (state.run(id) != nullptr || state.approval(id) != nullptr);
  return id;
}

// The sequence number of its first record, spelled like every id: never twice in one journal.
std::string GateState::call_id() const {
  const std::uint64_t seq = journal.next();
  std::string bytes;
  for (int shift = 32; shift >= 0; shift -= 8) bytes += static_cast<char>(seq >> shift & 0xff);
  return make_id("c", bytes);
}

void GateState::due(TimerKind what, const std::string& subject) {
  switch (what) {
    case TimerKind::expire:
      return expire(*this, subject);
    case TimerKind::patience:
      return keep_patient(*this, subject);
    case TimerKind::count_denials: {
      write_counts(*this, subject);
      const Run* run = state.run(subject);
      if (run == nullptr || run->phase == RunPhase::closed) forget_run(*this, subject);
      return;
    }
    case TimerKind::idle:
      return close_idle(*this, subject);
    case TimerKind::make_room:
      return look_at_disk();
    case TimerKind::climb:
      return climb(*this, subject);
    case TimerKind::observe:
      return end_observations(*this);
    case TimerKind::count_refusals:
      return write_refusals(*this, subject);
  }
}

void GateState::watch_disk() {
  if (watching_disk_ || !journal.full() || journal.failed()) return;
  watching_disk_ = true;
  timers.at(clock.boot() + disk_look_every, TimerKind::make_room, {});
}

void GateState::look_at_disk() {
  watching_disk_ = false;
  if (journal.full()) (void)journal.make_room();
  if (fault().empty()) fault_told_ = false;
  watch_disk();
}

void GateState::snapshot_when_due() {
  if (snapshot_planned_ || journal.next() - snapshot_size_ < limits.snapshot_records) return;
  snapshot_planned_ = true;
  later([this] { snapshot(); });
}

// A snapshot only saves time at the next start: when it cannot be written, nothing is lost.
void GateState::snapshot() {
  snapshot_planned_ = false;
  snapshot_size_ = journal.next();
  if (!fault().empty()) return;
  const auto written = journal.snapshot(state.to_json());
  if (!written) return;
  (void)append(SnapshotTaken{to_string(written->digest), written->size});
}

}  // namespace pawl
