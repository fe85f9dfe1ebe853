// Journal: the append-only record of everything a node decided. docs/formats/journal.md has the
// bytes; docs/decisions/ has the reasons.
//
// A record is a JSON text of which this room knows nothing but its bytes. Its sequence number is
// its index in an RFC 6962 Merkle tree, from 0, without gaps. Arguments and results are not in
// records: a record holds salted commitments, and the payloads lie beside it, where they can be
// erased without touching a proof: one by one, or all that one key seals by destroying that key.
//
// There are two formats. What is written is the second; segments of the first are read, verified
// and erased in for ever, and the next record after one begins a segment of the second.
//
// What is promised:
//   - After `append` returns, the record survives the death of the process. After `durable(seq)`
//     has delivered success, it survives a power cut, and so do its payloads and every record
//     before it. Nothing is ever reordered, invented, or lost from the middle.
//   - Every record is synced at latest `sync_delay_max` after its append, asked for or not.
//   - After any failed write or sync the journal is failed for ever: `append` refuses, everything
//     that waits is told, and no sync is tried again. The next process recovers what is there.
//   - When the disk is full, ordinary appends are refused before anything is written, `full()` is
//     true, and records with Urgency::reserve (a halt, a kill, a denial) still find room.
//   - A journal that is shorter than its newest signed checkpoint, or differs from it, is refused
//     at open. Without a witness outside, the deletion of the checkpoint files themselves is not
//     noticed.
//
// Threads: one thread (the loop) owns a Journal and calls everything. A Syncer runs the syncs
// elsewhere and hands its results back through `JournalOptions::post`. No call waits for a sync,
// but for: `open`, `close`, `snapshot`, `erase`, `new_payload_key` (now and then), and the append
// that begins a new segment (once in 64 MiB, so that a segment only ever follows a durable one).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"
#include "base/task.h"
#include "base/time.h"
#include "io/journal/disk.h"
#include "io/journal/syncer.h"

namespace pawl {

inline constexpr std::uint64_t journal_segment_bytes_max = 64UL << 20;
inline constexpr std::uint64_t journal_grow_bytes = 1UL << 20;
inline constexpr std::uint64_t journal_reserve_bytes = 1UL << 20;
inline constexpr std::uint64_t journal_free_bytes_min = 8UL << 20;
inline constexpr std::uint64_t journal_record_bytes_max = 4UL << 20;
inline constexpr std::uint64_t journal_payload_bytes_max = 256UL << 20;
inline constexpr Duration journal_sync_delay_max = Duration::milliseconds(100);
inline constexpr Duration journal_checkpoint_interval_min = Duration::seconds(1);
inline constexpr std::uint64_t journal_checkpoint_log_bytes_max = 256UL << 10;  // then thinned

// SHA-256(salt || bytes). A reader with neither salt nor bytes learns nothing from the digest, and
// after an erasure the salt is gone.
struct Commitment {
  Digest digest{};
  std::array<std::uint8_t, 16> salt{};

  // `sha256:…`, as it stands in a record.
  std::string text() const { return to_string(digest); }
};

enum class JournalFormat : std::uint32_t {
  first = 1,   // payloads in an area of their own, as they are
  second = 2,  // payloads behind their record, sealed
};

// A key that seals payloads, by its number. Once it is destroyed, what it sealed is erased: here
// and in every copy of the segments that was made without the file `payload.keys`.
using PayloadKey = std::uint64_t;
// Of payloads that are not to go with others: definitions of tools, policies. Everyone knows it; it
// only keeps what a stranger sent from looking like a part of the journal.
inline constexpr PayloadKey no_payload_key = 0;

// A payload to be stored with the record that commits to it. `bytes` must outlive the append only.
struct PayloadRef {
  Commitment commitment;
  std::string_view bytes;
  PayloadKey key = no_payload_key;
};

enum class PayloadState : std::uint8_t { present, erased, missing };

struct Payload {
  PayloadState state = PayloadState::missing;
  std::string bytes;  // only if present; checked against the commitment
};

enum class Urgency : std::uint8_t {
  ordinary,  // refused when the disk is full
  reserve,   // may use the room kept back: halts, kills, denials
};

// What `snapshot` wrote. The snapshot counts only once a record that names its digest is durable.
struct SnapshotWritten {
  Digest digest{};
  std::uint64_t size = 0;  // how many records the state covers: [0, size)

  // `{"digest":"sha256:…","size":…,"type":"snapshot.taken"}`: what `snapshot_named` looks for.
  std::string record() const;
};

// The members of a record that names a snapshot, whatever else is in it: a top-level `type` of
// `snapshot.taken` and a top-level `digest`.
bool snapshot_named(std::string_view record, const Digest& digest);

struct JournalOptions {
  // The name of the log in its checkpoints, kept in `node.key` from the first open on. Empty: a
  // random one. No blank, no `+`.
  std::string origin;

  // Runs a function on the thread that owns the journal, later. Called from the syncer's thread.
  std::function<void(std::function<void()>)> post;
  std::unique_ptr<Syncer> syncer;
  std::function<std::string(std::size_t)> random = random_bytes;
  // Since any fixed moment; called from both threads. Only differences are used.
  std::function<Duration()> monotonic;  // empty: CLOCK_BOOTTIME

  // True where a record names a snapshot's digest.
  std::function<bool(std::string_view record, const Digest& digest)> names_snapshot =
      snapshot_named;

