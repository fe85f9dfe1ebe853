// What the simulated node does with its journal, one act at a time.
#include "crash/journal_sim.h"

#include <fmt/format.h>

#include <algorithm>

namespace pawl::crash {
namespace {

constexpr std::int64_t sync_delay_ns = journal_sync_delay_max.ns;

Status taken(const Completion<Status>& done) {
  auto awaiter = done.operator co_await();
  return awaiter.await_resume();
}

}  // namespace

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
      refs.push_back({journal_->commit_to(one), one, some_key()});
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
      reserve_left_ = sim_reserve_bytes;
    } else {
      must(urgency == Urgency::reserve, "a full journal took an ordinary record");
      ++reached_.reserve_appends;
      reserve_left_ -= std::min(reserve_left_, Journal::append_bytes(record.size()));
    }
    for (std::size_t i = 0; i < refs.size(); ++i) {
      payloads_[refs[i].commitment.digest] = {
          .bytes = bytes[i], .seq = *seq, .key = refs[i].key, .format = newest_format()};
    }
    note_append(record, refs);
    records_.push_back(std::move(record));
  } else if (seq.error().fault == ErrorKind::environment) {
    append_full(record, urgency);
  } else {
    must(seq.error().fault == ErrorKind::io && (faulty_ || disk_.off()),
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
    reserve_left_ = sim_reserve_bytes;
  } else if (seq.error().fault == ErrorKind::io && !has_failed_) {
    attempted_ = record;
  }
}

void JournalSim::note_append(const std::string& record, std::span<const PayloadRef> refs) {
  const auto count = static_cast<std::uint64_t>(std::ranges::count_if(
      disk_.paths(), [](const std::string& path) { return path.ends_with(".seg"); }));
  if (count != newest_.count) newest_ = {.count = count, .known = newest_.count != 0};
  newest_.frames += Journal::append_bytes(record.size());
  std::uint64_t& entries = format_ == JournalFormat::first ? newest_.entries : newest_.frames;
  for (const PayloadRef& ref : refs) {
    const std::size_t bytes = ref.bytes.size();
    entries += Journal::append_bytes(1, {&bytes, 1}, format_);
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
    disk_.set_capacity(sim_ample_bytes);
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
  const std::uint64_t notes = disk_.off() ? 0 : disk_.contents("checkpoints").size();
  reached_.thinned += notes > 0 && notes + 350 < checkpoint_log_bytes_;
  checkpoint_log_bytes_ = notes;
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
    const ErrorKind fault = erased.error().fault;
    must(fault == ErrorKind::environment || has_failed_ || faulty_ || disk_.off(),
         "erase fails: " + to_string(erased.error()));
  }
}

// One that nothing was done to, or the one that everybody knows.
PayloadKey JournalSim::some_key() {
  if (keys_.empty() || random_.one_in(3)) return no_payload_key;
  auto chosen = keys_.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random_.below(keys_.size())));
  return chosen->second == Erasure::none ? chosen->first : no_payload_key;
}

// What was just written is in it; on a full disk that may be an older one than this life's.
JournalFormat JournalSim::newest_format() {
  constexpr std::size_t format_at = 32;
  std::string newest;
  for (const std::string& path : disk_.paths()) {
    if (path.ends_with(".seg")) newest = std::max(newest, path);
  }
  const std::string bytes = disk_.contents(newest);
  return bytes.size() > format_at && bytes[format_at] == 1 ? JournalFormat::first
                                                           : JournalFormat::second;
}

void JournalSim::new_key() {
  const auto key = journal_->new_payload_key();
  if (key) {
    must(!has_failed_, "a failed journal gave out a key");
    must(keys_.emplace(*key, Erasure::none).second, "a key was given out twice");
    return;
  }
  must(key.error().fault == ErrorKind::environment || has_failed_ || faulty_ || disk_.off(),
       "no key: " + to_string(key.error()));
}

void JournalSim::destroy_key() {
  if (keys_.empty()) return;
  auto chosen = keys_.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random_.below(keys_.size())));
  const Status destroyed = journal_->destroy(chosen->first);
  chosen->second = destroyed ? Erasure::done : Erasure::begun;
  reached_.keys_destroyed += destroyed.has_value();
  must(destroyed || destroyed.error().fault == ErrorKind::environment || has_failed_ || faulty_ ||
           disk_.off(),
       "destroying a key fails: " + (destroyed ? "" : to_string(destroyed.error())));
  for (auto& [digest, stored] : payloads_) {
    const bool sealed = stored.key == chosen->first && stored.format == JournalFormat::second;
    if (sealed && stored.erasure != Erasure::done) stored.erasure = chosen->second;
  }
}

void JournalSim::snapshot() {
  if (records_.empty()) return;
  const auto taken_now = journal_->snapshot(state_of(records_.size()));
  if (!taken_now) {
    const ErrorKind fault = taken_now.error().fault;
    must(fault == ErrorKind::environment || has_failed_ || faulty_ || disk_.off(),
         "a snapshot fails: " + to_string(taken_now.error()));
    return;
  }
  if (random_.one_in(5)) return;  // forgotten: it must not be trusted
  if (journal_->synced() == journal_->next()) oldest_unsynced_ns_ = now_ns_;
  const auto seq = journal_->append(taken_now->record());
  if (seq) {
    note_append(taken_now->record(), {});
    records_.push_back(taken_now->record());
    reserve_left_ = sim_reserve_bytes;
  } else if (seq.error().fault == ErrorKind::io) {
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
