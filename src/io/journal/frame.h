// The bytes of a segment: frames of records, and entries of payloads.
//
// In the first format entries have an area of their own, in the second they follow their record's
// frame. Everything here only turns fields into bytes and back; docs/formats/journal.md describes
// them. Numbers are little-endian. A frame starts at a multiple of 8.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"
#include "io/journal/journal.h"

namespace pawl::journal {

using Salt = std::array<std::uint8_t, 16>;

inline constexpr std::size_t frame_head_bytes = 32;
inline constexpr std::size_t frame_alignment_bytes = 8;
inline constexpr std::size_t salt_bytes = 16;
inline constexpr std::size_t area_alignment_bytes = 4096;
// Nothing in a segment lies behind twice this, whatever its bytes say.
inline constexpr std::uint64_t area_bytes_max = 1ULL << 40;
inline constexpr std::uint64_t no_segment = ~0ULL;

constexpr std::size_t entry_head_bytes(JournalFormat format) {
  return format == JournalFormat::first ? 64 : 72;
}
constexpr std::size_t entry_alignment_bytes(JournalFormat format) {
  return format == JournalFormat::first ? 64 : 8;
}

constexpr std::uint64_t padded(std::uint64_t bytes, std::uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}
constexpr std::uint64_t frame_bytes(std::uint64_t text_bytes) {
  return padded(frame_head_bytes + text_bytes, frame_alignment_bytes);
}
constexpr std::uint64_t entry_bytes(JournalFormat format, std::uint64_t payload_bytes) {
  return padded(entry_head_bytes(format) + salt_bytes + payload_bytes,
                entry_alignment_bytes(format));
}

enum class FrameKind : std::uint32_t { record = 1, segment = 2 };

struct FrameHead {
  FrameKind kind = FrameKind::record;
  std::uint32_t length = 0;  // of the text
  std::uint64_t seq = 0;     // of the record; in a segment's frame: of its first record
  // First format: the end of this record's entries, counted from the payload area. Second: how many
  // bytes of entries follow the frame.
  std::uint64_t entries = 0;
  std::uint32_t crc = 0;  // over leaf hash before, head without this field, text
};

// The leaf hash before the first record, and the seed of every segment's own frame.
inline constexpr Digest no_leaf{};

// Appends head, text and padding.
void write_frame(std::string& out, JournalFormat format, const FrameHead& head,
                 std::string_view text, const Digest& leaf_before);
// Nothing if the 32 bytes do not begin like a frame of this format; the CRC is not looked at.
std::optional<FrameHead> read_frame_head(JournalFormat format, std::string_view bytes);
// `frame`: head and text, without padding.
bool frame_is_whole(std::string_view frame, const FrameHead& head, const Digest& leaf_before);

// What a segment's own frame says, which has the first format's head in both formats. The link is
// to the segment before.
struct SegmentHead {
  JournalFormat format = JournalFormat::second;
  std::string origin;
  std::uint64_t payload_area = 0;             // offset in the file; zero in the second format
  std::uint64_t previous_first = no_segment;  // first record of the segment before
  std::uint64_t previous_records_end = 0;     // where its frames end
  std::uint64_t previous_payload_end = 0;     // where the entries of its payload area end
  Digest root{};                              // of the tree of all records before this segment
  Digest leaf_before{};                       // seeds the first record's CRC
};

std::string segment_text(const SegmentHead& head);
Result<SegmentHead> read_segment_text(std::string_view text);

enum class EntryState : std::uint32_t { present = 1, erased = 2 };

struct EntryHead {
  EntryState state = EntryState::present;
  std::uint64_t length = 0;
  std::uint64_t seq = 0;  // of the record that commits to it
  Digest commitment{};
  // Second format: the key that seals salt and bytes, and the CRC of what stands there.
  PayloadKey key = no_payload_key;
  std::uint32_t body_crc = 0;
};

// Appends an entry's head; salt, bytes and padding follow in the file.
void write_entry_head(std::string& out, JournalFormat format, const EntryHead& head);
// Nothing unless the bytes are a whole head.
std::optional<EntryHead> read_entry_head(JournalFormat format, std::string_view bytes);

// Seals salt and bytes of a payload in place, or opens them. The counter begins with the
// commitment, which is another one for every salt.
void seal_payload(const Digest& key, const Digest& commitment, std::span<char> salt_and_bytes);

bool all_zero(std::string_view bytes);

}  // namespace pawl::journal