  JournalFormat format = JournalFormat::second;  // of new segments; tests write the first, too
  std::uint64_t segment_bytes_max = journal_segment_bytes_max;
  std::uint64_t grow_bytes = journal_grow_bytes;          // files grow in steps of this
  std::uint64_t reserve_bytes = journal_reserve_bytes;    // kept back in each area of the segment
  std::uint64_t free_bytes_min = journal_free_bytes_min;  // left to others when growing
  Duration sync_delay_max = journal_sync_delay_max;
  std::uint64_t checkpoint_log_bytes_max = journal_checkpoint_log_bytes_max;
  Duration checkpoint_interval_min = journal_checkpoint_interval_min;
};

// Where `open` hands what it finds. The state of the snapshot comes first, if one is trusted, then
// every record after it, in order. An error from either ends the opening with that error.
struct JournalReplay {
  std::function<Status(std::string_view state, std::uint64_t size)> state;
  std::function<Status(std::uint64_t seq, std::string_view record)> record;
};

// What recovery did, for the first record of a new life and for messages.
struct Recovery {
  std::uint64_t size = 0;             // records found
  std::uint64_t from_snapshot = 0;    // records covered by the snapshot that was used, 0 for none
  std::uint64_t checkpoint_size = 0;  // of the newest signed checkpoint, 0 for none
  std::uint64_t torn_bytes = 0;       // bytes behind the last record that were not zero
  bool created = false;               // there was no journal
};

class Journal {
 public:
  // Locks the directory, recovers, and starts the syncer. `disk` outlives the journal.
  // ErrorKind::refused: another node has it. ErrorKind::corrupt: the journal is not what was
  // signed.
  static Result<std::unique_ptr<Journal>> open(Disk& disk, JournalOptions options,
                                               const JournalReplay& replay = {});

  // Without `close` before it, this is to the files what the death of the process would be: what
  // was appended stays, nothing more is synced or signed, and waiting callers are never told.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const Recovery& recovery() const;

  // Draws a salt and commits to the bytes; nothing is written.
  Commitment commit_to(std::string_view bytes);

  // Writes the payloads and the record, and returns the record's sequence number. Errors:
  //   ErrorKind::environment  the disk is full; nothing was written, the journal goes on
  //   ErrorKind::invalid      the record or a payload is empty of meaning or too long; nothing
  //   written ErrorKind::internal     the record does not hold the commitment of a payload; nothing
  //   written ErrorKind::io           the journal is failed
  Result<std::uint64_t> append(std::string_view record, std::span<const PayloadRef> payloads = {},
                               Urgency urgency = Urgency::ordinary);

  std::uint64_t next() const;    // the sequence number that the next record gets
  std::uint64_t synced() const;  // records [0, synced) survive a power cut

  // Delivered on the loop's thread once record `seq` survives a power cut, or with the error that
  // makes this impossible. Asks for a sync. Already durable: delivered on return.
  Completion<Status> durable(std::uint64_t seq);
  // Asks for a sync without waiting.
  void request_sync(std::uint64_t seq);

  bool failed() const;
  std::string failure() const;  // the reason, empty while not failed

  // True after `open`, an ordinary append or `make_room` found no room: grant nothing. Cleared by
  // the next append or `make_room` that finds room again.
  bool full() const;
  // Tries to get the room for ordinary appends back. Cheap; for a timer while `full`.
  Status make_room();

  // Bytes appended since open, frames and payloads with their padding.
  std::uint64_t bytes_written() const;
  // What one append adds to `bytes_written`.
  static std::uint64_t append_bytes(std::size_t record_bytes,
                                    std::span<const std::size_t> payload_bytes = {},
                                    JournalFormat format = JournalFormat::second);

  // A key that nothing was sealed with yet, durable. ErrorKind::environment: the disk is full.
  Result<PayloadKey> new_payload_key();
  // A keyed digest under this key: equal for equal bytes, and without the key, so after `destroy`,
  // no one can tell what of, however few values there are to guess. Under `no_payload_key` it is
  // one that only this life of the journal can make. ErrorKind::missing: destroyed, or no such key.
  Result<Digest> mark(PayloadKey key, std::string_view bytes);
  // Erases everything that this key seals, durably and at once. Every proof stays as it was. No
  // error if it was destroyed before; ErrorKind::missing if there is no such key.
  Status destroy(PayloadKey key);

  // The stored bytes behind a commitment. The first call reads the heads of all payloads. Erased is
  // also what a destroyed key sealed.
  // ErrorKind::corrupt where the stored bytes are not the ones committed to.
  Result<Payload> payload(const Digest& commitment);
  // Destroys bytes and salt in place, durably. Every proof stays as it was. No error if it was
  // erased before; ErrorKind::missing if there is no such payload.
  Status erase(const Digest& commitment);

  // Writes a snapshot of the state after record next()-1. Append `record()` of the answer (or a
  // record of your own that names the digest) and let it become durable.
  Result<SnapshotWritten> snapshot(std::string_view state);

  Digest root() const;                 // of the tree of next() records
  const std::string& origin() const;   // the name in checkpoints
  std::string public_key() const;      // `name+hash+key`, the C2SP spelling, as in `node.pub`
  std::uint64_t checkpointed() const;  // size of the newest signed checkpoint

  // Syncs, signs a last checkpoint, releases the directory. Only the destructor may follow.
  Status close();

 private:
  class Body;
  explicit Journal(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

}  // namespace pawl
