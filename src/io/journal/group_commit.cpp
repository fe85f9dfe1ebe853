#include "io/journal/group_commit.h"

#include <algorithm>
#include <cassert>

namespace pawl::journal {

GroupCommit::GroupCommit(std::shared_ptr<File> file, std::uint64_t synced, const NodeKey& key,
                         CheckpointLog& log, Calls calls, Delays delays)
    : key_(key),
      log_(log),
      calls_(std::move(calls)),
      delays_(delays),
      written_(synced),
      synced_(synced),
      checkpointed_(log.newest() ? log.newest()->size : 0),
      checkpoint_at_ns_(calls_.monotonic().ns),
      file_(std::move(file)) {}

bool GroupCommit::written(std::uint64_t count) {
  // The order matters: `run` clears the mark first and counts afterwards, so a record whose mark
  // was cleared is counted.
  written_.store(count);
  if (dirty_since_ns_.load() != 0) return false;
  dirty_since_ns_.store(std::max<std::int64_t>(1, calls_.monotonic().ns));
  return true;
}

void GroupCommit::want(std::uint64_t count) {
  assert(count <= written_.load());
  if (wanted_.load() < count) wanted_.store(count);
}

void GroupCommit::continue_in(std::shared_ptr<File> file) {
  const Guard guard(mutex_);
  file_ = std::move(file);
}

void GroupCommit::checkpoint(const Checkpoint& checkpoint) {
  const Guard guard(mutex_);
  checkpoint_ = checkpoint;
  pending_checkpoint_.store(checkpoint.size);
}

void GroupCommit::fail(std::string reason) {
  {
    const Guard guard(mutex_);
    if (failed_.load()) return;
    failure_ = std::move(reason);
    failed_.store(true);
  }
  calls_.progress();
}

std::string GroupCommit::failure() const {
  const Guard guard(mutex_);
  return failure_;
}

std::optional<Duration> GroupCommit::due() const {
  if (failed_.load()) return std::nullopt;
  const std::uint64_t synced = synced_.load();
  if (wanted_.load() > synced) return Duration{};
  const std::uint64_t pending = pending_checkpoint_.load();
  if (pending != 0 && pending <= synced) return Duration{};

  std::optional<Duration> least;
  const std::int64_t since = dirty_since_ns_.load();
  const std::int64_t now = calls_.monotonic().ns;
  if (since != 0) least = Duration{since + delays_.sync_max.ns - now};
  if (synced > checkpointed_.load() && pending == 0 && !checkpoint_asked_.load()) {
    const Duration sign{checkpoint_at_ns_.load() + delays_.checkpoint_min.ns - now};
    if (!least || sign < *least) least = sign;
  }
  return least;
}

void GroupCommit::run() {
  if (failed_.load()) return;
  const std::uint64_t synced = synced_.load();
  const std::int64_t since = dirty_since_ns_.load();
  const std::int64_t now = calls_.monotonic().ns;
  const bool wanted = wanted_.load() > synced;
  if (wanted || (since != 0 && now >= since + delays_.sync_max.ns)) {
    dirty_since_ns_.store(0);
    sync_to(written_.load());
    if (failed_.load()) return;
    // A wait that began while we synced saw the old count, or is seen here, or both.
    if (wanted || wanted_.load() > synced) calls_.progress();
  }
  sign_what_is_due();
}

void GroupCommit::sync_to(std::uint64_t count) {
  // Counted first, the file second: a new segment begins only when the old one is durable, so the
  // file seen here is the one that holds whatever of [0, count) is not.
  std::shared_ptr<File> file;
  {
    const Guard guard(mutex_);
    file = file_;
  }
  if (count == synced_.load()) return;
  if (sync_now(*file)) synced_.store(count);
}

Status GroupCommit::sync_now(File& file) {
  const Guard guard(sync_mutex_);
  if (failed_.load()) return pawl::fail(ErrorKind::io, failure());
  Status done = file.sync();
  if (!done) fail(done.error().message);
  return done;
}

void GroupCommit::sign_what_is_due() {
  const std::int64_t now = calls_.monotonic().ns;
  const std::uint64_t pending = pending_checkpoint_.load();
  if (pending != 0 && pending <= synced_.load()) {
    std::optional<Checkpoint> checkpoint;
    {
      const Guard guard(mutex_);
      checkpoint.swap(checkpoint_);
      pending_checkpoint_.store(0);
    }
    const auto written = log_.write(key_.sign(*checkpoint));
    if (!written) {
      fail(written.error().message);
      return;
    }
    if (*written) checkpointed_.store(checkpoint->size);
    checkpoint_at_ns_.store(now);
    checkpoint_asked_.store(false);
    return;
  }
  if (pending == 0 && synced_.load() > checkpointed_.load() && !checkpoint_asked_.load() &&
      now >= checkpoint_at_ns_.load() + delays_.checkpoint_min.ns) {
    checkpoint_asked_.store(true);
    calls_.checkpoint_due();
  }
}

}  // namespace pawl::journal
