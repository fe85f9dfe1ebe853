#include "io/journal/payloads.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "io/journal/segment.h"

namespace pawl::journal {
namespace {

constexpr char erasing_path[] = "erasing";
constexpr std::uint64_t erasing_bytes_max = 1UL << 20;
constexpr std::size_t zero_chunk_bytes = 1UL << 20;
constexpr unsigned entry_bits = 40;  // number of an entry's 64 bytes in its file: 64 TiB
constexpr std::size_t slots_min = 64;

// Fills the entry with what an erasure leaves, and syncs.
Status erase_at(Disk& disk, const PayloadPlace& place, const Digest& commitment) {
  auto file = disk.open(segment_path(place.first), Access::write);
  if (!file) return std::unexpected(file.error());
  auto bytes = read_exactly(**file, place.offset, entry_head_bytes);
  if (!bytes && bytes.error().fault != Fault::corrupt) return std::unexpected(bytes.error());
  auto head = bytes ? read_entry_head(*bytes) : std::nullopt;
  // Lost with its record in a power cut: there is nothing left to erase.
  if (!head || head->commitment != commitment) return {};
  head->state = EntryState::erased;
  std::string out;
  write_entry_head(out, *head);
  std::uint64_t at = place.offset;
  std::uint64_t rest = salt_bytes + head->length;
  while (true) {
    const auto count = std::min<std::uint64_t>(rest, zero_chunk_bytes);
    out.append(count, '\0');
    if (Status written = write_all(**file, at, out); !written) return written;
    at += out.size();
    rest -= count;
    if (rest == 0) break;
    out.clear();
  }
  return (*file)->sync();
}

}  // namespace

Result<PayloadIndex> PayloadIndex::build(Disk& disk) {
  PayloadIndex index;
  auto segments = list_segments(disk);
  if (!segments) return std::unexpected(segments.error());
  for (const std::uint64_t first : *segments) {
    if (Status walked = index.walk(disk, first); !walked) return std::unexpected(walked.error());
  }
  return index;
}

Status PayloadIndex::walk(Disk& disk, std::uint64_t first) {
  auto file = disk.open(segment_path(first), Access::read);
  if (!file) return std::unexpected(file.error());
  auto start = read_segment_start(**file, first);
  if (!start) return std::unexpected(start.error());
  auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  if (!*start) return {};
  PayloadPlace place{first, (*start)->head.payload_area};
  while (place.offset + entry_head_bytes <= *size) {
    auto bytes = read_exactly(**file, place.offset, entry_head_bytes);
    if (!bytes) return std::unexpected(bytes.error());
    const auto head = read_entry_head(*bytes);
    if (!head) {
      if (!all_zero(*bytes) && !damaged_) damaged_ = place;
      return {};
    }
    add(head->commitment, place);
    place.offset += entry_bytes(head->length);
  }
  return {};
}

void PayloadIndex::insert(std::vector<Slot>& slots, const Slot& slot) const {
  // A commitment is a hash already: its own bytes are the slot's number.
  std::size_t at = slot.prefix[0] % slots.size();
  while (slots[at].place != 0) at = (at + 1) % slots.size();
  slots[at] = slot;
}

void PayloadIndex::add(const Digest& commitment, const PayloadPlace& place) {
  if (slots_.empty() || (count_ + 1) * 2 > slots_.size()) {
    std::vector<Slot> larger(std::max(slots_min, slots_.size() * 2));
    for (const Slot& slot : slots_) {
      if (slot.place != 0) insert(larger, slot);
    }
    slots_.swap(larger);
  }
  auto segment = std::ranges::find(segments_, place.first);
  if (segment == segments_.end()) segment = segments_.insert(segments_.end(), place.first);
  const auto number = static_cast<std::uint64_t>(segment - segments_.begin());
  Slot slot;
  std::memcpy(slot.prefix, commitment.data(), sizeof slot.prefix);
  slot.place = (number << entry_bits) | (place.offset / entry_alignment_bytes);
  insert(slots_, slot);
  ++count_;
}

std::vector<PayloadPlace> PayloadIndex::find(const Digest& commitment) const {
  std::vector<PayloadPlace> places;
  if (slots_.empty()) return places;
  Slot wanted;
  std::memcpy(wanted.prefix, commitment.data(), sizeof wanted.prefix);
  for (std::size_t at = wanted.prefix[0] % slots_.size(); slots_[at].place != 0;
       at = (at + 1) % slots_.size()) {
    const Slot& slot = slots_[at];
    if (slot.prefix[0] != wanted.prefix[0] || slot.prefix[1] != wanted.prefix[1]) continue;
    const std::uint64_t entry = slot.place & ((1ULL << entry_bits) - 1);
    places.push_back({segments_[slot.place >> entry_bits], entry * entry_alignment_bytes});
  }
  return places;
}

Result<Payload> read_payload(Disk& disk, const PayloadIndex& index, const Digest& commitment) {
  Payload payload;
  for (const PayloadPlace& place : index.find(commitment)) {
    const std::string path = segment_path(place.first);
    auto file = disk.open(path, Access::read);
    if (!file) return std::unexpected(file.error());
    auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    auto entry = read_entry(**file, place.offset, *size);
    if (!entry) {
      return fail(entry.error().fault, fmt::format("`{}` at {}: {}", disk.shown(path), place.offset,
                                                   entry.error().message));
    }
    if (entry->head.commitment != commitment) continue;  // only its first 16 bytes are equal
    if (entry->head.state == EntryState::present) {
      return Payload{PayloadState::present, std::move(entry->bytes)};
    }
    payload.state = PayloadState::erased;
  }
  if (payload.state == PayloadState::missing && index.damaged()) {
    return fail(Fault::corrupt, fmt::format("`{}` at {}: the head of a payload is damaged, what "
                                            "follows it cannot be found",
                                            disk.shown(segment_path(index.damaged()->first)),
                                            index.damaged()->offset));
  }
  return payload;
}

Status erase_payload(Disk& disk, const PayloadIndex& index, const Digest& commitment) {
  const std::vector<PayloadPlace> places = index.find(commitment);
  if (places.empty()) {
    return fail(Fault::missing, fmt::format("there is no payload `{}`", spelled(commitment)));
  }
  std::string intent;
  for (const PayloadPlace& place : places) {
    intent += fmt::format("{} {} {}\n", hex(commitment), place.first, place.offset);
  }
  if (Status noted = replace_whole(disk, erasing_path, intent); !noted) return noted;
  return finish_erasures(disk);
}

Status finish_erasures(Disk& disk) {
  auto intent = read_whole(disk, erasing_path, erasing_bytes_max);
  if (!intent) {
    if (intent.error().fault == Fault::missing) return {};
    return std::unexpected(intent.error());
  }
  for (const std::string_view line : split(*intent, '\n')) {
    if (line.empty()) continue;
    const auto fields = split(line, ' ');
    std::string digest_bytes;
    PayloadPlace place;
    Digest commitment;
    if (fields.size() != 3 || !unhex(fields[0], digest_bytes) ||
        digest_bytes.size() != commitment.size()) {
      return fail(Fault::corrupt,
                  fmt::format("`{}` is not a list of erasures", disk.shown(erasing_path)));
    }
    std::copy(digest_bytes.begin(), digest_bytes.end(), commitment.begin());
    const auto number = [](std::string_view text) {
      return std::strtoull(std::string(text).c_str(), nullptr, 10);
    };
    place = {number(fields[1]), number(fields[2])};
    if (Status erased = erase_at(disk, place, commitment); !erased) return erased;
  }
  if (Status removed = disk.remove(erasing_path); !removed) return removed;
  return disk.sync_directory("");
}

}  // namespace pawl::journal
