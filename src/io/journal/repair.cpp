#include "io/journal/repair.h"

#include <algorithm>
#include <set>

#include "io/journal/payloads.h"

namespace pawl::journal {
namespace {

constexpr std::size_t block_bytes = 64UL << 10;
constexpr std::size_t sector_bytes = 512;  // the least that a disk gives room to
constexpr std::string_view unfinished = ".new";

// Calls `visit(offset, block)` for every block of the range that holds anything but zeros.
template <class Visit>
Status nonzero_blocks(const File& file, std::uint64_t from, std::uint64_t to, Visit visit) {
  std::string block(block_bytes, '\0');
  while (from < to) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(block_bytes, to - from));
    auto count = file.read_at(from, std::span(block).first(wanted));
    PAWL_TRY(count);
    if (*count == 0) return {};
    const std::string_view bytes = std::string_view(block).substr(0, *count);
    if (!all_zero(bytes)) {
      PAWL_TRY(visit(from, bytes));
    }
    from += *count;
  }
  return {};
}

std::uint64_t nonzero_bytes(std::string_view bytes) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(bytes, [](char byte) { return byte != '\0'; }));
}

// Only what holds bytes is written: beside it there may be holes, and on a full disk no room to
// fill them.
Status zero_sectors(File& file, std::uint64_t at, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min<std::size_t>(bytes.size(), sector_bytes - at % sector_bytes);
    const std::string_view sector = bytes.substr(0, count);
    const std::size_t first = sector.find_first_not_of('\0');
    if (first != sector.npos) {
      const std::size_t last = sector.find_last_not_of('\0');
      const Status written = write_all(file, at + first, std::string(last - first + 1, '\0'));
      if (!written) return written;
    }
    at += count;
    bytes.remove_prefix(count);
  }
  return {};
}

Result<std::uint64_t> zero(File& file, std::uint64_t from, std::uint64_t to) {
  std::uint64_t count = 0;
  const Status done = nonzero_blocks(file, from, to, [&](std::uint64_t at, std::string_view bytes) {
    count += nonzero_bytes(bytes);
    return zero_sectors(file, at, bytes);
  });
  PAWL_TRY(done);
  return count;
}

Status write_again(File& file, std::uint64_t from, std::uint64_t to) {
  while (from < to) {
    const auto count = std::min<std::uint64_t>(block_bytes, to - from);
    auto bytes = read_there(file, from, count);
    PAWL_TRY(bytes);
    bytes->resize(count, '\0');  // the padding of the last frame may be cut off
    PAWL_TRY(write_all(file, from, *bytes));
    from += count;
  }
  return {};
}

}  // namespace

Result<std::uint64_t> count_nonzero(const File& file, std::uint64_t from, std::uint64_t to) {
  std::uint64_t count = 0;
  const Status done = nonzero_blocks(file, from, to, [&](std::uint64_t, std::string_view bytes) {
    count += nonzero_bytes(bytes);
    return Status{};
  });
  PAWL_TRY(done);
  return count;
}

Result<std::uint64_t> clean_tail(Disk& disk, const SegmentHead& head, const Place& unsure,
                                 const Place& end) {
  auto file = disk.open(segment_path(end.first), Access::write);
  PAWL_TRY(file);
  const bool within = unsure.first == end.first;
  PAWL_TRY(write_again(**file, within ? unsure.offset : 0, end.offset));
  const bool has_area = head.format == JournalFormat::first;
  auto torn = zero(**file, end.offset, has_area ? head.payload_area : ~0ULL);
  PAWL_TRY(torn);
  if (has_area) {
    PAWL_TRY(write_again(**file, head.payload_area + (within ? unsure.payload_end : 0),
                         head.payload_area + end.payload_end));
    auto payloads = zero(**file, head.payload_area + end.payload_end, ~0ULL);
    PAWL_TRY(payloads);
    *torn += *payloads;
  }
  PAWL_TRY((*file)->sync());
  PAWL_TRY(disk.sync_directory(journal_folder));
  return *torn;
}

Status remove_all(Disk& disk, const std::vector<std::string>& paths) {
  std::set<std::string> folders;
  for (const std::string& path : paths) {
    const Status removed = disk.remove(path);
    if (!removed && removed.error().fault != ErrorKind::missing) return removed;
    const auto slash = path.rfind('/');
    folders.insert(slash == std::string::npos ? "" : path.substr(0, slash));
  }
  for (const std::string& folder : folders) {
    PAWL_TRY(disk.sync_directory(folder));
  }
  return {};
}

Status finish_removals(Disk& disk) {
  std::vector<std::string> paths;
  for (const char* name : {"node.key.new", "node.pub.new", "checkpoint.new", "erasing.new"}) {
    paths.emplace_back(name);
  }
  auto names = disk.list(snapshot_folder);
  PAWL_TRY(names);
  for (const std::string& name : *names) {
    if (name.ends_with(unfinished)) paths.push_back(std::string(snapshot_folder) + "/" + name);
  }
  std::vector<std::string> there;
  for (const std::string& path : paths) {
    if (disk.open(path, Access::read)) there.push_back(path);
  }
  PAWL_TRY(remove_all(disk, there));
  return finish_erasures(disk);
}

}  // namespace pawl::journal
