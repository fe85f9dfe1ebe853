#include "io/journal/journal_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "io/journal/snapshot.h"

namespace pawl {

using journal::need_of;
using journal::SegmentWriter;

namespace {

// What a segment's own frame takes at most, with room to spare.
constexpr std::uint64_t segment_head_bytes_max = 512;

}  // namespace

Journal::Body::Body(Disk& disk, JournalOptions options, std::unique_ptr<DiskLock> lock,
                    journal::NodeKey key)
    : disk_(disk),
      options_(std::move(options)),
      lock_(std::move(lock)),
      key_(std::move(key)),
      keys_(disk, options_.random) {}

Journal::Body::~Body() {
  if (commit_ != nullptr) options_.syncer->stop();
}

journal::Room Journal::Body::room() const {
  return {.format = options_.format,
          .segment_bytes_max = options_.segment_bytes_max,
          .grow_bytes = options_.grow_bytes,
          .reserve_bytes = options_.reserve_bytes,
          .free_bytes_min = options_.free_bytes_min};
}

std::function<void()> Journal::Body::posted(void (Body::*step)()) {
  return [post = options_.post, weak = std::weak_ptr<Body*>(alive_), step] {
    post([weak, step] {
      if (const auto alive = weak.lock()) ((*alive)->*step)();
    });
  };
}

Status Journal::Body::start(const JournalReplay& replay) {
  auto checkpoints =
      journal::CheckpointLog::open(disk_, key_.public_key(), options_.checkpoint_log_bytes_max);
  PAWL_TRY(checkpoints);
  checkpoints_.emplace(std::move(*checkpoints));
  auto found =
      journal::recover(disk_, key_.public_key().name(), checkpoints_->newest(), options_, replay);
  PAWL_TRY(found);
  PAWL_TRY(checkpoints_->prepare());
  const auto torn_keys = keys_.repair();
  PAWL_TRY(torn_keys);
  PAWL_TRY(start_segment(*found));

  tree_ = std::move(found->tree);
  recovery_ = found->report;
  recovery_.torn_bytes += *torn_keys * journal::key_slot_bytes;
  recovery_.created = !found->head;
  commit_ = std::make_unique<journal::GroupCommit>(
      segment_->file(), tree_.size(), key_, *checkpoints_,
      journal::GroupCommit::Calls{.monotonic = options_.monotonic,
                                  .progress = posted(&Body::on_progress),
                                  .checkpoint_due = posted(&Body::on_checkpoint_due)},
      journal::GroupCommit::Delays{.sync_max = options_.sync_delay_max,
                                   .checkpoint_min = options_.checkpoint_interval_min});
  // So that `full` is known before anything is granted. A full disk is no reason not to open.
  if (Status room = make_room(); !room && room.error().fault != ErrorKind::environment) return room;
  options_.syncer->start(*commit_);
  options_.syncer->wake();
  return {};
}

Status Journal::Body::start_segment(const journal::Recovered& found) {
  if (!found.head) {
    PAWL_TRY(begin_segment());
    return disk_.sync_directory("");
  }
  auto segment = SegmentWriter::adopt(disk_, *found.head, found.place, room());
  PAWL_TRY(segment);
  segment_.emplace(std::move(*segment));
  return disk_.sync_directory("");
}

// A segment begins only when everything before it is durable, so whatever a power cut leaves, only
// the newest segment can be torn. That is why this waits for syncs on the loop's thread.
Status Journal::Body::begin_segment() {
  auto fresh = SegmentWriter::create(disk_, tree_.size(), room());
  PAWL_TRY(fresh);
  journal::SegmentHead head{.format = fresh->format(),
                            .origin = key_.public_key().name(),
                            .payload_area = fresh->payload_area()};
  head.root = tree_.root();
  Status done;
  if (segment_) {
    const journal::Place& end = segment_->place();
    head.previous_first = end.first;
    head.previous_records_end = end.offset;
    head.previous_payload_end = end.payload_end;
    head.leaf_before = end.leaf_before;
    done = segment_->finish();
    if (done) done = commit_->sync_now(*segment_->file());
  }
  if (done) done = disk_.sync_directory(journal::journal_folder);
  if (done) done = fresh->begin(head);
  if (done) done = fresh->file()->sync();
  if (!done) return fail(ErrorKind::io, done.error().message);
  segment_.emplace(std::move(*fresh));
  if (commit_ != nullptr) commit_->continue_in(segment_->file());
  return {};
}

std::unexpected<Error> Journal::Body::refusal() const {
  if (closed_ && !commit_->failed()) return fail(ErrorKind::io, "the journal is closed");
  return fail(ErrorKind::io, fmt::format("the journal has failed: {}", commit_->failure()));
}

std::unexpected<Error> Journal::Body::fail_for_ever(const Error& error) {
  commit_->fail(error.message);
  return refusal();
}

Status Journal::Body::check(std::string_view record, std::span<const PayloadRef> payloads) {
  const std::uint64_t record_max =
      std::min(journal_record_bytes_max, options_.segment_bytes_max - segment_head_bytes_max);
  if (record.empty() || record.size() > record_max) {
    return fail(ErrorKind::invalid,
                fmt::format("a record of {} bytes cannot be stored: 1 to {} are "
                            "expected",
                            record.size(), record_max));
  }
  for (const PayloadRef& payload : payloads) {
    if (payload.bytes.size() > journal_payload_bytes_max) {
      return fail(ErrorKind::invalid,
                  fmt::format("a payload of {} bytes cannot be stored: at most {} "
                              "are expected",
                              payload.bytes.size(), journal_payload_bytes_max));
    }
    const std::string named = payload.commitment.text();
    if (record.find(named) == record.npos) {
      return fail(
          ErrorKind::internal,
          fmt::format("the record does not hold the commitment `{}` of its payload", named));
    }
    // A key that was destroyed seals nothing any more: what would be written could not be read.
    if (auto key = keys_.find(payload.key); !key) {
      return fail(key.error().fault == ErrorKind::missing ? ErrorKind::internal : key.error().fault,
                  key.error().message);
    }
  }
  return {};
}

// ErrorKind::environment leaves everything as it was.
Status Journal::Body::find_room(std::size_t record_bytes, std::span<const PayloadRef> payloads,
                                Urgency urgency) {
  const auto need = [&]() -> journal::Need {
    if (record_bytes == 0) return {};
    return need_of(segment_->format(), record_bytes, payloads);
  };
  // The next record after a segment of another format begins one of this, but not where the disk
  // has no room for it.
  const bool other = segment_->format() != options_.format && !segment_->is_empty();
  Status found;
  if (!segment_->wants(need()) || (other && record_bytes != 0)) found = begin_segment();
  if (found) found = segment_->find_room(need());
  if (found) {
    full_ = false;
    return {};
  }
  if (found.error().fault != ErrorKind::environment) return fail_for_ever(found.error());
  full_ = true;
  if (urgency == Urgency::reserve && segment_->reserve_holds(need())) return {};
  return found;
}

Result<std::uint64_t> Journal::Body::append(std::string_view record,
                                            std::span<const PayloadRef> payloads, Urgency urgency) {
  if (closed_ || commit_->failed()) return refusal();
  PAWL_TRY(check(record, payloads));
  PAWL_TRY(find_room(record.size(), payloads, urgency));

  const std::uint64_t seq = tree_.size();
  const auto entries_begin = segment_->write(seq, record, payloads, keys_);
  if (!entries_begin) return fail_for_ever(entries_begin.error());
  tree_.append(segment_->place().leaf_before);
  const journal::Need written = need_of(segment_->format(), record.size(), payloads);
  bytes_written_ += written.records + written.payloads;
  if (unnamed_ && options_.names_snapshot(record, unnamed_->digest)) unnamed_.reset();
  if (index_) {
    std::uint64_t at = *entries_begin;
    for (const PayloadRef& payload : payloads) {
      index_->add(payload.commitment.digest, {segment_->place().first, at});
      at += journal::entry_bytes(segment_->format(), payload.bytes.size());
    }
  }
  if (commit_->written(seq + 1)) options_.syncer->wake();
  return seq;
}

Status Journal::Body::make_room() {
  if (closed_ || commit_->failed()) return refusal();
  return find_room(0, {}, Urgency::ordinary);
}

void Journal::Body::request_sync(std::uint64_t seq) {
  assert(seq < next());
  if (closed_ || commit_->failed() || commit_->synced() > seq) return;
  commit_->want(seq + 1);
  options_.syncer->wake();
}

Completion<Status> Journal::Body::durable(std::uint64_t seq) {
  assert(seq < next());
  Completion<Status> done;
  if (commit_->synced() > seq) {
    done.deliver({});
  } else if (closed_ || commit_->failed()) {
    done.deliver(refusal());
  } else {
    const auto behind = std::ranges::upper_bound(waiters_, seq, {}, &Waiter::seq);
    waiters_.insert(behind, Waiter{seq, done});
    request_sync(seq);
    // The syncer may have passed this record before it saw that a caller waits.
    if (commit_->synced() > seq || commit_->failed()) on_progress();
  }
  return done;
}

void Journal::Body::on_progress() {
  const bool failed = commit_->failed();
  const std::uint64_t synced = commit_->synced();
  std::vector<Waiter> ready;
  while (!waiters_.empty() && (failed || waiters_.front().seq < synced)) {
    ready.push_back(std::move(waiters_.front()));
    waiters_.pop_front();
  }
  if (ready.empty()) return;
  const Status answer = failed ? Status(refusal()) : Status{};
  // A caller that is told may append, wait again, or destroy the journal: nothing of it is used
  // below.
  for (Waiter& waiter : ready) waiter.done.deliver(answer);
}

void Journal::Body::on_checkpoint_due() {
  if (closed_ || commit_->failed()) return;
  commit_->checkpoint(
      {.origin = key_.public_key().name(), .size = tree_.size(), .root = tree_.root()});
  options_.syncer->wake();
}

Status Journal::Body::build_index() {
  if (index_) return {};
  auto index = journal::PayloadIndex::build(disk_);
  PAWL_TRY(index);
  index_.emplace(std::move(*index));
  return {};
}

Result<Payload> Journal::Body::payload(const Digest& commitment) {
  PAWL_TRY(build_index());
  return journal::read_payload(disk_, *index_, commitment);
}

Status Journal::Body::erase(const Digest& commitment) {
  if (closed_ || commit_->failed()) return refusal();
  PAWL_TRY(build_index());
  const Status erased = journal::erase_payload(disk_, *index_, commitment);
  if (!erased && erased.error().fault == ErrorKind::io) return fail_for_ever(erased.error());
  return erased;
}

Result<PayloadKey> Journal::Body::new_payload_key() {
  if (closed_ || commit_->failed()) return refusal();
  auto key = keys_.draw();
  if (!key && key.error().fault != ErrorKind::environment) return fail_for_ever(key.error());
  return key;
}

Result<Digest> Journal::Body::mark(PayloadKey key, std::string_view bytes) {
  constexpr std::string_view purpose = "pawl mark";  // what seals does nothing else
  if (key == no_payload_key) {
    if (secret_.empty()) secret_ = options_.random(sizeof(Digest));
    return hmac_sha256(secret_, bytes);
  }
  const auto seals = keys_.find(key);
  PAWL_TRY(seals);
  return hmac_sha256(bytes_of(hmac_sha256(bytes_of(*seals), purpose)), bytes);
}

Status Journal::Body::destroy(PayloadKey key) {
  if (closed_ || commit_->failed()) return refusal();
  keys_.forget(key);
  const Status destroyed = journal::erase_sealed(disk_, key);
  if (!destroyed && destroyed.error().fault == ErrorKind::io)
    return fail_for_ever(destroyed.error());
  return destroyed;
}

Result<SnapshotWritten> Journal::Body::snapshot(std::string_view state) {
  if (closed_ || commit_->failed()) return refusal();
  const std::string bytes = journal::snapshot_bytes(tree_, segment_->place(), state);
  if (bytes.size() > journal::snapshot_bytes_max) {
    return fail(ErrorKind::invalid,
                fmt::format("a snapshot of {} bytes cannot be stored: at most {} "
                            "are expected",
                            bytes.size(), journal::snapshot_bytes_max));
  }
  // One without a name will never be trusted. The folder is synced with the new one.
  Status put;
  if (unnamed_ && unnamed_->size != next()) {
    put = disk_.remove(journal::snapshot_path(unnamed_->size));
  }
  if (put) put = replace_whole(disk_, journal::snapshot_path(next()), bytes);
  if (!put && put.error().fault == ErrorKind::io) return fail_for_ever(put.error());
  PAWL_TRY(put);
  if (auto sizes = journal::list_snapshots(disk_)) {
    for (std::size_t i = 0; i + journal::snapshots_kept < sizes->size(); ++i) {
      // One that stays costs room and nothing else.
      (void)disk_.remove(journal::snapshot_path((*sizes)[i]));
    }
  }
  unnamed_ = SnapshotWritten{.digest = sha256(bytes), .size = next()};
  return *unnamed_;
}

Status Journal::Body::final_checkpoint() {
  const auto synced_to_the_end = [this]() -> Status {
    if (commit_->failed()) return refusal();
    return {};
  };
  if (next() > commit_->synced()) {
    commit_->want(next());
    commit_->run();
  }
  PAWL_TRY(synced_to_the_end());
  if (next() == 0 || commit_->checkpointed() == next()) return {};
  commit_->checkpoint({.origin = key_.public_key().name(), .size = next(), .root = root()});
  commit_->run();
  return synced_to_the_end();
}

Status Journal::Body::close() {
  if (closed_) return {};
  options_.syncer->stop();
  Status done = commit_->failed() ? Status(refusal()) : final_checkpoint();
  closed_ = true;
  lock_.reset();
  on_progress();
  return done;
}

}  // namespace pawl
