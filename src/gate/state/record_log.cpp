#include "gate/state/record_log.h"

#include <utility>

namespace pawl {

namespace {

constexpr Duration disk_look_every = Duration::seconds(1);

}  // namespace

RecordLog::RecordLog(State state, Journal& journal, Clock& clock, TimerQueue& timers,
                     std::uint64_t snapshot_records)
    : state_(std::move(state)),
      journal_(journal),
      clock_(clock),
      timers_(timers),
      snapshot_records_(snapshot_records),
      snapshot_size_(journal.recovery().from_snapshot) {}

Result<std::uint64_t> RecordLog::append(Body body, const Writing& how) {
  if (!broken_.empty()) return fail(ErrorKind::internal, broken_);
  const Record record{journal_.next(), how.at ? *how.at : now(), clock_.boot().ns, std::move(body)};
  const auto seq = journal_.append(to_json(record), how.payloads, how.urgency);
  watch_disk();
  if (!seq) {
    hear_of_fault();
    return seq;
  }
  if (Status applied = state_.apply(record); !applied) {
    broken_ = "the state refused a record of its own: " + applied.error().message;
    hear_of_fault();
    return fail(ErrorKind::internal, broken_);
  }
  tell(record);
  snapshot_when_due();
  return seq;
}

std::shared_ptr<void> RecordLog::listen(Listener listener) {
  auto kept = std::make_shared<Listener>(std::move(listener));
  listeners_.push_back(kept);
  return kept;
}

void RecordLog::tell(const Record& record) {
  bool gone = false;
  for (const auto& one : listeners_) {
    const auto listener = one.lock();
    if (listener) (*listener)(record);
    gone |= !listener;
  }
  if (gone) std::erase_if(listeners_, [](const auto& one) { return one.expired(); });
}

Instant RecordLog::now() const {
  const std::int64_t ns = clock_.now().ns;
  return {ns - ns % 1000};
}

std::string RecordLog::fault() const {
  if (!broken_.empty()) return broken_;
  if (journal_.failed()) return "the journal cannot be written: " + journal_.failure();
  if (journal_.full()) return "the disk of the journal is full";
  return {};
}

void RecordLog::hear_of_fault() {
  if (fault().empty() || std::exchange(fault_told_, true)) return;
  timers_.later([this] {
    const std::string why = fault();
    if (!why.empty() && on_fault) on_fault(why);
  });
}

void RecordLog::watch_disk() {
  if (watching_disk_ || !journal_.full() || journal_.failed()) return;
  watching_disk_ = true;
  timers_.at(clock_.boot() + disk_look_every, {}, [this](const std::string&) { look_at_disk(); });
}

void RecordLog::look_at_disk() {
  watching_disk_ = false;
  if (journal_.full()) (void)journal_.make_room();
  if (fault().empty()) fault_told_ = false;
  watch_disk();
}

void RecordLog::snapshot_when_due() {
  if (snapshot_planned_ || journal_.next() - snapshot_size_ < snapshot_records_) return;
  snapshot_planned_ = true;
  timers_.later([this] { snapshot(); });
}

// A snapshot only saves time at the next start: when it cannot be written, nothing is lost.
void RecordLog::snapshot() {
  snapshot_planned_ = false;
  snapshot_size_ = journal_.next();
  if (!fault().empty()) return;
  const auto written = journal_.snapshot(state_.to_json());
  if (!written) return;
  (void)append(SnapshotTaken{to_string(written->digest), written->size});
}

}  // namespace pawl
