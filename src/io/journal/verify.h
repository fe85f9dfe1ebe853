// An independent verifier of a journal's files, for `pawl audit verify`.
//
// It reads the bytes of docs/formats/journal.md with code of its own: nothing here is shared with
// the code that writes and recovers, but for hashes, base64 and the Disk. It finds every single
// changed bit in segments, payloads, checkpoints, snapshots and the public key, and says where.
// A thief of the node's key can write another history that verifies; against that only a
// checkpoint helps that another party holds (`expected`).
//
// One damage is one finding: what only follows from it (checkpoints that cannot be compared any
// more, records that continue a lost one) is not said again. Behind damage the reading goes on at
// the next record that its own successor proves, so the answer says what can still be read.
//
// A *torn* end is not damage: bytes behind the newest checkpoint that are not a whole record are
// what a crash leaves, and the next start of the node cuts them off (recovery.h).
//
// It takes no lock. On the files of a running node give it `pause`: what looks torn at the end is
// then looked at again before it counts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "io/journal/disk.h"

namespace pawl {

struct JournalFinding {
  std::string file;  // relative to the state directory
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> seq;
  std::string what;
  std::optional<std::uint64_t> last_seq = {};  // where it is about more than the record `seq`
  bool torn = false;                           // the next start of the node cuts it off
};

// `file:offset: record seq: what`, or `file:offset: records seq to last_seq: what`.
std::string to_string(const JournalFinding& finding);

// Records [first, end) whose bytes can be read, and are in an unbroken chain.
struct ReadableRecords {
  std::uint64_t first = 0;
  std::uint64_t end = 0;

  friend bool operator==(const ReadableRecords&, const ReadableRecords&) = default;
};

struct JournalVerification {
  std::vector<JournalFinding> findings;  // empty: everything is as it was written
  bool more_findings = false;            // there were more than `findings_max`
  std::string origin;
  std::uint64_t records = 0;
  std::uint64_t segments = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t checkpoint_size = 0;  // of the newest; records behind it are not signed yet
  std::uint64_t payloads_present = 0;
  std::uint64_t payloads_erased = 0;
  std::uint64_t snapshots = 0;
  Digest root{};                          // of all records; of no meaning behind damage
  std::vector<ReadableRecords> readable;  // ascending

  bool clean() const { return findings.empty(); }
  // The first finding that a crash does not explain; null: the journal is not damaged.
  const JournalFinding* damage() const;
  // `records 0 to 41, and records 44 to 80`, or `no record`.
  std::string readable_text() const;
};

// A checkpoint that another party kept: the journal must still contain it.
struct ExpectedCheckpoint {
  std::uint64_t size = 0;
  Digest root{};
};

struct VerifyOptions {
  std::size_t findings_max = 100;
  std::function<void()> pause;  // lets a running node finish what it is writing
  std::vector<ExpectedCheckpoint> expected;
  std::function<void(std::uint64_t segments, std::uint64_t of)> progress;  // for who watches
  std::function<bool()> stop;  // between segments: the answer is ErrorKind::environment
};

// An error only where the files cannot be read at all: damage is a finding.
Result<JournalVerification> verify_journal(Disk& disk, const VerifyOptions& options = {});

}  // namespace pawl
