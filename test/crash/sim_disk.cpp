#include "crash/sim_disk.h"

#include <algorithm>

#include "crash/sim_file.h"

namespace pawl::crash {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// Writes a change into bytes, as far as it falls into one sector or into all.
void write_into(std::string& bytes, const Inode::Change& change, std::uint64_t from,
                std::uint64_t to) {
  const std::uint64_t begin = std::max(from, change.offset);
  const std::uint64_t end = std::min<std::uint64_t>(to, change.offset + change.bytes.size());
  if (begin >= end) return;
  if (bytes.size() < end) bytes.resize(end, '\0');
  bytes.replace(begin, end - begin, change.bytes, begin - change.offset, end - begin);
}

class SimLock final : public DiskLock {
 public:
  explicit SimLock(std::function<void()> release) : release_(std::move(release)) {}
  ~SimLock() override { release_(); }

 private:
  std::function<void()> release_;
};

}  // namespace

void Inode::change(std::uint64_t offset, std::string_view bytes, std::uint64_t size) {
  pending.push_back({offset, std::string(bytes), size});
  write_into(seen, pending.back(), 0, ~0ULL);
  seen.resize(size, '\0');
}

void Inode::settle(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    write_into(durable, pending[i], 0, ~0ULL);
    durable.resize(pending[i].size, '\0');
  }
  decided += count;
  pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(count));
}

void Inode::forget() {
  decided += pending.size();
  pending.clear();
}

void Inode::settle_randomly(Random& random) {
  // Four ways to go: nothing arrived, all of it, the first so many changes, or anything at all.
  const std::uint64_t way = random.below(4);
  if (way == 0) forget();
  if (way == 1) settle(pending.size());
  if (way == 2) {
    settle(random.below(pending.size() + 1));
    forget();
  }
  if (way != 3 || pending.empty()) return;

  std::map<std::uint64_t, std::vector<std::size_t>> versions;  // of each sector
  for (std::size_t i = 0; i < pending.size(); ++i) {
    const Change& one = pending[i];
    if (one.bytes.empty()) continue;
    for (std::uint64_t s = one.offset / sector_bytes;
         s <= (one.offset + one.bytes.size() - 1) / sector_bytes; ++s) {
      versions[s].push_back(i);
    }
  }
  std::uint64_t size = durable.size();
  const std::uint64_t reached = random.below(pending.size() + 1);
  if (reached > 0) size = pending[reached - 1].size;
  for (const auto& [sector, changes] : versions) {
    const std::uint64_t count = random.below(changes.size() + 1);
    for (std::uint64_t i = 0; i < count; ++i) {
      write_into(durable, pending[changes[i]], sector * sector_bytes, (sector + 1) * sector_bytes);
    }
  }
  durable.resize(size, '\0');
  forget();
}

Status SimDisk::alive() const {
  if (off_) return fail(ErrorKind::io, "simulated power cut");
  return {};
}

Status SimDisk::count_change() {
  if (changes_left_ > 0 && --changes_left_ == 0) power_cut();
  return alive();
}

Result<std::unique_ptr<File>> SimDisk::open(const std::string& path, Access access) {
  if (Status live = alive(); !live) return std::unexpected(live.error());
  const auto known = seen_.find(path);
  const bool exists = known != seen_.end();
  if (!exists && (access == Access::read || access == Access::write)) {
    return fail(ErrorKind::missing, "no such file: " + path);
  }
  if (exists) {
    auto file = std::make_unique<SimFile>(*this, known->second);
    if (access == Access::fresh && !known->second->seen.empty()) {
      if (Status cut = file->truncate(0); !cut) return std::unexpected(cut.error());
    }
    return file;
  }
  auto inode = std::make_shared<Inode>();
  if (Status made = rename_now({path, inode, {}}); !made) return std::unexpected(made.error());
  return std::make_unique<SimFile>(*this, inode);
}

Status SimDisk::make_directory(const std::string&) {
  return alive();
}

Status SimDisk::sync_directory(const std::string& path) {
  if (Status live = alive(); !live) return live;
  if (faults_.sync_error != 0 && random_.one_in(faults_.sync_error)) {
    return fail(ErrorKind::io, "simulated sync error");
  }
  for (const NameChange& change : pending_[path]) apply(durable_, change);
  pending_[path].clear();
  return count_change();
}

