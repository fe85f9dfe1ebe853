// The two checkpoint files: `checkpoints`, to which every signed note is appended, and
// `checkpoint`, the newest one, replaced whole.
//
// The newest note covers every record before it; older ones say which part of a damaged journal is
// as it was, and that becomes no better by thousands of them. When the file is longer than its
// bound, it is replaced whole by the newest notes and some of the older ones, evenly spread, the
// first of all among them: half of the bound at most. So it stays small for ever, and after a crash
// there is the long file or the short one, both of which end in the same note.
//
// The two lie outside the segments, so that a journal that lost its end cannot have lost the
// knowledge of it with the same bytes.
//
// An append is synced before `checkpoint` is replaced, and one append is under way at most. So
// after a crash `checkpoints` may end in one torn note, and may be one note ahead of `checkpoint`;
// anything else is damage.
//
// Threads: `open` and `prepare` before the syncer starts, `write` only on the syncer's thread or
// after it has stopped.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/journal/disk.h"
#include "io/journal/note.h"

namespace pawl::journal {

class CheckpointLog {
 public:
  // Reads the end of both files and changes nothing. ErrorKind::corrupt where they contradict each
  // other or hold what the key did not sign.
  static Result<CheckpointLog> open(Disk& disk, const PublicKey& key, std::uint64_t bytes_max);

  const std::optional<Checkpoint>& newest() const { return newest_; }

  // Cuts a torn note off, makes the last whole one durable, and opens the file for appending.
  Status prepare();

  // Appends and replaces, durably. False: the disk is full, nothing was changed; try again later.
  Result<bool> write(std::string_view note);

 private:
  CheckpointLog(Disk& disk, std::uint64_t bytes_max)
      : disk_(&disk), bytes_max_(bytes_max), compact_at_(bytes_max) {}
  Status read_log(const PublicKey& key);
  Status read_newest(const PublicKey& key);
  Status compact();
  Status reopen(std::uint64_t shorter);

  Disk* disk_;
  std::uint64_t bytes_max_;
  std::uint64_t compact_at_;  // beyond the bound where there was no room for the shorter file
  std::unique_ptr<File> file_;
  std::uint64_t size_ = 0;  // of the whole notes in `checkpoints`
  std::optional<Checkpoint> newest_;
  std::string last_note_;        // the last whole one in `checkpoints`
  bool newest_is_last_ = false;  // `checkpoint` holds that very note
};

}  // namespace pawl::journal
