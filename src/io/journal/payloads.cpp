#include "io/journal/payloads.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>

#include "base/text.h"
#include "io/journal/payload_keys.h"
#include "io/journal/segment.h"

namespace pawl::journal {
namespace {

constexpr char erasing_path[] = "erasing";
constexpr std::uint64_t erasing_bytes_max = 1UL << 20;
constexpr std::size_t zero_chunk_bytes = 1UL << 20;
constexpr unsigned entry_bits = 40;  // number of an entry's 8 bytes in its file: 8 TiB
constexpr std::uint64_t entry_unit_bytes = 8;
constexpr std::string_view key_word = "key ";  // begins the line of a key in `erasing`
constexpr std::size_t slots_min = 64;  // a power of two, and doubled: a place is a mask away

struct Erasure {
  JournalFormat format = JournalFormat::first;
  PayloadPlace place;
  EntryHead head;
};

std::string intent_line(const Erasure& erasure) {
  return fmt::format("{} {} {} {} {} {} {}\n", hex(erasure.head.commitment), erasure.place.first,
                     erasure.place.offset, erasure.head.length, erasure.head.seq,
                     static_cast<std::uint32_t>(erasure.format), erasure.head.key);
}

bool read_number(std::string_view text, std::uint64_t& into) {
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, into);
  return code == std::errc{} && stop == end;
}

std::optional<Erasure> read_intent(std::string_view line) {
  const auto fields = split(line, ' ');
  std::string digest;
  Erasure erasure;
  // Two numbers fewer: from before there was a second format.
  if ((fields.size() != 5 && fields.size() != 7) || !unhex(fields[0], digest) ||
      digest.size() != erasure.head.commitment.size()) {
    return std::nullopt;
  }
  std::copy(digest.begin(), digest.end(), erasure.head.commitment.begin());
  std::uint64_t format = 1;
  std::uint64_t* numbers[] = {
      &erasure.place.first, &erasure.place.offset, &erasure.head.length, &erasure.head.seq, &format,
      &erasure.head.key};
  for (std::size_t i = 0; i + 1 < fields.size(); ++i) {
    if (!read_number(fields[i + 1], *numbers[i])) return std::nullopt;
  }
  erasure.format = static_cast<JournalFormat>(format);
  if (format > 2 || format < 1 || erasure.head.length > journal_payload_bytes_max ||
      erasure.place.offset > area_bytes_max) {
    return std::nullopt;
  }
  erasure.head.state = EntryState::erased;
  erasure.head.body_crc = 0;
  return erasure;
}

// Writes what an erasure leaves, and syncs. The head is written from the intent, because an earlier
// attempt may have torn it.
Status erase_at(Disk& disk, const Erasure& erasure) {
  auto file = disk.open(segment_path(erasure.place.first), Access::write);
  // A power cut took the segment, or the entry's end of it: there is nothing left to erase.
  if (!file && file.error().fault == ErrorKind::missing) return {};
  PAWL_TRY(file);
  const std::uint64_t end = erasure.place.offset + entry_bytes(erasure.format, erasure.head.length);
  auto size = (*file)->size();
  PAWL_TRY(size);
  if (*size < end) return {};
  auto before = read_exactly(**file, erasure.place.offset, entry_head_bytes(erasure.format));
  PAWL_TRY(before);
  if (all_zero(*before)) return {};

  std::string out;
  write_entry_head(out, erasure.format, erasure.head);
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
  if (!*start) return {};
  ReadAhead ahead(**file);
  const SegmentHead& head = (*start)->head;
  if (head.format == JournalFormat::first) {
    return walk_entries(ahead, head.format, {first, head.payload_area}, ~0ULL);
  }
  // Of frames only the heads: where one is damaged, none stands where it leads, or the entry there
  // is another record's.
  PayloadPlace place{first, (*start)->place.offset};
  for (;;) {
    auto bytes = ahead.bytes(place.offset, frame_head_bytes);
    PAWL_TRY(bytes);
    const auto frame = read_frame_head(head.format, *bytes);
    if (!frame || frame->entries > area_bytes_max) {
      const bool end = all_zero(bytes->substr(0, frame_head_bytes));
      if (!end && !damaged_) damaged_ = place;
      return {};
    }
    place.offset += frame_bytes(frame->length);
    const std::uint64_t end = place.offset + frame->entries;
    PAWL_TRY(walk_entries(ahead, head.format, place, end));
    place.offset = end;
  }
}

Status PayloadIndex::walk_entries(ReadAhead& file, JournalFormat format, PayloadPlace place,
                                  std::uint64_t end) {
  while (place.offset < end) {
    auto bytes = file.bytes(place.offset, entry_head_bytes(format));
    PAWL_TRY(bytes);
    const std::string_view there = bytes->substr(0, entry_head_bytes(format));
    const auto head = read_entry_head(format, there);
    if (!head || head->length > journal_payload_bytes_max) {
      if (!all_zero(there) && !damaged_) damaged_ = place;
      return {};
    }
    add(head->commitment, place);
    place.offset += entry_bytes(format, head->length);
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
  slot.place = (number << entry_bits) | (place.offset / entry_unit_bytes);
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
    places.push_back({segments_[slot.place >> entry_bits], entry * entry_unit_bytes});
  }
  return places;
}

namespace {

// The file of a segment and its format.
struct OpenSegment {
  std::unique_ptr<File> file;
  JournalFormat format = JournalFormat::first;
};

Result<OpenSegment> open_segment(Disk& disk, std::uint64_t first) {
  auto file = disk.open(segment_path(first), Access::read);
  PAWL_TRY(file);
  auto start = read_segment_start(**file, first);
  PAWL_TRY(start);
  if (!*start) {
    return fail(ErrorKind::corrupt, fmt::format("`{}`: the head of the segment is damaged",
                                                disk.shown(segment_path(first))));
  }
  return OpenSegment{std::move(*file), (*start)->head.format};
}

// Takes salt and bytes of an entry apart, and opens them where they are sealed.
Result<Payload> opened(Disk& disk, JournalFormat format, EntryRead entry) {
  if (format == JournalFormat::second) {
    auto key = read_payload_key(disk, entry.head.key);
    PAWL_TRY(key);
    if (!*key) return Payload{PayloadState::erased, {}};
    seal_payload(**key, entry.head.commitment, entry.body);
    if (sha256(entry.body) != entry.head.commitment) {
      return fail(ErrorKind::corrupt, "a payload is not what was committed to");
    }
  }
  entry.body.erase(0, salt_bytes);
  return Payload{PayloadState::present, std::move(entry.body)};
}

}  // namespace

Result<Payload> read_payload(Disk& disk, const PayloadIndex& index, const Digest& commitment) {
  Payload payload;
  for (const PayloadPlace& place : index.find(commitment)) {
    auto segment = open_segment(disk, place.first);
    PAWL_TRY(segment);
    auto size = segment->file->size();
    PAWL_TRY(size);
    auto entry = read_entry(*segment->file, segment->format, place.offset, *size);
    const bool other = entry && entry->head.commitment != commitment;
    if (other) continue;  // only its first 16 bytes are equal
    if (entry && entry->head.state == EntryState::erased) {
      payload.state = PayloadState::erased;
      continue;
    }
    Result<Payload> read =
        entry ? opened(disk, segment->format, std::move(*entry)) : std::unexpected(entry.error());
    if (!read) {
      return fail(read.error().fault,
                  fmt::format("`{}` at {}: {}", disk.shown(segment_path(place.first)), place.offset,
                              read.error().message));
    }
    if (read->state == PayloadState::present) return read;
    payload.state = read->state;
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
  const auto missing = [&] {
    return fail(ErrorKind::missing, fmt::format("there is no payload `{}`", to_string(commitment)));
  };
  const std::vector<PayloadPlace> places = index.find(commitment);
  if (places.empty()) return missing();
  std::string intent;
  for (const PayloadPlace& place : places) {
    auto segment = open_segment(disk, place.first);
    PAWL_TRY(segment);
    auto bytes = read_exactly(*segment->file, place.offset, entry_head_bytes(segment->format));
    PAWL_TRY(bytes);
    auto head = read_entry_head(segment->format, *bytes);
    if (!head) {
      return fail(ErrorKind::corrupt,
                  fmt::format("`{}` at {}: the head of a payload is damaged",
                              disk.shown(segment_path(place.first)), place.offset));
    }
    if (head->commitment == commitment) intent += intent_line({segment->format, place, *head});
  }
  if (intent.empty()) return missing();
  PAWL_TRY(replace_whole(disk, erasing_path, intent));
  return finish_erasures(disk);
}

Status erase_sealed(Disk& disk, PayloadKey key) {
  if (key == no_payload_key)
    return fail(ErrorKind::missing, "key 0 is no secret, and cannot be destroyed");
  // A damaged slot seals nothing that could be opened, and is overwritten all the same.
  const auto known = read_payload_key(disk, key);
  if (!known && known.error().fault != ErrorKind::corrupt) return std::unexpected(known.error());
  PAWL_TRY(replace_whole(disk, erasing_path, fmt::format("{}{}\n", key_word, key)));
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
    PayloadKey key = no_payload_key;
    if (line.starts_with(key_word) && read_number(line.substr(key_word.size()), key)) {
      PAWL_TRY(destroy_payload_key(disk, key));
      continue;
    }
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