void SimDisk::apply(Names& names, const NameChange& change) {
  if (!change.also_gone.empty()) names.erase(change.also_gone);
  if (change.inode) {
    names[change.path] = change.inode;
  } else {
    names.erase(change.path);
  }
}

Status SimDisk::rename_now(const NameChange& change) {
  apply(seen_, change);
  pending_[folder_of(change.path)].push_back(change);
  return count_change();
}

Status SimDisk::rename(const std::string& from, const std::string& to) {
  if (Status live = alive(); !live) return live;
  const auto known = seen_.find(from);
  if (known == seen_.end()) return fail(ErrorKind::missing, "no such file: " + from);
  return rename_now({to, known->second, from});
}

Status SimDisk::remove(const std::string& path) {
  if (Status live = alive(); !live) return live;
  if (!seen_.contains(path)) return fail(ErrorKind::missing, "no such file: " + path);
  return rename_now({path, nullptr, {}});
}

Result<std::vector<std::string>> SimDisk::list(const std::string& directory) {
  if (Status live = alive(); !live) return std::unexpected(live.error());
  std::vector<std::string> names;
  for (const auto& [path, inode] : seen_) {
    if (folder_of(path) == directory) names.push_back(path.substr(path.rfind('/') + 1));
  }
  return names;
}

std::uint64_t SimDisk::used_bytes() const {
  std::uint64_t sectors = 0;
  for (const auto& [path, inode] : seen_) sectors += inode->sectors.size();
  return sectors * sector_bytes;
}

Result<std::uint64_t> SimDisk::free_bytes() {
  if (Status live = alive(); !live) return std::unexpected(live.error());
  return capacity_ - std::min(capacity_, used_bytes());
}

Result<std::unique_ptr<DiskLock>> SimDisk::lock(const std::string& path) {
  if (Status live = alive(); !live) return std::unexpected(live.error());
  if (locked_) return fail(ErrorKind::refused, "`" + path + "` is held by another process");
  locked_ = true;
  return std::make_unique<SimLock>([this, generation = generation_] {
    if (generation == generation_) locked_ = false;
  });
}

// In a journaling file system names arrive in order; POSIX promises less, so half of the time any
// of them may be missing.
std::vector<SimDisk::NameChange> SimDisk::survivors(const std::vector<NameChange>& changes) {
  std::vector<NameChange> kept;
  const bool in_order = random_.one_in(2);
  const std::uint64_t count = random_.below(changes.size() + 1);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (in_order ? i < count : random_.one_in(2)) kept.push_back(changes[i]);
  }
  return kept;
}

void SimDisk::power_cut() {
  off_ = true;
  locked_ = false;
  ++generation_;
  during_sync_ = {};
  for (const auto& [folder, changes] : pending_) {
    for (const NameChange& change : survivors(changes)) apply(durable_, change);
  }
  pending_.clear();
  seen_ = durable_;
  for (auto& [path, inode] : seen_) {
    inode->settle_randomly(random_);
    inode->seen = inode->durable;
    const std::uint64_t end = (inode->seen.size() + sector_bytes - 1) / sector_bytes;
    inode->sectors.erase(inode->sectors.lower_bound(end), inode->sectors.end());
  }
}

void SimDisk::restart() {
  off_ = false;
  changes_left_ = 0;
}

void SimDisk::kill() {
  ++generation_;
  locked_ = false;
  changes_left_ = 0;
  during_sync_ = {};
}

std::vector<std::string> SimDisk::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, inode] : seen_) paths.push_back(path);
  return paths;
}

std::string SimDisk::contents(const std::string& path) const {
  const auto known = seen_.find(path);
  return known == seen_.end() ? std::string() : known->second->seen;
}

void SimDisk::put(const std::string& path, std::string bytes) {
  auto& inode = seen_[path];
  if (!inode) inode = std::make_shared<Inode>();
  inode->seen = bytes;
  inode->durable = std::move(bytes);
  inode->pending.clear();
  durable_[path] = inode;
}

}  // namespace pawl::crash
