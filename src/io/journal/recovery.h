// Recovery: what a journal's files say, checked against what was signed, and made clean again.
//
// `recover` first reads everything it needs and decides; only then does it change a byte. It keeps
// the longest run of whole records, drops what a power cut tore behind it, and refuses to go on
// where records are missing that a signed checkpoint counts.
#pragma once

#include <cstdint>
#include <optional>

#include "io/journal/checkpoint_log.h"
#include "io/journal/journal.h"
#include "io/journal/segment.h"

namespace pawl::journal {

struct Recovered {
  Recovery report;
  Frontier tree;
  // The segment to go on in; nothing where there is no record and no whole segment.
  std::optional<SegmentHead> head;
  Place place;
};

// `checkpoint`: the newest signed one. Everything recovered is durable on return.
Result<Recovered> recover(Disk& disk, const std::string& origin,
                          const std::optional<Checkpoint>& checkpoint,
                          const JournalOptions& options, const JournalReplay& replay);

}  // namespace pawl::journal
