// Payloads: finding them by commitment, reading them, and erasing them.
//
// The index keeps 16 bytes of each commitment and a place: 24 bytes a slot, at most 48 bytes a
// payload. It is built when it is first needed, never at open. One commitment may have several
// entries (the same payload stored with two records); an erasure destroys all of them.
//
// An erasure, of a payload or of a key, is first written down in `erasing`, durably; what a crash
// interrupts is finished by `finish_erasures` at the next open.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "io/journal/disk.h"
#include "io/journal/frame.h"
#include "io/journal/journal.h"
#include "io/journal/segment.h"

namespace pawl::journal {

struct PayloadPlace {
  std::uint64_t first = 0;   // of the segment
  std::uint64_t offset = 0;  // of the entry's head, in the segment's file

  friend bool operator==(const PayloadPlace&, const PayloadPlace&) = default;
};

class PayloadIndex {
 public:
  // Walks the heads of all segments. Behind a damaged head nothing of its segment is found.
  static Result<PayloadIndex> build(Disk& disk);

  void add(const Digest& commitment, const PayloadPlace& place);
  std::vector<PayloadPlace> find(const Digest& commitment) const;
  std::size_t size() const { return count_; }

  // The first head that could not be read, where there was one.
  const std::optional<PayloadPlace>& damaged() const { return damaged_; }

 private:
  struct Slot {
    std::uint64_t prefix[2] = {};
    std::uint64_t place = 0;  // segment's index and entry's number; 0: free
  };
  Status walk(Disk& disk, std::uint64_t first);
  // Entries from `offset` up to `end`, or to the first place where no head stands.
  Status walk_entries(ReadAhead& file, JournalFormat format, PayloadPlace place, std::uint64_t end);
  void insert(std::vector<Slot>& slots, const Slot& slot) const;

  std::vector<std::uint64_t> segments_;
  std::vector<Slot> slots_;
  std::size_t count_ = 0;
  std::optional<PayloadPlace> damaged_;
};

// Errors as Journal::payload and Journal::erase promise them.
Result<Payload> read_payload(Disk& disk, const PayloadIndex& index, const Digest& commitment);
Status erase_payload(Disk& disk, const PayloadIndex& index, const Digest& commitment);
Status erase_sealed(Disk& disk, PayloadKey key);
Status finish_erasures(Disk& disk);

}  // namespace pawl::journal
