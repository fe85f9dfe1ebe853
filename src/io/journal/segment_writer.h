// SegmentWriter: the segment that grows. It keeps the room for what is written next, and a reserve
// behind it, found before it is needed.
//
// The file grows in steps, and so does its payload area where it has one (first format); a step is
// found whole or not at all, so that a full disk is noticed before a byte is written. An ordinary
// write leaves the reserve free; one that may use the reserve only needs its own bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "io/journal/journal.h"
#include "io/journal/payload_keys.h"
#include "io/journal/segment.h"

namespace pawl::journal {

struct Room {
  JournalFormat format = JournalFormat::second;  // of a new segment
  std::uint64_t segment_bytes_max = 0;
  std::uint64_t grow_bytes = 0;
  std::uint64_t reserve_bytes = 0;
  std::uint64_t free_bytes_min = 0;
};

// What is to be written, in bytes with padding.
struct Need {
  std::uint64_t records = 0;   // the frame, and in the second format what follows it
  std::uint64_t payloads = 0;  // in the payload area
};
Need need_of(JournalFormat format, std::size_t record_bytes, std::span<const PayloadRef> payloads);

class SegmentWriter {
 public:
  // A new file with its first room, still without a head: `begin` writes it. Environment errors
  // leave no file behind.
  static Result<SegmentWriter> create(Disk& disk, std::uint64_t first, const Room& room);
  // Goes on behind `place` in a file that recovery has cleaned; finds out what room there is.
  static Result<SegmentWriter> adopt(Disk& disk, const SegmentHead& head, const Place& place,
                                     const Room& room);

  Status begin(const SegmentHead& head);

  // Whether this segment should take these bytes at all, or a new one.
  bool wants(const Need& need) const;
  // Finds room for them and the reserve behind them. ErrorKind::environment: there is none.
  Status find_room(const Need& need);
  // Room for the bytes alone, out of what was found before.
  bool reserve_holds(const Need& need) const;

  // Writes payloads and frame: in one piece, or the frame last. `keys`: where the keys of the
  // payloads are found. Answers where the first entry begins. Precondition: there is room.
  Result<std::uint64_t> write(std::uint64_t seq, std::string_view record,
                              std::span<const PayloadRef> payloads, PayloadKeys& keys);

  // Lets go of room that a finished segment does not use, so that only zeros can be behind its
  // last record and its last payload. To be synced by the caller.
  Status finish();

  const Place& place() const { return place_; }
  const std::shared_ptr<File>& file() const { return file_; }
  JournalFormat format() const { return room_.format; }
  std::uint64_t payload_area() const { return payload_area_; }
  bool is_empty() const { return place_.offset <= records_begin_; }

 private:
  SegmentWriter(Disk& disk, const Room& room) : disk_(&disk), room_(room) {}
  Status grow(std::uint64_t& allocated, std::uint64_t needed, std::uint64_t base);
  bool has_payload_area() const { return room_.format == JournalFormat::first; }
  Status put_entry(std::uint64_t seq, const PayloadRef& payload, PayloadKeys& keys,
                   std::uint64_t& at);
  Status flush(std::uint64_t& at);

  Disk* disk_;
  Room room_;
  std::shared_ptr<File> file_;
  Place place_;
  std::uint64_t records_begin_ = 0;
  std::uint64_t payload_area_ = 0;
  std::uint64_t records_allocated_ = 0;  // up to this offset of the file
  std::uint64_t payload_allocated_ = 0;  // up to this offset of the payload area
  std::string buffer_;
  std::string sealed_;  // salt and bytes of a payload
};

}  // namespace pawl::journal
