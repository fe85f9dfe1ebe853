#include "io/journal/checkpoint_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace pawl::journal {
namespace {

constexpr char log_path[] = "checkpoints";
constexpr char newest_path[] = "checkpoint";
// A note is followed by a torn one at most, and the next number may be a few digits longer.
constexpr std::uint64_t tail_bytes = 4 * checkpoint_bytes_max;
constexpr std::uint64_t growth_bytes_max = 20;
constexpr std::string_view signature_line = "\n\n\xe2\x80\x94 ";

struct Found {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The note whose signature line begins behind `mark`: three lines back, one line on.
std::optional<Found> note_around(std::string_view text, std::size_t mark) {
  const std::size_t end = text.find('\n', mark + signature_line.size());
  if (end == text.npos) return std::nullopt;
  std::size_t begin = mark;
  for (int line = 0; line < 3; ++line) {
    if (begin == 0) return std::nullopt;
    const std::size_t before = text.rfind('\n', begin - 1);
    if (before == text.npos) {
      if (line < 2) return std::nullopt;
      begin = 0;
    } else {
      begin = before;
    }
  }
  if (begin != 0 || text.starts_with('\n')) ++begin;
  return Found{begin, end + 1};
}

// The notes of a whole file, five lines each; nothing where it is something else.
std::optional<std::vector<std::string_view>> notes_of(std::string_view text) {
  std::vector<std::string_view> notes;
  while (!text.empty()) {
    std::size_t end = 0;
    for (int line = 0; line < 5; ++line) {
      end = text.find('\n', end);
      if (end == text.npos) return std::nullopt;
      ++end;
    }
    notes.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return notes;
}

// What is kept: a quarter of the bound for the newest, but two at least, and a quarter for others.
std::string kept_of(const std::vector<std::string_view>& notes, std::uint64_t bytes_max) {
  std::size_t recent = notes.size();
  std::uint64_t bytes = 0;
  while (recent > 0 && (notes.size() - recent < 2 || bytes < bytes_max / 4)) {
    bytes += notes[--recent].size();
  }
  const std::size_t others = std::min<std::size_t>(recent, bytes_max / 4 / checkpoint_bytes_max);
  std::string kept;
  for (std::size_t i = 0; i < others; ++i) kept += notes[i * recent / others];
  for (std::size_t i = recent; i < notes.size(); ++i) kept += notes[i];
  return kept;
}

}  // namespace

Status CheckpointLog::read_log(const PublicKey& key) {
  auto file = disk_->open(log_path, Access::read);
  if (!file) {
    if (file.error().fault == ErrorKind::missing) return {};
    return std::unexpected(file.error());
  }
  auto size = (*file)->size();
  PAWL_TRY(size);
  const std::uint64_t from = *size - std::min(*size, tail_bytes);
  auto tail = read_exactly(**file, from, *size - from);
  PAWL_TRY(tail);

  // The last note, or the one before it where the last is torn.
  std::size_t search = tail->size();
  for (int tries = 0; tries < 2; ++tries) {
    const std::size_t mark = tail->rfind(signature_line, search);
    if (mark == std::string::npos) break;
    if (const auto found = note_around(*tail, mark)) {
      const std::size_t length = found->end - found->begin;
      auto checkpoint = key.verify(std::string_view(*tail).substr(found->begin, length));
      if (checkpoint && tail->size() - found->end <= length + growth_bytes_max) {
        newest_ = std::move(*checkpoint);
        size_ = from + found->end;
        last_note_ = tail->substr(found->begin, length);
        return {};
      }
    }
    if (mark == 0) break;
    search = mark - 1;
  }
  // Only the very first note can be torn with none before it.
  if (*size <= checkpoint_bytes_max) return {};
  return fail(ErrorKind::corrupt, fmt::format("`{}` does not end in a checkpoint signed by `{}`",
                                              disk_->shown(log_path), key.text()));
}

Status CheckpointLog::read_newest(const PublicKey& key) {
  auto note = read_whole(*disk_, newest_path, checkpoint_bytes_max);
  if (!note) {
    if (note.error().fault == ErrorKind::missing) return {};
    return std::unexpected(note.error());
  }
  auto checkpoint = key.verify(*note);
  if (!checkpoint) {
    return fail(ErrorKind::corrupt,
                fmt::format("`{}`: {}", disk_->shown(newest_path), checkpoint.error().message));
  }
  if (!newest_ || newest_->size < checkpoint->size ||
      (newest_->size == checkpoint->size && newest_->root != checkpoint->root)) {
    return fail(ErrorKind::corrupt,
                fmt::format("`{}` counts {} records, but the last note of `{}` counts {}: "
                            "checkpoints were removed or damaged",
                            disk_->shown(newest_path), checkpoint->size, disk_->shown(log_path),
                            newest_ ? newest_->size : 0));
  }
  newest_is_last_ = *note == last_note_;
  return {};
}

Result<CheckpointLog> CheckpointLog::open(Disk& disk, const PublicKey& key,
                                          std::uint64_t bytes_max) {
  CheckpointLog log(disk, bytes_max);
  PAWL_TRY(log.read_log(key));
  PAWL_TRY(log.read_newest(key));
  return log;
}

Status CheckpointLog::prepare() {
  auto file = disk_->open(log_path, Access::create);
  PAWL_TRY(file);
  file_ = std::move(*file);
  auto size = file_->size();
  PAWL_TRY(size);
  if (*size != size_) {
    PAWL_TRY(file_->truncate(size_));
  }
  // After a sync that failed in an earlier life the note may be in memory only, as if it were
  // clean.
  const Status again = write_all(*file_, size_ - last_note_.size(), last_note_);
  if (!again) return again;
  PAWL_TRY(file_->sync());
  return compact();
}

// The file by its name is the long one or the short one; only the disk knows which.
Status CheckpointLog::reopen(std::uint64_t shorter) {
  auto file = disk_->open(log_path, Access::write);
  PAWL_TRY(file);
  const auto size = (*file)->size();
  PAWL_TRY(size);
  if (*size != size_ && *size != shorter) {
    return fail(ErrorKind::corrupt, fmt::format("`{}` has {} bytes, where {} or {} were written",
                                                disk_->shown(log_path), *size, size_, shorter));
  }
  file_ = std::move(*file);
  size_ = *size;
  return {};
}

Status CheckpointLog::compact() {
  if (size_ <= compact_at_) return {};
  auto text = read_exactly(*file_, 0, size_);
  PAWL_TRY(text);
  const auto notes = notes_of(*text);
  if (!notes || notes->back() != last_note_) {
    // What is damaged stays for the verifier to find.
    compact_at_ = size_ + bytes_max_;
    return {};
  }
  // On a full disk `checkpoint` may be many notes behind, and it has to be one of those that stay.
  if (!newest_is_last_) {
    const Status newest = replace_whole(*disk_, newest_path, last_note_);
    if (!newest && newest.error().fault == ErrorKind::environment) return {};
    if (!newest) return newest;
    newest_is_last_ = true;
  }
  compact_at_ = size_ + bytes_max_;
  const std::string kept = kept_of(*notes, bytes_max_);
  if (kept.size() >= size_) return {};
  const Status replaced = replace_whole(*disk_, log_path, kept);
  if (!replaced && replaced.error().fault != ErrorKind::environment) return replaced;
  PAWL_TRY(reopen(kept.size()));
  if (replaced) {
    compact_at_ = bytes_max_;
  } else if (size_ == kept.size()) {
    // Renamed, and the disk says that it had no room: nothing is appended before that is durable.
    return disk_->sync_directory("");
  }
  return {};
}

Result<bool> CheckpointLog::write(std::string_view note) {
  if (Status written = write_all(*file_, size_, note); !written) {
    if (written.error().fault != ErrorKind::environment) return std::unexpected(written.error());
    PAWL_TRY(file_->truncate(size_));
    return false;
  }
  PAWL_TRY(file_->sync());
  size_ += note.size();
  last_note_ = note;
  Status replaced = replace_whole(*disk_, newest_path, note);
  newest_is_last_ = replaced.has_value();
  if (!replaced && replaced.error().fault != ErrorKind::environment) {
    return std::unexpected(replaced.error());
  }
  PAWL_TRY(compact());
  return true;
}

}  // namespace pawl::journal
