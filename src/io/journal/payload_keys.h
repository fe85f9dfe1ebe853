// PayloadKeys: the file `payload.keys`, which has the keys that seal payloads in slots of 64 bytes.
//
// Number n stands in slot n - 1. A key is on the disk before anything is sealed with it, so slots
// are written a few at a time, more with each batch; those that a life of the node does not use
// stay unused. Destroying a key overwrites its slot.
//
// Errors are those of the Disk, and ErrorKind::corrupt where a slot is not what was written.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "io/journal/disk.h"
#include "io/journal/journal.h"

namespace pawl::journal {

inline constexpr char payload_keys_path[] = "payload.keys";
inline constexpr std::size_t key_slot_bytes = 64;

// The key itself; nothing: it was destroyed. ErrorKind::missing: no slot has this number.
Result<std::optional<Digest>> read_payload_key(Disk& disk, PayloadKey number);

// Overwrites the slot and syncs. Called when `erasing` says so: again, after a crash.
Status destroy_payload_key(Disk& disk, PayloadKey number);

// For the one process that writes the journal.
class PayloadKeys {
 public:
  using Random = std::function<std::string(std::size_t)>;

  PayloadKeys(Disk& disk, Random random) : disk_(&disk), random_(std::move(random)) {}

  // Makes the last batch whole: slots that a crash tore were never used, and count as destroyed
  // from now on. Answers how many there were.
  Result<std::uint64_t> repair();

  // A number that nobody has. Waits for a sync where a new batch is needed.
  // ErrorKind::environment: the disk is full.
  Result<PayloadKey> draw();

  // As read_payload_key; keeps what was read. ErrorKind::missing, too, where it was destroyed.
  Result<Digest> find(PayloadKey number);
  void forget(PayloadKey number) { known_.erase(number); }

 private:
  Status write_batch();

  Disk* disk_;
  Random random_;
  std::unordered_map<PayloadKey, Digest> known_;
  PayloadKey next_ = 0;  // drawn are those before it; 0: the file was not looked at yet
  PayloadKey end_ = 0;   // in the file are those before it
  std::uint64_t batch_ = 1;
};

}  // namespace pawl::journal
