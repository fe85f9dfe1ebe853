// The part of recovery that changes files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/journal/disk.h"
#include "io/journal/segment.h"

namespace pawl::journal {

// Bytes that are not zero in [from, to) of a file; `to` may lie behind its end.
Result<std::uint64_t> count_nonzero(const File& file, std::uint64_t from, std::uint64_t to);

// Makes the newest segment what was read from it, durably. Behind the last record (and the last
// payload of a payload area) there are zeros afterwards: stale bytes could not come alive again,
// but a verifier would stumble over them. From `unsure` on everything is written once more: after a
// sync that failed in an earlier life, memory may show bytes that the disk never got, and a sync
// alone would not send them. Answers how many bytes behind the end were not zero.
Result<std::uint64_t> clean_tail(Disk& disk, const SegmentHead& head, const Place& unsure,
                                 const Place& end);

// Removes files that are there; syncs the folders they were in.
Status remove_all(Disk& disk, const std::vector<std::string>& paths);

// Files that were being written when the process died (`….new`), and erasures it had begun.
Status finish_removals(Disk& disk);

}  // namespace pawl::journal
