#include "io/journal/reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace pawl {

using journal::list_segments;
using journal::segment_path;

Result<JournalReader> JournalReader::open(Disk& disk) {
  auto segments = list_segments(disk);
  if (!segments) return std::unexpected(segments.error());
  if (segments->empty()) {
    return fail(Fault::missing, fmt::format("there is no journal in `{}`", disk.shown("")));
  }
  JournalReader reader(disk);
  if (Status entered = reader.enter(segments->front()); !entered) {
    return std::unexpected(entered.error());
  }
  return reader;
}

Status JournalReader::enter(std::uint64_t first) {
  auto file = disk_->open(segment_path(first), Access::read);
  if (!file) return std::unexpected(file.error());
  auto start = journal::read_segment_start(**file, first);
  if (!start) return std::unexpected(start.error());
  if (!*start) {
    return fail(Fault::missing, fmt::format("`{}` has no head yet, or a damaged one",
                                            disk_->shown(segment_path(first))));
  }
  first_ = first;
  file_ = std::move(*file);
  cursor_.emplace(*file_, (*start)->place, first, (*start)->head.payload_area);
  return {};
}

Result<std::optional<JournalEntry>> JournalReader::next() {
  for (;;) {
    auto frame = cursor_->next();
    if (!frame) return std::unexpected(frame.error());
    if (*frame) {
      if ((*frame)->seq < skip_to_) continue;
      return JournalEntry{(*frame)->seq, (*frame)->text, (*frame)->leaf};
    }
    // The end of this segment, or of the journal. A segment follows once its head is written.
    auto segments = list_segments(*disk_);
    if (!segments) return std::unexpected(segments.error());
    const auto following = std::ranges::upper_bound(*segments, first_);
    if (following == segments->end()) return std::nullopt;
    // Written before the next one began, but perhaps after we looked.
    frame = cursor_->next();
    if (!frame) return std::unexpected(frame.error());
    if (*frame) {
      if ((*frame)->seq < skip_to_) continue;
      return JournalEntry{(*frame)->seq, (*frame)->text, (*frame)->leaf};
    }
    const std::uint64_t expected = cursor_->seq();
    if (*following < expected) return std::nullopt;  // an attempt that a full disk ended
    const Status entered = enter(*following);
    if (!entered && entered.error().fault == Fault::missing) return std::nullopt;
    if (!entered) return std::unexpected(entered.error());
    if (*following != expected) {
      return fail(Fault::corrupt, fmt::format("record {} is missing or damaged, but `{}` follows",
                                              expected, disk_->shown(segment_path(*following))));
    }
  }
}

Status JournalReader::seek(std::uint64_t seq) {
  auto segments = list_segments(*disk_);
  if (!segments) return std::unexpected(segments.error());
  auto holding = std::ranges::upper_bound(*segments, seq);
  // The newest segment may still be without a head: then the record is in the one before.
  Status entered = fail(Fault::missing, "there is no journal");
  while (!entered && holding != segments->begin()) entered = enter(*--holding);
  skip_to_ = seq;
  return entered;
}

Result<std::vector<Digest>> JournalReader::leaves(std::uint64_t size) {
  auto reader = open(*disk_);
  if (!reader) return std::unexpected(reader.error());
  std::vector<Digest> leaves;
  leaves.reserve(std::min<std::uint64_t>(size, 1UL << 20));
  while (leaves.size() < size) {
    auto entry = reader->next();
    if (!entry) return std::unexpected(entry.error());
    if (!*entry) {
      return fail(Fault::missing, fmt::format("the journal holds {} records, {} were asked for",
                                              leaves.size(), size));
    }
    leaves.push_back((*entry)->leaf);
  }
  return leaves;
}

Result<Payload> JournalReader::payload(const Digest& commitment) {
  const bool fresh = !index_;
  for (int tries = fresh ? 1 : 2; tries > 0; --tries) {
    if (!index_) {
      auto index = journal::PayloadIndex::build(*disk_);
      if (!index) return std::unexpected(index.error());
      index_.emplace(std::move(*index));
    }
    auto payload = journal::read_payload(*disk_, *index_, commitment);
    if (!payload || payload->state != PayloadState::missing || tries == 1) return payload;
    index_.reset();
  }
  return Payload{};
}

}  // namespace pawl
