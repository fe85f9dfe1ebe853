#include "crash/journal_sim.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "io/journal/verify.h"

namespace pawl::crash {
namespace {

constexpr std::uint64_t reserve_bytes = 1024;
constexpr std::uint64_t ample_bytes = 1ULL << 40;
constexpr std::int64_t sync_delay_ns = journal_sync_delay_max.ns;
constexpr int open_tries_max = 12;

Status taken(const Completion<Status>& done) {
  auto awaiter = done.operator co_await();
  return awaiter.await_resume();
}

}  // namespace

JournalSim::JournalSim(std::uint64_t seed) : random_(seed), disk_(seed ^ 0x5eed) {
  segment_bytes_ = 2048 + random_.below(4) * 2048;
  if (random_.one_in(3)) disk_.set_capacity(24 * 1024 + random_.below(64) * 1024);
}

void JournalSim::must(bool holds, const std::string& what) {
  if (!holds && !wrong_) wrong_ = what;
}

void JournalSim::tell(const std::string& what) const {
  if (std::getenv("PAWL_SIM_TELL") != nullptr) fmt::print(stderr, "{}\n", what);
}

std::optional<std::string> JournalSim::run() {
  const std::uint64_t lives = 2 + random_.below(4);
  for (std::uint64_t life = 0; life < lives && !wrong_; ++life) {
    open(false);
    if (!wrong_ && journal_) play();
    end_life();
  }
  if (!wrong_) {
    disk_.set_faults({});
    disk_.set_capacity(ample_bytes);
    open(true);
    if (journal_) must(journal_->close().has_value(), "the last close fails");
    if (journal_) check_verifier("after the last close");
    journal_.reset();
  }
  reached_.checkpoints += disk_.contents("checkpoint").empty() ? 0 : 1;
  for (const std::string& path : disk_.paths()) reached_.segments += path.ends_with(".seg");
  return wrong_;
}

JournalOptions JournalSim::options() {
  JournalOptions options;
  syncer_ = std::make_shared<SimSyncer::Handle>();
  options.post = [this](std::function<void()> call) { posts_.push_back(std::move(call)); };
  options.syncer = std::make_unique<SimSyncer>(syncer_);
  options.random = [this](std::size_t count) { return random_.bytes(count); };
  options.monotonic = [this] { return Duration{now_ns_}; };
  options.segment_bytes_max = segment_bytes_;
  options.grow_bytes = 512;
  options.reserve_bytes = reserve_bytes;
  options.free_bytes_min = 2048;
  return options;
}

std::string JournalSim::state_of(std::uint64_t size) const {
  std::string all;
  for (std::uint64_t i = 0; i < size; ++i) all += records_[i] + "\n";
  return fmt::format("state of {}: {}", size, hex(sha256(all)));
}

bool JournalSim::try_open(bool faults) {
  if (disk_.off()) disk_.restart();
  posts_.clear();
  faulty_ = faults && random_.one_in(3);
  disk_.set_faults(faulty_ ? Faults{random_.below(60), 5, random_.below(30), random_.below(400)}
                           : Faults{.short_write = random_.below(6)});
  if (faults && random_.one_in(3)) disk_.power_cut_after(1 + random_.below(20));

  std::vector<std::string> found;
  std::uint64_t from = 0;
  JournalReplay replay;
  replay.state = [&](std::string_view state, std::uint64_t size) -> Status {
    from = size;
    must(size <= records_.size() && state == state_of(size), "a snapshot is not what was taken");
    return {};
  };
  replay.record = [&](std::uint64_t seq, std::string_view text) -> Status {
    must(seq == from + found.size(), "a record has a wrong number");
    found.emplace_back(text);
    return {};
  };
  auto opened = Journal::open(disk_, options(), replay);
  tell(fmt::format(
      "open: faults {}, power {}, {}", faulty_, disk_.off() ? "off" : "on",
      opened ? fmt::format("{} records", (*opened)->next()) : to_string(opened.error())));
  if (disk_.off()) {
    ++reached_.cuts_in_recovery;
    last_end_ = End::power_cut;
    return false;
  }
  if (!opened) {
    // A full disk may keep a journal from being made, never from being opened again.
    const Fault fault = opened.error().fault;
    const bool excused =
        (fault == Fault::io && faulty_) || (fault == Fault::environment && !existed_);
    must(excused, "open fails: " + to_string(opened.error()));
    if (fault == Fault::environment) disk_.set_capacity(ample_bytes);
    disk_.kill();
    return false;
  }
  // From here on cuts are the story's.
  disk_.power_cut_after(0);
  journal_ = std::move(*opened);
  reached_.snapshots_used += from > 0;
  reached_.torn_bytes += journal_->recovery().torn_bytes;
  check_recovered(found, from);
  return true;
}

void JournalSim::open(bool calm) {
  for (int tries = 0; !journal_ && !wrong_; ++tries) try_open(!calm && tries < open_tries_max);
  if (wrong_) return;
  existed_ = true;
  const bool faults = faulty_;
  disk_.set_faults({});
  check_verifier("after open");
  check_payloads();
  if (calm) return;
  if (faults) disk_.set_faults({random_.below(200), 5, random_.below(60), 0});
  if (random_.one_in(3)) disk_.power_cut_after(1 + random_.below(150));
}

void JournalSim::check_recovered(const std::vector<std::string>& found, std::uint64_t from) {
  const std::uint64_t size = from + found.size();
  must(size >= durable_, fmt::format("{} records were durable, {} are left", durable_, size));
  if (attempted_ && size == records_.size() + 1) records_.push_back(*attempted_);
  must(size <= records_.size(), "there are more records than were written");
  if (wrong_) return;
  for (std::size_t i = 0; i < found.size(); ++i) {
    must(found[i] == records_[from + i], fmt::format("record {} was changed", from + i));
  }
  if (last_end_ && *last_end_ != End::power_cut) {
    must(size == records_.size(), "a record was lost without a power cut");
  }
  reached_.lost_in_cuts += records_.size() - size;
  records_.resize(size);
  durable_ = size;  // recovery has synced what it found
  must(journal_->synced() == size && journal_->next() == size, "the journal counts wrongly");
  attempted_.reset();
  has_failed_ = false;
  newest_ = {};
  reserve_left_ = 0;
  std::erase_if(payloads_, [&](const auto& payload) { return payload.second.seq >= size; });
}

void JournalSim::check_payloads() {
  for (auto& [digest, stored] : payloads_) {
    auto payload = journal_->payload(digest);
    must(payload.has_value(), "a payload cannot be read");
    if (!payload) return;
    if (payload->state == PayloadState::present) {
      must(stored.erasure != Erasure::done, "an erased payload is back");
      must(payload->bytes == stored.bytes, "a payload was changed");
      stored.erasure = Erasure::none;
    } else {
      must(payload->state == PayloadState::erased && stored.erasure != Erasure::none,
           "a payload is gone");
      stored.erasure = Erasure::done;
    }
  }
}

void JournalSim::check_verifier(const char* when) {
  auto verified = verify_journal(disk_);
  must(verified.has_value(), fmt::format("{}: the verifier cannot read", when));
  if (!verified) return;
  if (!verified->clean()) {
    must(false, fmt::format("{}: {}", when, to_string(verified->findings.front())));
  }
  must(verified->records == records_.size(), fmt::format("{}: the verifier counts {} records, "
                                                         "there are {}",
                                                         when, verified->records, records_.size()));
  must(verified->checkpoint_size <= durable_, "a checkpoint is ahead of what is synced");
}

void JournalSim::play() {
  const std::uint64_t steps = random_.below(80);
  for (std::uint64_t i = 0; i < steps && !wrong_ && !disk_.off(); ++i) {
    step();
    collect();
  }
}

void JournalSim::step() {
  now_ns_ += static_cast<std::int64_t>(random_.below(300)) * 1'000'000;
  switch (random_.below(16)) {
    case 0:
      snapshot();
      break;
    case 1:
      erase();
      break;
    case 2:
    case 3:
    case 4:
      sync();
      break;
    case 5:
    case 6:
      take_posts();
      break;
    case 7:
      append(Urgency::reserve);
      break;
    case 8:
      if (journal_->next() > 0) {
        const std::uint64_t seq = random_.below(journal_->next());
        waiting_.push_back({seq, journal_->durable(seq)});
      }
      break;
    case 9:
      if (random_.one_in(4)) disk_.set_capacity(disk_.used_bytes() + random_.below(4096));
      break;
    case 10:
      if (random_.one_in(4)) disk_.set_capacity(ample_bytes);
      break;
    default:
      append(Urgency::ordinary);
      break;
  }
}

void JournalSim::append(Urgency urgency) {
  std::vector<std::string> bytes;
  std::vector<PayloadRef> refs;
  std::string record = fmt::format("{{\"n\":{},\"x\":\"{}\"", records_.size(), random_.next());
  if (random_.one_in(2)) {
    const std::uint64_t count = 1 + random_.below(2);
    for (std::uint64_t i = 0; i < count; ++i) {
      bytes.push_back(random_.bytes(random_.below(random_.one_in(8) ? 3000 : 200)));
    }
    for (const std::string& one : bytes) {
      refs.push_back({journal_->commit_to(one), one});
      record += fmt::format(",\"p{}\":\"{}\"", refs.size(), refs.back().commitment.text());
    }
  }
  record += fmt::format(",\"t\":\"{}\"}}", std::string(random_.below(400), 'x'));
  if (urgency == Urgency::reserve) refs.clear();

  if (journal_->synced() == journal_->next()) oldest_unsynced_ns_ = now_ns_;
  const auto seq = journal_->append(record, refs, urgency);
  if (seq) {
    must(!has_failed_, "a failed journal took a record");
    must(*seq == records_.size(), "a record has a wrong number");
    ++reached_.records;
    if (!journal_->full()) {
      reserve_left_ = reserve_bytes;
    } else {
      must(urgency == Urgency::reserve, "a full journal took an ordinary record");
      ++reached_.reserve_appends;
      reserve_left_ -= std::min(reserve_left_, Journal::append_bytes(record.size()));
    }
    for (std::size_t i = 0; i < refs.size(); ++i) {
      payloads_[refs[i].commitment.digest] = {bytes[i], *seq, Erasure::none};
    }
    note_append(record, refs);
    records_.push_back(std::move(record));
  } else if (seq.error().fault == Fault::environment) {
    append_full(record, urgency);
  } else {
    must(seq.error().fault == Fault::io && (faulty_ || disk_.off()),
         "append fails: " + to_string(seq.error()));
    must(journal_->failed(), "an append failed, the journal did not");
    if (!has_failed_) attempted_ = record;
    reached_.failures += !has_failed_;
    has_failed_ = true;
  }
}

void JournalSim::append_small() {
  const std::string record = fmt::format("{{\"n\":{}}}", records_.size());
  const auto seq = journal_->append(record);
  if (seq) {
    note_append(record, {});
    records_.push_back(record);
    reserve_left_ = reserve_bytes;
  } else if (seq.error().fault == Fault::io && !has_failed_) {
    attempted_ = record;
  }
}

void JournalSim::note_append(const std::string& record, std::span<const PayloadRef> refs) {
  const auto count = static_cast<std::uint64_t>(std::ranges::count_if(
      disk_.paths(), [](const std::string& path) { return path.ends_with(".seg"); }));
  if (count != newest_.count) newest_ = {.count = count, .known = newest_.count != 0};
  newest_.frames += Journal::append_bytes(record.size());
  for (const PayloadRef& ref : refs) {
    const std::size_t bytes = ref.bytes.size();
    newest_.entries += Journal::append_bytes(1, {&bytes, 1});
  }
}

bool JournalSim::room_for_small() const {
  constexpr std::uint64_t small_bytes_max = 64;
  constexpr std::uint64_t head_bytes_max = 512;
  return newest_.known && newest_.entries <= segment_bytes_ &&
         newest_.frames + head_bytes_max + small_bytes_max <= segment_bytes_;
}

// The disk is full: nothing of the record may be there, and the reserve must hold.
void JournalSim::append_full(const std::string& record, Urgency urgency) {
  ++reached_.full;
  must(journal_->full(), "an append found no room, but the journal is not full");
  must(journal_->next() == records_.size(), "a refused record was counted");
  must(urgency == Urgency::ordinary || Journal::append_bytes(record.size()) > reserve_left_,
       "the reserve did not hold");
  if (random_.one_in(3)) {
    disk_.set_capacity(ample_bytes);
    const Status room = journal_->make_room();
    must((room && !journal_->full()) || faulty_ || disk_.off(), "room came back unnoticed");
  }
}

void JournalSim::sync() {
  if (syncer_->target == nullptr) return;
  const auto due = syncer_->target->due();
  if (!due) return;
  // Records that arrive while a sync is under way are not part of it. One that begins a segment
  // would wait for the sync, so there is none.
  if (random_.one_in(2)) {
    disk_.set_during_sync([this] {
      const std::uint64_t count = random_.below(3);
      for (std::uint64_t i = 0; i < count && !disk_.off() && room_for_small(); ++i) append_small();
    });
  }
  const std::uint64_t before = records_.size();
  const bool awaited = std::ranges::any_of(
      waiting_, [this](const Waiting& one) { return one.seq >= journal_->synced(); });
  const bool late = before > journal_->synced() && now_ns_ >= oldest_unsynced_ns_ + sync_delay_ns;
  must(!late || due->ns <= 0, "a record waits longer than `sync_delay_max` for its sync");
  syncer_->target->run();
  disk_.set_during_sync({});
  tell(fmt::format("sync: {} of {} records, power {}, {}", journal_->synced(), records_.size(),
                   disk_.off() ? "off" : "on", journal_->failure()));
  must(journal_->synced() <= records_.size(), "more is synced than was written");
  if ((awaited || late) && !journal_->failed() && !disk_.off()) {
    must(journal_->synced() >= before, "a sync that was due left records behind");
  }
  if (journal_->synced() >= before) oldest_unsynced_ns_ = now_ns_;
}

void JournalSim::take_posts() {
  std::vector<std::function<void()>> posts;
  posts.swap(posts_);
  for (auto& post : posts) post();
}

void JournalSim::collect() {
  if (!journal_) return;
  durable_ = std::max(durable_, journal_->synced());
  if (journal_->failed() && !has_failed_) {
    must(faulty_ || disk_.off(), "the journal failed for no reason: " + journal_->failure());
    ++reached_.failures;
    has_failed_ = true;
  }
  must(!has_failed_ || journal_->failed(), "a failed journal came back");
  must(journal_->checkpointed() <= durable_, "a checkpoint is ahead of what is synced");
  std::erase_if(waiting_, [this](Waiting& waiting) {
    if (!waiting.done.delivered()) return false;
    const Status answer = taken(waiting.done);
    if (answer) {
      ++reached_.durable;
      must(waiting.seq < durable_, "a record was called durable before it was");
    } else {
      must(has_failed_, "a wait ended with an error, but the journal did not fail");
    }
    return true;
  });
}

void JournalSim::erase() {
  if (payloads_.empty()) return;
  auto chosen = payloads_.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random_.below(payloads_.size())));
  StoredPayload& stored = chosen->second;
  if (stored.erasure == Erasure::none) stored.erasure = Erasure::begun;
  const Status erased = journal_->erase(chosen->first);
  if (erased) {
    stored.erasure = Erasure::done;
    ++reached_.erasures;
  } else {
    const Fault fault = erased.error().fault;
    must(fault == Fault::environment || has_failed_ || faulty_ || disk_.off(),
         "erase fails: " + to_string(erased.error()));
  }
}

