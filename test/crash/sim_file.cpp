#include "crash/sim_file.h"

#include <algorithm>
#include <cstring>

namespace pawl::crash {

SimFile::SimFile(SimDisk& disk, std::shared_ptr<Inode> inode)
    : disk_(disk), inode_(std::move(inode)), generation_(disk.generation_) {}

Status SimFile::alive() const {
  if (generation_ != disk_.generation_) return fail(ErrorKind::io, "the file of a dead process");
  return disk_.alive();
}

Result<std::size_t> SimFile::read_at(std::uint64_t offset, std::span<char> into) const {
  if (Status live = alive(); !live) return std::unexpected(live.error());
  if (disk_.faults_.read_error != 0 && disk_.random_.one_in(disk_.faults_.read_error)) {
    return fail(ErrorKind::io, "simulated read error");
  }
  const std::string& seen = inode_->seen;
  if (offset >= seen.size() || into.empty()) return std::size_t{0};
  std::size_t count = std::min<std::size_t>(into.size(), seen.size() - offset);
  // Reads may be short as well.
  if (disk_.faults_.short_write != 0 && disk_.random_.one_in(disk_.faults_.short_write)) {
    count = 1 + disk_.random_.below(count);
  }
  std::memcpy(into.data(), seen.data() + offset, count);
  return count;
}

Status SimFile::find_room(std::uint64_t offset, std::uint64_t length) {
  const std::uint64_t begin = offset / sector_bytes;
  const std::uint64_t end = (offset + length + sector_bytes - 1) / sector_bytes;
  std::vector<std::uint64_t> missing;
  for (std::uint64_t sector = begin; sector < end; ++sector) {
    if (!inode_->sectors.contains(sector)) missing.push_back(sector);
  }
  if (missing.empty()) return {};
  if (disk_.used_bytes() + missing.size() * sector_bytes > disk_.capacity_) {
    return fail(ErrorKind::environment, "simulated full disk");
  }
  inode_->sectors.insert(missing.begin(), missing.end());
  return {};
}

Result<std::size_t> SimFile::write_at(std::uint64_t offset, std::string_view bytes) {
  if (Status live = alive(); !live) return std::unexpected(live.error());
  std::size_t count = bytes.size();
  const Faults& faults = disk_.faults_;
  const bool fails = faults.write_error != 0 && disk_.random_.one_in(faults.write_error);
  if (fails) count = disk_.random_.below(count + 1);
  if (!fails && faults.short_write != 0 && disk_.random_.one_in(faults.short_write)) {
    count = 1 + disk_.random_.below(count);
  }
  if (count > 0) {
    if (Status room = find_room(offset, count); !room) return std::unexpected(room.error());
    inode_->change(offset, bytes.substr(0, count),
                   std::max<std::uint64_t>(inode_->seen.size(), offset + count));
  }
  if (Status counted = disk_.count_change(); !counted) return std::unexpected(counted.error());
  if (fails) return fail(ErrorKind::io, "simulated write error");
  return count;
}

Status SimFile::allocate(std::uint64_t offset, std::uint64_t length) {
  if (Status live = alive(); !live) return live;
  if (Status room = find_room(offset, length); !room) return room;
  if (offset + length > inode_->seen.size()) inode_->change(offset, {}, offset + length);
  return disk_.count_change();
}

Status SimFile::release(std::uint64_t offset, std::uint64_t length) {
  if (Status live = alive(); !live) return live;
  const std::uint64_t size = inode_->seen.size();
  const std::uint64_t end = std::min(size, offset + length);
  if (offset >= end) return {};
  inode_->change(offset, std::string(end - offset, '\0'), size);
  const std::uint64_t first = (offset + sector_bytes - 1) / sector_bytes;
  if (first < end / sector_bytes) {
    inode_->sectors.erase(inode_->sectors.lower_bound(first),
                          inode_->sectors.lower_bound(end / sector_bytes));
  }
  return disk_.count_change();
}

Status SimFile::sync() {
  if (Status live = alive(); !live) return live;
  const std::uint64_t target = inode_->decided + inode_->pending.size();
  if (auto call = std::exchange(disk_.during_sync_, {})) call();
  if (Status live = alive(); !live) return live;
  // What was written meanwhile is not part of this sync, unless another one took it already.
  const std::uint64_t count = target - std::min(target, inode_->decided);
  if (disk_.faults_.sync_error != 0 && disk_.random_.one_in(disk_.faults_.sync_error)) {
    inode_->settle_randomly(disk_.random_);
    return fail(ErrorKind::io, "simulated sync error");
  }
  // The cut may come before, or after the disk has everything but before anybody knows.
  if (disk_.random_.one_in(2)) {
    if (Status counted = disk_.count_change(); !counted) return counted;
    inode_->settle(count);
    return {};
  }
  inode_->settle(count);
  return disk_.count_change();
}

Result<std::uint64_t> SimFile::size() const {
  if (Status live = alive(); !live) return std::unexpected(live.error());
  return inode_->seen.size();
}

Status SimFile::truncate(std::uint64_t size) {
  if (Status live = alive(); !live) return live;
  if (size < inode_->seen.size()) {
    inode_->change(size, std::string(inode_->seen.size() - size, '\0'), size);
    inode_->sectors.erase(inode_->sectors.lower_bound((size + sector_bytes - 1) / sector_bytes),
                          inode_->sectors.end());
  } else {
    inode_->change(size, {}, size);
  }
  return disk_.count_change();
}

}  // namespace pawl::crash
