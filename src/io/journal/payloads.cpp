#include "io/journal/payloads.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>

#include "base/text.h"
#include "io/journal/segment.h"

namespace pawl::journal {
namespace {

constexpr char erasing_path[] = "erasing";
constexpr std::uint64_t erasing_bytes_max = 1UL << 20;
constexpr std::size_t zero_chunk_bytes = 1UL << 20;
constexpr unsigned entry_bits = 40;    // number of an entry's 64 bytes in its file: 64 TiB
constexpr std::size_t slots_min = 64;  // a power of two, and doubled: a place is a mask away

struct Erasure {
  PayloadPlace place;
  EntryHead head;
};

std::string intent_line(const Erasure& erasure) {
  return fmt::format("{} {} {} {} {}\n", hex(erasure.head.commitment), erasure.place.first,
                     erasure.place.offset, erasure.head.length, erasure.head.seq);
}

std::optional<Erasure> read_intent(std::string_view line) {
  const auto fields = split(line, ' ');
  std::string digest;
  Erasure erasure;
  if (fields.size() != 5 || !unhex(fields[0], digest) ||
      digest.size() != erasure.head.commitment.size()) {
    return std::nullopt;
  }
  std::copy(digest.begin(), digest.end(), erasure.head.commitment.begin());
  std::uint64_t* numbers[] = {&erasure.place.first, &erasure.place.offset, &erasure.head.length,
                              &erasure.head.seq};
  for (std::size_t i = 0; i < std::size(numbers); ++i) {
    const std::string_view text = fields[i + 1];
    const char* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, *numbers[i]);
    if (code != std::errc{} || stop != end) return std::nullopt;
  }
  if (erasure.head.length > journal_payload_bytes_max || erasure.place.offset > area_bytes_max) {
    return std::nullopt;
  }
  erasure.head.state = EntryState::erased;
  return erasure;
}

// Writes what an erasure leaves, and syncs. The head is written from the intent, because an earlier
// attempt may have torn it.
Status erase_at(Disk& disk, const Erasure& erasure) {
  auto file = disk.open(segment_path(erasure.place.first), Access::write);
  // A power cut took the segment, or the entry's end of it: there is nothing left to erase.
  if (!file && file.error().fault == ErrorKind::missing) return {};
  PAWL_TRY(file);
  const std::uint64_t end = erasure.place.offset + entry_bytes(erasure.head.length);
  auto size = (*file)->size();
  PAWL_TRY(size);
  if (*size < end) return {};
  auto before = read_exactly(**file, erasure.place.offset, entry_head_bytes);
  PAWL_TRY(before);
  if (all_zero(*before)) return {};

  std::string out;
  write_entry_head(out, erasure.head);
  std::uint64_t at = erasure.place.offset;
  while (at < end) {
    out.resize(std::min<std::uint64_t>(end - at, zero_chunk_bytes), '\0');
    PAWL_TRY(write_all(**file, at, out));
    at += out.size();
    out.clear();
  }
  return (*file)->sync();
}

}  // namespace

Result<PayloadIndex> PayloadIndex::build(Disk& disk) {
  PayloadIndex index;
  auto segments = list_segments(disk);
  PAWL_TRY(segments);
  for (const std::uint64_t first : *segments) {
    PAWL_TRY(index.walk(disk, first));
  }
  return index;
}

Status PayloadIndex::walk(Disk& disk, std::uint64_t first) {
  auto file = disk.open(segment_path(first), Access::read);
  PAWL_TRY(file);
  auto start = read_segment_start(**file, first);
  PAWL_TRY(start);
  auto size = (*file)->size();
  PAWL_TRY(size);
  if (!*start) return {};
  PayloadPlace place{first, (*start)->head.payload_area};
  while (place.offset + entry_head_bytes <= *size) {
    auto bytes = read_exactly(**file, place.offset, entry_head_bytes);
    PAWL_TRY(bytes);
    const auto head = read_entry_head(*bytes);
    if (!head || head->length > journal_payload_bytes_max) {
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
  std::size_t at = slot.prefix[0] & (slots.size() - 1);
  while (slots[at].place != 0) at = (at + 1) & (slots.size() - 1);
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
  for (std::size_t at = wanted.prefix[0] & (slots_.size() - 1); slots_[at].place != 0;
       at = (at + 1) & (slots_.size() - 1)) {
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
    PAWL_TRY(file);
    auto size = (*file)->size();
    PAWL_TRY(size);
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
    return fail(
        ErrorKind::corrupt,
        fmt::format("`{}` at {}: the head of a payload is damaged, what "
                    "follows it cannot be found",
                    disk.shown(segment_path(index.damaged()->first)), index.damaged()->offset));
  }
  return payload;
}

Status erase_payload(Disk& disk, const PayloadIndex& index, const Digest& commitment) {
  const std::vector<PayloadPlace> places = index.find(commitment);
  if (places.empty()) {
    return fail(ErrorKind::missing, fmt::format("there is no payload `{}`", to_string(commitment)));
  }
  std::string intent;
  for (const PayloadPlace& place : places) {
    auto file = disk.open(segment_path(place.first), Access::read);
    PAWL_TRY(file);
    auto bytes = read_exactly(**file, place.offset, entry_head_bytes);
    PAWL_TRY(bytes);
    const auto head = read_entry_head(*bytes);
    if (!head) {
      return fail(ErrorKind::corrupt,
                  fmt::format("`{}` at {}: the head of a payload is damaged",
                              disk.shown(segment_path(place.first)), place.offset));
    }
    if (head->commitment == commitment) intent += intent_line({place, *head});
  }
  if (intent.empty()) {
    return fail(ErrorKind::missing, fmt::format("there is no payload `{}`", to_string(commitment)));
  }
  PAWL_TRY(replace_whole(disk, erasing_path, intent));
  return finish_erasures(disk);
}

Status finish_erasures(Disk& disk) {
  auto intent = read_whole(disk, erasing_path, erasing_bytes_max);
  if (!intent) {
    if (intent.error().fault == ErrorKind::missing) return {};
    return std::unexpected(intent.error());
  }
  for (const std::string_view line : split(*intent, '\n')) {
    if (line.empty()) continue;
    const auto erasure = read_intent(line);
    if (!erasure) {
      return fail(ErrorKind::corrupt,
                  fmt::format("`{}` is not a list of erasures", disk.shown(erasing_path)));
    }
    PAWL_TRY(erase_at(disk, *erasure));
  }
  PAWL_TRY(disk.remove(erasing_path));
  return disk.sync_directory("");
}

}  // namespace pawl::journal
