#include "io/journal/checkpoint_log.h"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace

Status CheckpointLog::read_log(const PublicKey& key) {
  auto file = disk_->open(log_path, Access::read);
  if (!file) {
    if (file.error().fault == Fault::missing) return {};
    return std::unexpected(file.error());
  }
  auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  const std::uint64_t from = *size - std::min(*size, tail_bytes);
  auto tail = read_exactly(**file, from, *size - from);
  if (!tail) return std::unexpected(tail.error());

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
  return fail(Fault::corrupt, fmt::format("`{}` does not end in a checkpoint signed by `{}`",
                                          disk_->shown(log_path), key.text()));
}

Status CheckpointLog::read_newest(const PublicKey& key) {
  auto note = read_whole(*disk_, newest_path, checkpoint_bytes_max);
  if (!note) {
    if (note.error().fault == Fault::missing) return {};
    return std::unexpected(note.error());
  }
  auto checkpoint = key.verify(*note);
  if (!checkpoint) {
    return fail(Fault::corrupt,
                fmt::format("`{}`: {}", disk_->shown(newest_path), checkpoint.error().message));
  }
  if (!newest_ || newest_->size < checkpoint->size ||
      (newest_->size == checkpoint->size && newest_->root != checkpoint->root)) {
    return fail(Fault::corrupt,
                fmt::format("`{}` counts {} records, but the last note of `{}` counts {}: "
                            "checkpoints were removed or damaged",
                            disk_->shown(newest_path), checkpoint->size, disk_->shown(log_path),
                            newest_ ? newest_->size : 0));
  }
  return {};
}

Result<CheckpointLog> CheckpointLog::open(Disk& disk, const PublicKey& key) {
  CheckpointLog log(disk);
  if (Status read = log.read_log(key); !read) return std::unexpected(read.error());
  if (Status read = log.read_newest(key); !read) return std::unexpected(read.error());
  return log;
}

Status CheckpointLog::prepare() {
  auto file = disk_->open(log_path, Access::create);
  if (!file) return std::unexpected(file.error());
  file_ = std::move(*file);
  auto size = file_->size();
  if (!size) return std::unexpected(size.error());
  if (*size != size_) {
    if (Status cut = file_->truncate(size_); !cut) return cut;
  }
  // After a sync that failed in an earlier life the note may be in memory only, as if it were
  // clean.
  const Status again = write_all(*file_, size_ - last_note_.size(), last_note_);
  if (!again) return again;
  return file_->sync();
}

Result<bool> CheckpointLog::write(std::string_view note) {
  if (Status written = write_all(*file_, size_, note); !written) {
    if (written.error().fault != Fault::environment) return std::unexpected(written.error());
    if (Status cut = file_->truncate(size_); !cut) return std::unexpected(cut.error());
    return false;
  }
  if (Status synced = file_->sync(); !synced) return std::unexpected(synced.error());
  size_ += note.size();
  Status replaced = replace_whole(*disk_, newest_path, note);
  if (!replaced && replaced.error().fault != Fault::environment) {
    return std::unexpected(replaced.error());
  }
  return true;
}

}  // namespace pawl::journal
