#include "io/journal/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "io/journal/journal.h"

namespace pawl::journal {
namespace {

constexpr std::size_t name_digits = 20;
constexpr std::size_t read_ahead_bytes = 256UL << 10;

// A name of exactly twenty digits and an ending, or nothing.
std::optional<std::uint64_t> number_of(std::string_view name, std::string_view ending) {
  if (name.size() != name_digits + ending.size() || !name.ends_with(ending)) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = name.data() + name_digits;
  const auto [stop, code] = std::from_chars(name.data(), end, number);
  if (code != std::errc{} || stop != end) return std::nullopt;
  return number;
}

Result<std::vector<std::uint64_t>> list_numbers(Disk& disk, const std::string& folder,
                                                std::string_view ending) {
  auto names = disk.list(folder);
  if (!names) {
    if (names.error().fault == ErrorKind::missing) return std::vector<std::uint64_t>{};
    return std::unexpected(names.error());
  }
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : *names) {
    if (auto number = number_of(name, ending)) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

std::string segment_path(std::uint64_t first) {
  return fmt::format("{}/{:020}.seg", journal_folder, first);
}

std::string snapshot_path(std::uint64_t size) {
  return fmt::format("{}/{:020}", snapshot_folder, size);
}

Result<std::vector<std::uint64_t>> list_segments(Disk& disk) {
  return list_numbers(disk, journal_folder, ".seg");
}

Result<std::vector<std::uint64_t>> list_snapshots(Disk& disk) {
  return list_numbers(disk, snapshot_folder, "");
}

Result<std::optional<SegmentStart>> read_segment_start(const File& file, std::uint64_t first) {
  constexpr std::size_t enough_bytes = 512;
  auto there = read_there(file, 0, enough_bytes);
  PAWL_TRY(there);
  const std::string& bytes = *there;
  const auto head = read_frame_head(bytes);
  if (!head || head->kind != FrameKind::segment || head->seq != first || head->payload_end != 0 ||
      frame_bytes(head->length) > bytes.size()) {
    return std::nullopt;
  }
  const std::string_view whole = std::string_view(bytes).substr(0, frame_head_bytes + head->length);
  if (!frame_is_whole(whole, *head, no_leaf)) return std::nullopt;
  auto segment = read_segment_text(whole.substr(frame_head_bytes));
  PAWL_TRY(segment);
  SegmentStart start{.head = std::move(*segment), .place = {}};
  start.place = Place{.first = first,
                      .offset = frame_bytes(head->length),
                      .payload_end = 0,
                      .leaf_before = start.head.leaf_before};
  return start;
}

// At least `count` bytes from `offset` on where the file has them, else what there is.
Result<std::string_view> FrameCursor::bytes(std::uint64_t offset, std::uint64_t count) {
  if (offset < buffer_at_ || offset + count > buffer_at_ + buffer_.size()) {
    const std::uint64_t wanted =
        std::min(std::max<std::uint64_t>(count, read_ahead_bytes), limit_ - offset);
    buffer_.resize(wanted);
    buffer_at_ = offset;
    std::size_t have = 0;
    while (have < wanted) {
      auto read = file_->read_at(offset + have, std::span(buffer_).subspan(have));
      if (!read) {
        buffer_.clear();
        return std::unexpected(read.error());
      }
      if (*read == 0) break;
      have += *read;
    }
    buffer_.resize(have);
  }
  return std::string_view(buffer_).substr(offset - buffer_at_);
}

Result<std::optional<Frame>> FrameCursor::next() {
  const auto stop = [this]() -> Result<std::optional<Frame>> {
    buffer_.clear();  // what was read may be half of a write: look again next time
    return std::nullopt;
  };
  if (place_.offset + frame_head_bytes > limit_) return stop();
  auto start = bytes(place_.offset, frame_head_bytes);
  PAWL_TRY(start);
  const auto head = read_frame_head(*start);
  if (!head || head->kind != FrameKind::record || head->seq != seq_ || head->length == 0 ||
      head->length > journal_record_bytes_max || head->payload_end < place_.payload_end ||
      head->payload_end % entry_alignment_bytes != 0 || head->payload_end > area_bytes_max ||
      place_.offset + frame_bytes(head->length) > limit_) {
    return stop();
  }
  auto whole = bytes(place_.offset, frame_head_bytes + head->length);
  PAWL_TRY(whole);
  if (whole->size() < frame_head_bytes + head->length) return stop();
  const std::string_view frame = whole->substr(0, frame_head_bytes + head->length);
  if (!frame_is_whole(frame, *head, place_.leaf_before)) return stop();

  Frame found{.seq = seq_,
              .text = frame.substr(frame_head_bytes),
              .leaf = {},
              .payload_begin = place_.payload_end,
              .payload_end = head->payload_end,
              .offset = place_.offset,
              .end = place_.offset + frame_bytes(head->length)};
  found.leaf = leaf_hash(found.text);
  place_.offset = found.end;
  place_.payload_end = found.payload_end;
  place_.leaf_before = found.leaf;
  ++seq_;
  return found;
}

Result<EntryRead> read_entry(const File& file, std::uint64_t offset, std::uint64_t end) {
  const auto wrong = [](const char* what) { return fail(ErrorKind::corrupt, what); };
  if (offset + entry_head_bytes > end) return wrong("the head of a payload is cut off");
  auto bytes = read_exactly(file, offset, entry_head_bytes);
  PAWL_TRY(bytes);
  const auto head = read_entry_head(*bytes);
  if (!head) return wrong("the head of a payload is damaged");
  if (head->length > journal_payload_bytes_max || offset + entry_bytes(head->length) > end) {
    return wrong("a payload is longer than its room");
  }
  auto rest = read_exactly(file, offset + entry_head_bytes, salt_bytes + head->length);
  PAWL_TRY(rest);
  if (head->state == EntryState::erased) {
    if (!all_zero(*rest)) return wrong("an erased payload still has bytes");
    return EntryRead{*head, {}};
  }
  // Salt and bytes stand in a row, as they were hashed.
  if (sha256(*rest) != head->commitment) return wrong("a payload is not what was committed to");
  rest->erase(0, salt_bytes);
  return EntryRead{*head, std::move(*rest)};
}

}  // namespace pawl::journal
