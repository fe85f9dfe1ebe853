// PosixDisk: the Disk of a real directory. Files are 0600, folders 0700, nothing is inherited by
// child processes, symbolic links are not followed below the root.
//
// The lock is an open-file-description lock: two opens in one process exclude each other too.
#pragma once

#include <memory>
#include <string>

#include "io/journal/disk.h"

namespace pawl {

class PosixDisk final : public Disk {
 public:
  // `create`: makes the directory, and its parents, where they are missing.
  enum class Root : std::uint8_t { must_exist, create };
  static Result<std::unique_ptr<PosixDisk>> open(const std::string& directory, Root root);
  ~PosixDisk() override;
  PosixDisk(const PosixDisk&) = delete;
  PosixDisk& operator=(const PosixDisk&) = delete;

  Result<std::unique_ptr<File>> open(const std::string& path, Access access) override;
  Status make_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<std::uint64_t> free_bytes() override;
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;
  std::string shown(const std::string& path) const override;

 private:
  PosixDisk(std::string root, int descriptor) : root_(std::move(root)), descriptor_(descriptor) {}

  std::string root_;
  int descriptor_;
};

}  // namespace pawl
