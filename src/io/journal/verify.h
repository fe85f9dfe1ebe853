// An independent verifier of a journal's files, for `pawl audit verify`.
//
// It reads the bytes of docs/formats/journal.md with code of its own: nothing here is shared with
// the code that writes and recovers, but for hashes, base64 and the Disk. It finds every single
// changed bit in segments, payloads, checkpoints, snapshots and the public key, and says where.
// Whoever holds the node's key can write another history that verifies; against that only a
// checkpoint helps that somebody else holds (`expected`).
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
};

// `file:offset: record seq: what`.
std::string to_string(const JournalFinding& finding);

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
  Digest root{};  // of all records

  bool clean() const { return findings.empty(); }
};

// A checkpoint that somebody else kept: the journal must still contain it.
struct ExpectedCheckpoint {
  std::uint64_t size = 0;
  Digest root{};
};

struct VerifyOptions {
  std::size_t findings_max = 100;
  std::function<void()> pause;  // lets a running node finish what it is writing
  std::vector<ExpectedCheckpoint> expected;
  std::function<void(std::uint64_t segments, std::uint64_t of)> progress;  // for who watches
};

// An error only where the files cannot be read at all: damage is a finding.
Result<JournalVerification> verify_journal(Disk& disk, const VerifyOptions& options = {});

}  // namespace pawl
