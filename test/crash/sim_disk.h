// SimDisk: a disk in memory that does, by its seed, the worst that POSIX allows.
//
// What a File or a folder did not sync is pending. A power cut decides for every 512-byte sector
// with pending writes which of its versions reached the disk, so writes are lost, torn at sectors,
// and reordered; the size of a file and the names in a folder are decided apart from its bytes.
// A death of the process loses nothing but what was open. A sync that fails leaves a random part
// behind and forgets the rest, as kernels do: a later sync does not bring it back.
//
// After `power_cut` or `kill` every File and lock of before is dead: its calls fail.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "crash/random.h"
#include "io/journal/disk.h"

namespace pawl::crash {

inline constexpr std::uint64_t sector_bytes = 512;

// One file's bytes: what programs see, what the disk has, and what lies between.
struct Inode {
  struct Change {
    std::uint64_t offset = 0;
    std::string bytes;       // what stands there afterwards
    std::uint64_t size = 0;  // of the file afterwards
  };
  std::string seen;
  std::string durable;
  std::vector<Change> pending;
  std::uint64_t decided = 0;        // changes that were pending and are not any more
  std::set<std::uint64_t> sectors;  // that have room on the disk

  void change(std::uint64_t offset, std::string_view bytes, std::uint64_t size);
  // The first `count` changes reach the disk.
  void settle(std::size_t count);
  // What is pending never reaches the disk.
  void forget();
  // A random outcome for everything pending. `seen` is left alone.
  void settle_randomly(Random& random);
};

// One in so many calls goes wrong; 0: never.
struct Faults {
  std::uint64_t write_error = 0;
  std::uint64_t short_write = 0;
  std::uint64_t sync_error = 0;
  std::uint64_t read_error = 0;
};

class SimDisk final : public Disk {
 public:
  explicit SimDisk(std::uint64_t seed) : random_(seed) {}

  Result<std::unique_ptr<File>> open(const std::string& path, Access access) override;
  Status make_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<std::uint64_t> free_bytes() override;
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;
  std::string shown(const std::string& path) const override { return path; }

  // Now, or after so many more changes. Until `restart` everything fails.
  void power_cut();
  void power_cut_after(std::uint64_t changes) { changes_left_ = changes; }
  bool off() const { return off_; }
  void restart();
  // The process is gone, the machine is not.
  void kill();

  void set_faults(const Faults& faults) { faults_ = faults; }
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  std::uint64_t used_bytes() const;
  // Runs in the middle of the next sync of a file; what it writes is not part of that sync.
  void set_during_sync(std::function<void()> call) { during_sync_ = std::move(call); }

  // For tests that look at files or damage them.
  std::vector<std::string> paths() const;
  std::string contents(const std::string& path) const;
  void put(const std::string& path, std::string bytes);

 private:
  friend class SimFile;
  struct NameChange {
    std::string path;
    std::shared_ptr<Inode> inode;  // nothing: the name goes away
    std::string also_gone;         // the old name of a rename
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  Status alive() const;
  // Counts one change towards the power cut; fails if that was it.
  Status count_change();
  Status rename_now(const NameChange& change);
  static void apply(Names& names, const NameChange& change);
  std::vector<NameChange> survivors(const std::vector<NameChange>& changes);

  Random random_;
  Names seen_;
  Names durable_;
  std::map<std::string, std::vector<NameChange>> pending_;  // by folder
  std::uint64_t generation_ = 0;
  std::uint64_t changes_left_ = 0;
  bool off_ = false;
  bool locked_ = false;
  std::uint64_t capacity_ = 1ULL << 40;
  Faults faults_;
  std::function<void()> during_sync_;
};

}  // namespace pawl::crash
