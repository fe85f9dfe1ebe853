// Snapshot files: a state and the place in the journal at which it holds.
//
// A snapshot is a hint for speed and nothing else: it is used only where a record found behind its
// place names the SHA-256 of the whole file, and where a signed checkpoint confirms the tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/journal/segment.h"

namespace pawl::journal {

inline constexpr std::uint64_t snapshot_bytes_max = 1UL << 30;
inline constexpr std::size_t snapshots_kept = 2;

struct Snapshot {
  Frontier tree;  // its size is the number of records that the state covers
  Place place;    // of the next record's frame
  std::string state;
  Digest digest{};  // of the whole file
};

std::string snapshot_bytes(const Frontier& tree, const Place& place, std::string_view state);
// ErrorKind::corrupt unless it is a snapshot, whole.
Result<Snapshot> parse_snapshot(std::string bytes);

}  // namespace pawl::journal