void JournalSim::snapshot() {
  if (records_.empty()) return;
  const auto taken_now = journal_->snapshot(state_of(records_.size()));
  if (!taken_now) {
    const Fault fault = taken_now.error().fault;
    must(fault == Fault::environment || has_failed_ || faulty_ || disk_.off(),
         "a snapshot fails: " + to_string(taken_now.error()));
    return;
  }
  if (random_.one_in(5)) return;  // forgotten: it must not be trusted
  if (journal_->synced() == journal_->next()) oldest_unsynced_ns_ = now_ns_;
  const auto seq = journal_->append(taken_now->record());
  if (seq) {
    note_append(taken_now->record(), {});
    records_.push_back(taken_now->record());
    reserve_left_ = reserve_bytes;
  } else if (seq.error().fault == Fault::io) {
    if (!has_failed_) attempted_ = taken_now->record();
  }
}

void JournalSim::end_life() {
  if (!journal_) return;
  collect();
  if (disk_.off()) {
    last_end_ = End::power_cut;
    ++reached_.cuts;
  } else if (random_.one_in(4)) {
    last_end_ = End::close;
    const Status closed = journal_->close();
    const bool excused = faulty_ || has_failed_ || disk_.off();
    must(closed || excused, "close fails");
    if (closed) durable_ = records_.size();
    if (disk_.off()) last_end_ = End::power_cut;
  } else if (random_.one_in(2)) {
    last_end_ = End::kill;
    ++reached_.kills;
  } else {
    last_end_ = End::power_cut;
    ++reached_.cuts;
    disk_.power_cut();
  }
  static constexpr const char* names[] = {"close", "kill", "power cut"};
  tell(fmt::format("{}: {} records, {} durable", names[static_cast<int>(*last_end_)],
                   records_.size(), durable_));
  journal_.reset();
  waiting_.clear();
  if (!disk_.off()) disk_.kill();
}

}  // namespace pawl::crash
