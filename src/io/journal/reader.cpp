#include "io/journal/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/journal/key_files.h"
#include "io/journal/note.h"

namespace pawl {

using journal::list_segments;
using journal::segment_path;

Result<JournalReader> JournalReader::open(Disk& disk) {
  auto segments = list_segments(disk);
  PAWL_TRY(segments);
  if (segments->empty()) {
    return fail(ErrorKind::missing, fmt::format("there is no journal in `{}`", disk.shown("")));
  }
  JournalReader reader(disk);
  PAWL_TRY(reader.enter(segments->front()));
  return reader;
}

Status JournalReader::enter(std::uint64_t first) {
  auto file = disk_->open(segment_path(first), Access::read);
  PAWL_TRY(file);
  auto start = journal::read_segment_start(**file, first);
  PAWL_TRY(start);
  if (!*start) {
    return fail(ErrorKind::missing, fmt::format("`{}` has no head yet, or a damaged one",
                                                disk_->shown(segment_path(first))));
  }
  first_ = first;
  file_ = std::move(*file);
  cursor_.emplace(*file_, (*start)->head, (*start)->place, first);
  return {};
}

Result<std::optional<JournalEntry>> JournalReader::here() {
  for (;;) {
    auto frame = cursor_->next();
    PAWL_TRY(frame);
    if (!*frame) return std::nullopt;
    if ((*frame)->seq >= skip_to_)
      return JournalEntry{(*frame)->seq, (*frame)->text, (*frame)->leaf};
  }
}

// Goes over to the segment that follows. `ends`: there is none, or not yet.
Result<std::optional<JournalEntry>> JournalReader::in_next_segment(bool& ends) {
  ends = true;
  auto segments = list_segments(*disk_);
  PAWL_TRY(segments);
  const auto following = std::ranges::upper_bound(*segments, first_);
  if (following == segments->end()) return std::nullopt;
  // Written before the next one began, but perhaps after we looked.
  auto found = here();
  if (!found || *found) return found;
  const std::uint64_t expected = cursor_->seq();
  if (*following < expected) return std::nullopt;  // an attempt that a full disk ended
  const Status entered = enter(*following);
  if (!entered && entered.error().fault == ErrorKind::missing) return std::nullopt;
  PAWL_TRY(entered);
  if (*following != expected) {
    return fail(ErrorKind::corrupt, fmt::format("record {} is missing or damaged, but `{}` follows",
                                                expected, disk_->shown(segment_path(*following))));
  }
  ends = false;
  return here();
}

Result<std::uint64_t> JournalReader::signed_size() const {
  auto note = read_whole(*disk_, "checkpoint", journal::checkpoint_bytes_max);
  if (!note && note.error().fault == ErrorKind::missing) return 0;
  PAWL_TRY(note);
  auto key = journal::read_public_key(*disk_);
  PAWL_TRY(key);
  auto checkpoint = key->verify(*note);
  if (checkpoint) return checkpoint->size;
  return fail(ErrorKind::corrupt,
              fmt::format("`{}`: {}", disk_->shown("checkpoint"), checkpoint.error().message));
}

Result<std::optional<JournalEntry>> JournalReader::next() {
  std::optional<std::uint64_t> ended_at;
  for (;;) {
    auto found = here();
    bool ends = false;
    if (found && !*found) found = in_next_segment(ends);
    if (!found || *found) return found;
    if (!ends) continue;
    const auto counted = signed_size();
    PAWL_TRY(counted);
    if (*counted <= cursor_->seq()) return std::nullopt;
    // It was signed after it was written, but perhaps after we looked.
    if (ended_at == cursor_->seq()) {
      return fail(ErrorKind::corrupt,
                  fmt::format("record {} is missing or damaged: the newest signed checkpoint "
                              "counts {} records",
                              cursor_->seq(), *counted));
    }
    ended_at = cursor_->seq();
  }
}

Status JournalReader::seek(std::uint64_t seq) {
  auto segments = list_segments(*disk_);
  PAWL_TRY(segments);
  auto holding = std::ranges::upper_bound(*segments, seq);
  // The newest segment may still be without a head: then the record is in the one before.
  Status entered = fail(ErrorKind::missing, "there is no journal");
  while (!entered && holding != segments->begin()) entered = enter(*--holding);
  skip_to_ = seq;
  return entered;
}

Result<std::vector<Digest>> JournalReader::leaves(std::uint64_t size) {
  auto reader = open(*disk_);
  PAWL_TRY(reader);
  std::vector<Digest> leaves;
  leaves.reserve(std::min<std::uint64_t>(size, 1UL << 20));
  while (leaves.size() < size) {
    auto entry = reader->next();
    PAWL_TRY(entry);
    if (!*entry) {
      return fail(ErrorKind::missing, fmt::format("the journal holds {} records, {} were asked for",
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
      PAWL_TRY(index);
      index_.emplace(std::move(*index));
    }
    auto payload = journal::read_payload(*disk_, *index_, commitment);
    if (!payload || payload->state != PayloadState::missing || tries == 1) return payload;
    index_.reset();
  }
  return Payload{};
}

}  // namespace pawl
