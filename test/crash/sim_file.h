// The open file of a SimDisk.
#pragma once

#include <memory>

#include "crash/sim_disk.h"

namespace pawl::crash {

class SimFile final : public File {
 public:
  SimFile(SimDisk& disk, std::shared_ptr<Inode> inode);

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) const override;
  Result<std::size_t> write_at(std::uint64_t offset, std::string_view bytes) override;
  Status allocate(std::uint64_t offset, std::uint64_t length) override;
  Status release(std::uint64_t offset, std::uint64_t length) override;
  Status sync() override;
  Result<std::uint64_t> size() const override;
  Status truncate(std::uint64_t size) override;

 private:
  Status alive() const;
  // Room for these bytes: ErrorKind::environment where the disk has none.
  Status find_room(std::uint64_t offset, std::uint64_t length);

  SimDisk& disk_;
  std::shared_ptr<Inode> inode_;
  std::uint64_t generation_;
};

}  // namespace pawl::crash
