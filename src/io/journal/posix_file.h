// The open file of a PosixDisk, and errors of the operating system as our own.
#pragma once

#include <string>

#include "io/journal/disk.h"

namespace pawl::journal {

// `cannot VERB `PATH`: reason`, with the fault that Disk promises for this errno.
std::unexpected<Error> system_error(int code, std::string_view verb, const std::string& path);

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string shown)
      : descriptor_(descriptor), shown_(std::move(shown)) {}
  ~PosixFile() override;
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) const override;
  Result<std::size_t> write_at(std::uint64_t offset, std::string_view bytes) override;
  Status allocate(std::uint64_t offset, std::uint64_t length) override;
  Status release(std::uint64_t offset, std::uint64_t length) override;
  Status sync() override;
  Result<std::uint64_t> size() const override;
  Status truncate(std::uint64_t size) override;

 private:
  Status allocate_by_writing(std::uint64_t offset, std::uint64_t length);
  Status release_by_writing(std::uint64_t offset, std::uint64_t length);

  int descriptor_;
  std::string shown_;
};

}  // namespace pawl::journal
