// Journal::Body: what a Journal consists of. The loop's thread owns all of it; only `commit_` is
// shared with the syncer's thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "io/journal/group_commit.h"
#include "io/journal/journal.h"
#include "io/journal/payload_keys.h"
#include "io/journal/payloads.h"
#include "io/journal/recovery.h"
#include "io/journal/segment_writer.h"

namespace pawl {

class Journal::Body {
 public:
  Body(Disk& disk, JournalOptions options, std::unique_ptr<DiskLock> lock, journal::NodeKey key);
  ~Body();
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  Status start(const JournalReplay& replay);

  Result<std::uint64_t> append(std::string_view record, std::span<const PayloadRef> payloads,
                               Urgency urgency);
  Completion<Status> durable(std::uint64_t seq);
  void request_sync(std::uint64_t seq);
  Status make_room();
  Result<Payload> payload(const Digest& commitment);
  Status erase(const Digest& commitment);
  Result<PayloadKey> new_payload_key();
  Result<Digest> mark(PayloadKey key, std::string_view bytes);
  Status destroy(PayloadKey key);
  Result<SnapshotWritten> snapshot(std::string_view state);
  Status close();

  const JournalOptions& options() const { return options_; }
  const Recovery& recovery() const { return recovery_; }
  const journal::NodeKey& key() const { return key_; }
  const journal::GroupCommit& commit() const { return *commit_; }
  std::uint64_t next() const { return tree_.size(); }
  Digest root() const { return tree_.root(); }
  bool full() const { return full_; }
  std::uint64_t bytes_written() const { return bytes_written_; }

 private:
  struct Waiter {
    std::uint64_t seq;
    Completion<Status> done;
  };
  journal::Room room() const;
  // Runs `step` on the loop's thread later, unless the journal is gone by then.
  std::function<void()> posted(void (Body::*step)());
  Status start_segment(const journal::Recovered& found);
  // What cannot be stored at all is refused before anything is written.
  Status check(std::string_view record, std::span<const PayloadRef> payloads);
  Status find_room(std::size_t record_bytes, std::span<const PayloadRef> payloads, Urgency urgency);
  Status begin_segment();
  void on_progress();
  void on_checkpoint_due();
  Status final_checkpoint();
  std::unexpected<Error> refusal() const;
  std::unexpected<Error> fail_for_ever(const Error& error);
  Status build_index();

  Disk& disk_;
  JournalOptions options_;
  std::unique_ptr<DiskLock> lock_;
  journal::NodeKey key_;
  Recovery recovery_;
  std::optional<journal::CheckpointLog> checkpoints_;
  journal::Frontier tree_;
  std::optional<journal::SegmentWriter> segment_;
  journal::PayloadKeys keys_;
  std::unique_ptr<journal::GroupCommit> commit_;
  std::optional<journal::PayloadIndex> index_;
  std::optional<SnapshotWritten> unnamed_;  // the last snapshot, until a record names it
  std::deque<Waiter> waiters_;              // by ascending seq
  std::string secret_;  // of this life, for marks without a key; empty until one is asked for
  std::uint64_t bytes_written_ = 0;
  bool full_ = false;
  bool closed_ = false;
  // What was posted looks here first: the journal may be gone when it runs.
  std::shared_ptr<Body*> alive_ = std::make_shared<Body*>(this);
};

}  // namespace pawl
