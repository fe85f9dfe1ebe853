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
  const auto head = read_frame_head(JournalFormat::first, bytes);
  if (!head || head->kind != FrameKind::segment || head->seq != first || head->entries != 0 ||
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

Result<std::string_view> ReadAhead::bytes(std::uint64_t offset, std::uint64_t count) {
  if (offset < at_ || offset + count > at_ + buffer_.size()) {
    buffer_.resize(std::max<std::uint64_t>(count, read_ahead_bytes));
    at_ = offset;
    std::size_t have = 0;
    while (have < buffer_.size()) {
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
  return std::string_view(buffer_).substr(offset - at_);
}

FrameCursor::FrameCursor(const File& file, const SegmentHead& head, const Place& place,
                         std::uint64_t seq)
    : file_(file),
      format_(head.format),
      place_(place),
      seq_(seq),
      area_(head.payload_area),
      limit_(head.format == JournalFormat::first ? head.payload_area : area_bytes_max) {}

bool FrameCursor::fits(const FrameHead& head, Frame& found) const {
  if (head.kind != FrameKind::record || head.seq != seq_ || head.length == 0 ||
      head.length > journal_record_bytes_max ||
      head.entries % entry_alignment_bytes(format_) != 0 || head.entries > area_bytes_max) {
    return false;
  }
  const std::uint64_t end = place_.offset + frame_bytes(head.length);
  found = {};
  found.seq = seq_;
  found.offset = place_.offset;
  found.entries_begin = end;
  if (format_ == JournalFormat::first) {
    found.entries_begin = area_ + place_.payload_end;
    found.entries_end = area_ + head.entries;
    return found.entries_begin <= found.entries_end && end <= limit_;
  }
  found.entries_end = end + head.entries;
  return found.entries_end <= limit_;
}

// A write that broke off left zeros behind its end, and what is sealed never ends in that many.
// Only the newest record can be like that: entries that are damaged otherwise are told by who reads
// them.
Result<bool> FrameCursor::written(const Frame& found) {
  constexpr std::size_t tail_bytes = 8;
  if (format_ == JournalFormat::first || found.entries_begin == found.entries_end) return true;
  auto following = file_.bytes(found.entries_end, frame_head_bytes);
  PAWL_TRY(following);
  if (read_frame_head(format_, *following)) return true;
  const std::size_t head_bytes = entry_head_bytes(format_);
  for (std::uint64_t at = found.entries_begin; at < found.entries_end;) {
    auto bytes = file_.bytes(at, head_bytes);
    PAWL_TRY(bytes);
    const auto head = read_entry_head(format_, *bytes);
    if (!head) return bytes->size() >= head_bytes && !all_zero(bytes->substr(head_bytes - 4, 4));
    const std::uint64_t body_end = at + head_bytes + salt_bytes + head->length;
    auto tail = file_.bytes(body_end - tail_bytes, tail_bytes);
    PAWL_TRY(tail);
    if (tail->size() < tail_bytes) return false;
    const bool present = head->state == EntryState::present;
    if (present && all_zero(tail->substr(0, tail_bytes))) return false;
    at += entry_bytes(format_, head->length);
  }
  return true;
}

Result<std::optional<Frame>> FrameCursor::next() {
  const auto stop = [this]() -> Result<std::optional<Frame>> {
    file_.forget();
    return std::nullopt;
  };
  if (place_.offset + frame_head_bytes > limit_) return stop();
  auto start = file_.bytes(place_.offset, frame_head_bytes);
  PAWL_TRY(start);
  const auto head = read_frame_head(format_, *start);
  Frame found;
  if (!head || !fits(*head, found)) return stop();
  auto whole = file_.bytes(place_.offset, frame_head_bytes + head->length);
  PAWL_TRY(whole);
  if (whole->size() < frame_head_bytes + head->length) return stop();
  const std::string_view frame = whole->substr(0, frame_head_bytes + head->length);
  if (!frame_is_whole(frame, *head, place_.leaf_before)) return stop();
  found.leaf = leaf_hash(frame.substr(frame_head_bytes));
  const auto ended = written(found);
  PAWL_TRY(ended);
  if (!*ended) return stop();
  whole = file_.bytes(place_.offset, frame_head_bytes + head->length);
  PAWL_TRY(whole);
  found.text = whole->substr(frame_head_bytes, head->length);
  if (format_ == JournalFormat::first) {
    place_.offset += frame_bytes(head->length);
    place_.payload_end = head->entries;
  } else {
    place_.offset = found.entries_end;
  }
  place_.leaf_before = found.leaf;
  ++seq_;
  return found;
}

Result<EntryRead> read_entry(const File& file, JournalFormat format, std::uint64_t offset,
                             std::uint64_t end) {
  const auto wrong = [](const char* what) { return fail(ErrorKind::corrupt, what); };
  const std::size_t head_bytes = entry_head_bytes(format);
  if (offset + head_bytes > end) return wrong("the head of a payload is cut off");
  auto bytes = read_exactly(file, offset, head_bytes);
  PAWL_TRY(bytes);
  const auto head = read_entry_head(format, *bytes);
  if (!head) return wrong("the head of a payload is damaged");
  if (head->length > journal_payload_bytes_max ||
      offset + entry_bytes(format, head->length) > end) {
    return wrong("a payload is longer than its room");
  }
  auto body = read_exactly(file, offset + head_bytes, salt_bytes + head->length);
  PAWL_TRY(body);
  if (head->state == EntryState::erased) {
    if (!all_zero(*body)) return wrong("an erased payload still has bytes");
    return EntryRead{*head, {}};
  }
  // Salt and bytes stand in a row, as they were hashed.
  const bool whole = format == JournalFormat::first ? sha256(*body) == head->commitment
                                                    : crc32c(*body) == head->body_crc;
  if (!whole) return wrong("a payload is not what was committed to");
  return EntryRead{*head, std::move(*body)};
}

}  // namespace pawl::journal
