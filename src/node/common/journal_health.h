// Whether a journal is what was written: for every command and page that tells of it.
//
// The whole of it is verified (io/journal/verify.h), payloads and signatures too, so that no reader
// takes a damaged journal for a short one. A torn end is no damage: the next start of the node cuts
// it off, and a node that is writing finishes it.
// Threads: any; takes no lock. It may take seconds: a loop runs it aside.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "io/journal/disk.h"
#include "io/journal/verify.h"

namespace pawl::node {

struct JournalHealth {
  std::string damage;  // what is wrong, where, and what of it can be told; empty: nothing
  std::string torn;    // what the next start of the node cuts off; empty: nothing
  // Records before the damage: what may be told as what happened.
  std::uint64_t told_max = ~0ULL;
};

// What a verification means for a reader of the journal.
JournalHealth health_of(const JournalVerification& found);

Result<JournalHealth> health_of_journal(
    Disk& disk, std::function<void(std::uint64_t done, std::uint64_t of)> progress = {});

}  // namespace pawl::node
