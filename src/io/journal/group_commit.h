// Group commit: what the syncer's thread does for a journal.
//
// The loop counts what it wrote and what callers wait for; the syncer's thread syncs the segment
// once for all of it, and says how far it came. Between the two there are only counters, but for
// rare hand-overs under a mutex: a new segment, a checkpoint to be signed, a failure.
//
// A checkpoint is made in two steps, because only the loop knows the tree: the syncer asks for one
// when it is due, the loop answers with size and root, and the syncer signs it once that size is
// synced.
//
// After a failure nothing is synced any more and nothing is signed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "io/journal/checkpoint_log.h"
#include "io/journal/disk.h"
#include "io/journal/mutex.h"
#include "io/journal/note.h"
#include "io/journal/syncer.h"

namespace pawl::journal {

class GroupCommit final : public SyncTarget {
 public:
  struct Calls {
    std::function<Duration()> monotonic;   // both threads
    std::function<void()> progress;        // syncer's thread: a wait may be over
    std::function<void()> checkpoint_due;  // syncer's thread: `checkpoint` is asked for
  };
  struct Delays {
    Duration sync_max;
    Duration checkpoint_min;
  };
  // [0, synced) is durable and `file` holds what comes next.
  GroupCommit(std::shared_ptr<File> file, std::uint64_t synced, const NodeKey& key,
              CheckpointLog& log, Calls calls, Delays delays);

  // --- the loop's side
  // Records [0, count) are written. True if the syncer has to be woken.
  bool written(std::uint64_t count);
  // A caller waits for [0, count). Precondition: it is written.
  void want(std::uint64_t count);
  // Syncs the file on the loop's thread, for a segment that ends. Fails the journal if it fails.
  Status sync_now(File& file);
  // Everything written so far is durable, and what follows is in `file`.
  void continue_in(std::shared_ptr<File> file);
  void checkpoint(const Checkpoint& checkpoint);
  void fail(std::string reason);

  std::uint64_t synced() const { return synced_.load(); }
  std::uint64_t checkpointed() const { return checkpointed_.load(); }
  bool failed() const { return failed_.load(); }
  std::string failure() const;

  // --- the syncer's side
  std::optional<Duration> due() const override;
  void run() override;

 private:
  void sync_to(std::uint64_t count);
  void sign_what_is_due();

  const NodeKey& key_;
  CheckpointLog& log_;
  const Calls calls_;
  const Delays delays_;

  std::atomic<std::uint64_t> written_;
  std::atomic<std::uint64_t> wanted_ = 0;
  std::atomic<std::uint64_t> synced_;
  std::atomic<std::uint64_t> checkpointed_;
  std::atomic<std::uint64_t> pending_checkpoint_ = 0;  // size, 0 for none
  std::atomic<std::int64_t> dirty_since_ns_ = 0;       // 0: nothing unsynced, as far as is known
  std::atomic<std::int64_t> checkpoint_at_ns_;         // of the newest, or of the start
  std::atomic<bool> checkpoint_asked_ = false;
  std::atomic<bool> failed_ = false;

  // A kernel reports a failed write to one sync of a descriptor and not to the next. So only one
  // thread syncs at a time, and after a failure none: the second answer cannot be taken for the
  // first.
  Mutex sync_mutex_;
  mutable Mutex mutex_;
  std::shared_ptr<File> file_ PAWL_GUARDED_BY(mutex_);
  std::optional<Checkpoint> checkpoint_ PAWL_GUARDED_BY(mutex_);
  std::string failure_ PAWL_GUARDED_BY(mutex_);
};

}  // namespace pawl::journal
