#include "io/journal/frame.h"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>

namespace pawl::journal {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they stand");

constexpr std::size_t frame_crc_at = 28;
constexpr std::size_t segment_fixed_bytes = 112;

void put(std::string& out, std::integral auto value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <std::integral T>
T take(std::string_view bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

Digest take_digest(std::string_view bytes, std::size_t at) {
  Digest digest;
  std::memcpy(digest.data(), bytes.data() + at, digest.size());
  return digest;
}

std::string_view frame_magic(JournalFormat format) {
  return format == JournalFormat::first ? "PWF1" : "PWF2";
}
std::string_view entry_magic(JournalFormat format) {
  return format == JournalFormat::first ? "PWE1" : "PWE2";
}
// The last four bytes of the head.
std::size_t entry_crc_at(JournalFormat format) {
  return entry_head_bytes(format) - sizeof(std::uint32_t);
}

std::uint32_t frame_crc(std::string_view head, std::string_view text, const Digest& leaf_before) {
  return crc32c(text, crc32c(head.substr(0, frame_crc_at), crc32c(bytes_of(leaf_before))));
}

}  // namespace

void write_frame(std::string& out, JournalFormat format, const FrameHead& head,
                 std::string_view text, const Digest& leaf_before) {
  const std::size_t start = out.size();
  out.append(frame_magic(format));
  put(out, static_cast<std::uint32_t>(text.size()));
  put(out, head.seq);
  put(out, head.entries);
  put(out, static_cast<std::uint32_t>(head.kind));
  put(out, frame_crc(std::string_view(out).substr(start), text, leaf_before));
  out.append(text);
  out.resize(start + frame_bytes(text.size()), '\0');
}

std::optional<FrameHead> read_frame_head(JournalFormat format, std::string_view bytes) {
  if (bytes.size() < frame_head_bytes || !bytes.starts_with(frame_magic(format))) {
    return std::nullopt;
  }
  const auto kind = take<std::uint32_t>(bytes, 24);
  if (kind != static_cast<std::uint32_t>(FrameKind::record) &&
      kind != static_cast<std::uint32_t>(FrameKind::segment)) {
    return std::nullopt;
  }
  return FrameHead{.kind = static_cast<FrameKind>(kind),
                   .length = take<std::uint32_t>(bytes, 4),
                   .seq = take<std::uint64_t>(bytes, 8),
                   .entries = take<std::uint64_t>(bytes, 16),
                   .crc = take<std::uint32_t>(bytes, frame_crc_at)};
}

bool frame_is_whole(std::string_view frame, const FrameHead& head, const Digest& leaf_before) {
  if (frame.size() != frame_head_bytes + head.length) return false;
  return head.crc == frame_crc(frame, frame.substr(frame_head_bytes), leaf_before);
}

std::string segment_text(const SegmentHead& head) {
  std::string out;
  put(out, static_cast<std::uint32_t>(head.format));
  put(out, static_cast<std::uint32_t>(head.origin.size()));
  put(out, head.payload_area);
  put(out, head.previous_first);
  put(out, head.previous_records_end);
  put(out, head.previous_payload_end);
  put(out, std::uint64_t{0});
  out.append(bytes_of(head.root));
  out.append(bytes_of(head.leaf_before));
  out.append(head.origin);
  return out;
}

Result<SegmentHead> read_segment_text(std::string_view text) {
  if (text.size() < segment_fixed_bytes) {
    return fail(ErrorKind::corrupt, "the head of the segment is too short");
  }
  const auto format = static_cast<JournalFormat>(take<std::uint32_t>(text, 0));
  if (format != JournalFormat::first && format != JournalFormat::second) {
    return fail(ErrorKind::corrupt, "the segment has a format that this program does not know: " +
                                        std::to_string(take<std::uint32_t>(text, 0)));
  }
  if (text.size() != segment_fixed_bytes + take<std::uint32_t>(text, 4)) {
    return fail(ErrorKind::corrupt, "the head of the segment has a wrong length");
  }
  const auto payload_area = take<std::uint64_t>(text, 8);
  const bool possible =
      format == JournalFormat::second
          ? payload_area == 0
          : payload_area <= area_bytes_max && payload_area % entry_alignment_bytes(format) == 0;
  if (!possible) {
    return fail(ErrorKind::corrupt, "the head of the segment names an impossible payload area");
  }
  return SegmentHead{.format = format,
                     .origin = std::string(text.substr(segment_fixed_bytes)),
                     .payload_area = payload_area,
                     .previous_first = take<std::uint64_t>(text, 16),
                     .previous_records_end = take<std::uint64_t>(text, 24),
                     .previous_payload_end = take<std::uint64_t>(text, 32),
                     .root = take_digest(text, 48),
                     .leaf_before = take_digest(text, 80)};
}

void write_entry_head(std::string& out, JournalFormat format, const EntryHead& head) {
  const std::size_t start = out.size();
  out.append(entry_magic(format));
  put(out, static_cast<std::uint32_t>(head.state));
  put(out, head.length);
  put(out, head.seq);
  out.append(bytes_of(head.commitment));
  if (format == JournalFormat::second) {
    put(out, static_cast<std::uint64_t>(head.key));
    put(out, head.body_crc);
  } else {
    put(out, std::uint32_t{0});
  }
  put(out, crc32c(std::string_view(out).substr(start)));
}

std::optional<EntryHead> read_entry_head(JournalFormat format, std::string_view bytes) {
  const std::size_t crc_at = entry_crc_at(format);
  if (bytes.size() < entry_head_bytes(format) || !bytes.starts_with(entry_magic(format)) ||
      take<std::uint32_t>(bytes, crc_at) != crc32c(bytes.substr(0, crc_at))) {
    return std::nullopt;
  }
  const auto state = take<std::uint32_t>(bytes, 4);
  if (state != static_cast<std::uint32_t>(EntryState::present) &&
      state != static_cast<std::uint32_t>(EntryState::erased)) {
    return std::nullopt;
  }
  EntryHead head{.state = static_cast<EntryState>(state),
                 .length = take<std::uint64_t>(bytes, 8),
                 .seq = take<std::uint64_t>(bytes, 16),
                 .commitment = take_digest(bytes, 24)};
  if (format == JournalFormat::second) {
    head.key = static_cast<PayloadKey>(take<std::uint64_t>(bytes, 56));
    head.body_crc = take<std::uint32_t>(bytes, 64);
  }
  return head;
}

void seal_payload(const Digest& key, const Digest& commitment, std::span<char> salt_and_bytes) {
  std::array<std::uint8_t, 16> counter{};
  std::copy_n(commitment.begin(), counter.size(), counter.begin());
  aes256_ctr(key, counter, salt_and_bytes);
}

bool all_zero(std::string_view bytes) {
  // Comparing the text with itself, one byte on, lets memcmp do the work.
  return bytes.empty() ||
         (bytes[0] == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace pawl::journal
