// Reading a journal beside the node that writes it: no lock, no change, only whole frames.
//
// A reader sees the records that were complete when it looked; at the end it may be asked again.
// It checks each frame's CRC, which is seeded by the record before, so it never shows bytes that
// are not the journal's next record, and where it ends it asks the newest signed checkpoint whether
// that is the end: damage is never taken for it. It compares no roots: that is `verify_journal`.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "io/journal/journal.h"
#include "io/journal/payloads.h"
#include "io/journal/segment.h"

namespace pawl {

struct JournalEntry {
  std::uint64_t seq = 0;
  std::string_view record;  // until the reader is asked again
  Digest leaf{};            // its leaf in the Merkle tree
};

class JournalReader {
 public:
  // ErrorKind::missing where there is no journal. `disk` outlives the reader.
  static Result<JournalReader> open(Disk& disk);

  // The next record, or nothing where the journal ends for now. ErrorKind::corrupt where it is
  // damaged: a segment ends before the next one begins, or the records before the newest checkpoint
  // says.
  Result<std::optional<JournalEntry>> next();

  // What `next` answers next. Beyond the end: `next` answers nothing until the record is there.
  Status seek(std::uint64_t seq);

  // The leaves of the first `size` records, for proofs. ErrorKind::missing if there are fewer.
  Result<std::vector<Digest>> leaves(std::uint64_t size);

  // As Journal::payload. Looks at the files again for a payload that it does not know.
  Result<Payload> payload(const Digest& commitment);

  std::uint64_t position() const { return cursor_ ? cursor_->seq() : 0; }

 private:
  explicit JournalReader(Disk& disk) : disk_(&disk) {}
  Status enter(std::uint64_t first);
  Result<std::optional<JournalEntry>> here();
  Result<std::optional<JournalEntry>> in_next_segment(bool& ends);
  // Records that the newest checkpoint counts.
  Result<std::uint64_t> signed_size() const;

  Disk* disk_;
  std::uint64_t first_ = 0;
  std::unique_ptr<File> file_;
  std::optional<journal::FrameCursor> cursor_;
  std::uint64_t skip_to_ = 0;
  std::optional<journal::PayloadIndex> index_;
};

}  // namespace pawl
