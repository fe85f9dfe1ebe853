// Reading segments: their names, their heads, and a cursor over whole frames.
//
// A cursor trusts nothing that it was not handed: it starts at a position with the leaf hash that
// seeds the next CRC, and stops before the first frame that is not whole, or whose entries were not
// written to their end: that one was never a record. Its file may be growing;
// asking again after a stop looks at the file again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/journal/disk.h"
#include "io/journal/frame.h"
#include "io/journal/merkle.h"

namespace pawl::journal {

inline constexpr char journal_folder[] = "journal";
inline constexpr char snapshot_folder[] = "snapshots";

// `journal/00000000000000000042.seg` and `snapshots/00000000000000000042`.
std::string segment_path(std::uint64_t first);
std::string snapshot_path(std::uint64_t size);

// First sequence numbers of all segments, ascending. A missing folder is an empty list.
Result<std::vector<std::uint64_t>> list_segments(Disk& disk);
Result<std::vector<std::uint64_t>> list_snapshots(Disk& disk);

// Where the next frame is expected, and what it must continue.
struct Place {
  std::uint64_t first = 0;   // of the segment
  std::uint64_t offset = 0;  // in the segment's file
  // Of the record before, in the payload area; 0 at the start of a segment, and in the second
  // format.
  std::uint64_t payload_end = 0;
  Digest leaf_before{};
};

struct SegmentStart {
  SegmentHead head;
  Place place;  // of the first record's frame
};

// Nothing where no whole segment frame stands at the start of the file.
Result<std::optional<SegmentStart>> read_segment_start(const File& file, std::uint64_t first);

struct Frame {
  std::uint64_t seq = 0;
  std::string_view text;  // until the cursor is asked again
  Digest leaf{};
  std::uint64_t offset = 0;  // of the frame, in the file; so are the next
  std::uint64_t entries_begin = 0;
  std::uint64_t entries_end = 0;
};

// Reads a file forward in large pieces, for the many small reads of a walk.
class ReadAhead {
 public:
  explicit ReadAhead(const File& file) : file_(&file) {}
  // At least `count` bytes from `offset` on where the file has them, else what there is; until
  // asked again.
  Result<std::string_view> bytes(std::uint64_t offset, std::uint64_t count);
  // What was read may be half of a write: look again next time.
  void forget() { buffer_.clear(); }

 private:
  const File* file_;
  std::string buffer_;
  std::uint64_t at_ = 0;
};

class FrameCursor {
 public:
  // `head`: of the segment. `file` outlives the cursor.
  FrameCursor(const File& file, const SegmentHead& head, const Place& place, std::uint64_t seq);

  Result<std::optional<Frame>> next();

  const Place& place() const { return place_; }
  std::uint64_t seq() const { return seq_; }

 private:
  // Whether what the head says is possible here; says then where frame and entries end.
  bool fits(const FrameHead& head, Frame& found) const;
  // Whether the writing of the frame went on to the end of its entries (second format).
  Result<bool> written(const Frame& found);

  ReadAhead file_;
  JournalFormat format_;
  Place place_;
  std::uint64_t seq_;
  std::uint64_t area_;   // where the payload area begins
  std::uint64_t limit_;  // no frame ends behind it
};

// Reads one entry as it should stand at `offset` of the file: its head, and salt and bytes as they
// were written (zeros, where it is erased): in the first format they are what was committed to, in
// the second they are sealed.
struct EntryRead {
  EntryHead head;
  std::string body;
};
// ErrorKind::corrupt with what is wrong. `end` bounds the entry.
Result<EntryRead> read_entry(const File& file, JournalFormat format, std::uint64_t offset,
                             std::uint64_t end);

}  // namespace pawl::journal
