#include "io/journal/segment_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "io/journal/note.h"

namespace pawl::journal {
namespace {

// Payloads up to this are gathered into one write; longer ones are written from where they are.
constexpr std::size_t gather_bytes_max = 64UL << 10;

}  // namespace

Need need_of(JournalFormat format, std::size_t record_bytes, std::span<const PayloadRef> payloads) {
  Need need{.records = frame_bytes(record_bytes)};
  std::uint64_t& entries = format == JournalFormat::first ? need.payloads : need.records;
  for (const PayloadRef& payload : payloads) entries += entry_bytes(format, payload.bytes.size());
  return need;
}

Result<SegmentWriter> SegmentWriter::create(Disk& disk, std::uint64_t first, const Room& room) {
  SegmentWriter writer(disk, room);
  auto file = disk.open(segment_path(first), Access::fresh);
  PAWL_TRY(file);
  writer.file_ = std::move(*file);
  writer.place_.first = first;
  if (writer.has_payload_area()) {
    writer.payload_area_ =
        padded(room.segment_bytes_max + room.reserve_bytes, area_alignment_bytes);
  }
  const std::uint64_t head = frame_bytes(origin_bytes_max + sizeof(SegmentHead));
  Status found = writer.grow(writer.records_allocated_, head + room.reserve_bytes, 0);
  if (found && writer.has_payload_area())
    found = writer.grow(writer.payload_allocated_, room.reserve_bytes, writer.payload_area_);
  if (!found) {
    writer.file_.reset();
    // Best effort: an empty segment at the end is dropped by the next open.
    (void)disk.remove(segment_path(first));
    return std::unexpected(found.error());
  }
  return writer;
}

Result<SegmentWriter> SegmentWriter::adopt(Disk& disk, const SegmentHead& head, const Place& place,
                                           const Room& room) {
  SegmentWriter writer(disk, room);
  auto file = disk.open(segment_path(place.first), Access::write);
  PAWL_TRY(file);
  writer.file_ = std::move(*file);
  writer.room_.format = head.format;
  writer.place_ = place;
  writer.payload_area_ = head.payload_area;
  writer.records_begin_ = frame_bytes(segment_text(head).size());
  // Room that was found in an earlier life is found again even on a full disk, step by step.
  const auto refind = [&](std::uint64_t& allocated, std::uint64_t used, std::uint64_t base,
                          std::uint64_t end) -> Status {
    allocated = used / room.grow_bytes * room.grow_bytes;
    while (allocated < std::min(used + room.reserve_bytes, end)) {
      const std::uint64_t step = std::min(room.grow_bytes, end - allocated);
      const Status found = writer.file_->allocate(base + allocated, step);
      if (!found && found.error().fault == ErrorKind::environment) break;
      if (!found) return found;
      allocated += step;
    }
    allocated = std::max(allocated, used);
    return {};
  };
  PAWL_TRY(refind(writer.records_allocated_, place.offset, 0,
                  writer.has_payload_area() ? writer.payload_area_ : area_bytes_max));
  if (writer.has_payload_area()) {
    PAWL_TRY(refind(writer.payload_allocated_, place.payload_end, writer.payload_area_,
                    ~0ULL - writer.payload_area_));
  }
  return writer;
}

Status SegmentWriter::begin(const SegmentHead& head) {
  assert(head.payload_area == payload_area_);
  buffer_.clear();
  write_frame(buffer_, JournalFormat::first, {.kind = FrameKind::segment, .seq = place_.first},
              segment_text(head), no_leaf);
  place_.offset = buffer_.size();
  place_.leaf_before = head.leaf_before;
  records_begin_ = place_.offset;
  return write_all(*file_, 0, buffer_);
}

bool SegmentWriter::wants(const Need& need) const {
  if (is_empty()) return true;  // an empty one takes whatever comes
  return place_.offset + need.records <= room_.segment_bytes_max &&
         (place_.payload_end == 0 || place_.payload_end + need.payloads <= room_.segment_bytes_max);
}

Status SegmentWriter::grow(std::uint64_t& allocated, std::uint64_t needed, std::uint64_t base) {
  if (needed <= allocated) return {};
  std::uint64_t end = padded(needed, room_.grow_bytes);
  if (base == 0 && has_payload_area()) end = std::min(end, payload_area_);
  const std::uint64_t step = end - allocated;
  auto free = disk_->free_bytes();
  PAWL_TRY(free);
  if (*free < step + room_.free_bytes_min) {
    return fail(ErrorKind::environment,
                fmt::format("the disk of `{}` is full: {} bytes are free, {} are needed",
                            disk_->shown(""), *free, step + room_.free_bytes_min));
  }
  PAWL_TRY(file_->allocate(base + allocated, step));
  allocated = end;
  return {};
}

Status SegmentWriter::find_room(const Need& need) {
  const std::uint64_t records = place_.offset + need.records + room_.reserve_bytes;
  if (!has_payload_area()) return grow(records_allocated_, records, 0);
  PAWL_TRY(grow(records_allocated_, std::min(records, payload_area_), 0));
  return grow(payload_allocated_, place_.payload_end + need.payloads + room_.reserve_bytes,
              payload_area_);
}

bool SegmentWriter::reserve_holds(const Need& need) const {
  return place_.offset + need.records <= records_allocated_ &&
         (need.payloads == 0 || place_.payload_end + need.payloads <= payload_allocated_);
}

Status SegmentWriter::flush(std::uint64_t& at) {
  if (buffer_.empty()) return {};
  PAWL_TRY(write_all(*file_, at, buffer_));
  at += buffer_.size();
  buffer_.clear();
  return {};
}

// Into the buffer, or, where it is large, to the file at `at`, which moves along.
Status SegmentWriter::put_entry(std::uint64_t seq, const PayloadRef& payload, PayloadKeys& keys,
                                std::uint64_t& at) {
  EntryHead head{.length = payload.bytes.size(),
                 .seq = seq,
                 .commitment = payload.commitment.digest,
                 .key = payload.key};
  sealed_.assign(reinterpret_cast<const char*>(payload.commitment.salt.data()), salt_bytes);
  sealed_.append(payload.bytes);
  if (format() == JournalFormat::second) {
    auto key = keys.find(payload.key);
    PAWL_TRY(key);
    seal_payload(*key, head.commitment, sealed_);
    head.body_crc = crc32c(sealed_);
  }
  write_entry_head(buffer_, format(), head);
  if (sealed_.size() <= gather_bytes_max) {
    buffer_.append(sealed_);
  } else {
    PAWL_TRY(flush(at));
    PAWL_TRY(write_all(*file_, at, sealed_));
    at += sealed_.size();
    sealed_ = {};
  }
  const std::uint64_t used = entry_head_bytes(format()) + salt_bytes + payload.bytes.size();
  buffer_.append(entry_bytes(format(), payload.bytes.size()) - used, '\0');
  return buffer_.size() > gather_bytes_max ? flush(at) : Status{};
}

Result<std::uint64_t> SegmentWriter::write(std::uint64_t seq, std::string_view record,
                                           std::span<const PayloadRef> payloads,
                                           PayloadKeys& keys) {
  const Need need = need_of(format(), record.size(), payloads);
  const std::uint64_t frame = frame_bytes(record.size());
  const std::uint64_t begin =
      has_payload_area() ? payload_area_ + place_.payload_end : place_.offset + frame;
  const FrameHead head{
      .seq = seq,
      .entries = has_payload_area() ? place_.payload_end + need.payloads : need.records - frame};
  // A frame is never in the file before its entries are.
  const bool in_one = !has_payload_area() && need.records <= gather_bytes_max;
  buffer_.clear();
  if (in_one) write_frame(buffer_, format(), head, record, place_.leaf_before);
  std::uint64_t at = begin;
  for (const PayloadRef& payload : payloads) {
    PAWL_TRY(put_entry(seq, payload, keys, at));
  }
  if (!in_one) {
    PAWL_TRY(flush(at));
    write_frame(buffer_, format(), head, record, place_.leaf_before);
  }
  PAWL_TRY(write_all(*file_, place_.offset, buffer_));
  place_.offset += need.records;
  place_.payload_end += need.payloads;
  place_.leaf_before = leaf_hash(record);
  return begin;
}

Status SegmentWriter::finish() {
  if (!has_payload_area() || place_.payload_end == 0) return file_->truncate(place_.offset);
  PAWL_TRY(file_->release(place_.offset, payload_area_ - place_.offset));
  return file_->truncate(payload_area_ + place_.payload_end);
}

}  // namespace pawl::journal
