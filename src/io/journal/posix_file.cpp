#include "io/journal/posix_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/text.h"

namespace pawl::journal {
namespace {

ErrorKind fault_of(int code) {
  if (code == ENOENT || code == ENOTDIR) return ErrorKind::missing;
  if (code == ENOSPC || code == EDQUOT) return ErrorKind::environment;
  return ErrorKind::io;
}

// Disks that know no fallocate get their room in pieces of this, by writing.
constexpr std::size_t zero_block_bytes = 4096;

}  // namespace

std::unexpected<Error> system_error(int code, std::string_view verb, const std::string& path) {
  std::string reason = std::system_category().message(code);
  if (!reason.empty()) reason[0] = lower_ascii(reason.substr(0, 1))[0];
  return fail(fault_of(code), fmt::format("cannot {} `{}`: {}", verb, path, reason));
}

PosixFile::~PosixFile() {
  ::close(descriptor_);
}

Result<std::size_t> PosixFile::read_at(std::uint64_t offset, std::span<char> into) const {
  for (;;) {
    const ssize_t count =
        ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return system_error(errno, "read", shown_);
  }
}

Result<std::size_t> PosixFile::write_at(std::uint64_t offset, std::string_view bytes) {
  for (;;) {
    const ssize_t count =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return system_error(errno, "write", shown_);
  }
}

Status PosixFile::allocate(std::uint64_t offset, std::uint64_t length) {
  for (;;) {
    const int done =
        ::fallocate(descriptor_, 0, static_cast<off_t>(offset), static_cast<off_t>(length));
    if (done == 0) return {};
    if (errno == EOPNOTSUPP || errno == ENOSYS) return allocate_by_writing(offset, length);
    if (errno != EINTR) return system_error(errno, "find room in", shown_);
  }
}

// Only blocks that read as zeros are written: whatever holds bytes has its room already.
Status PosixFile::allocate_by_writing(std::uint64_t offset, std::uint64_t length) {
  const std::string zeros(zero_block_bytes, '\0');
  std::string block(zero_block_bytes, '\0');
  const std::uint64_t end = offset + length;
  while (offset < end) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(zero_block_bytes, end - offset));
    auto read = read_at(offset, std::span(block).first(count));
    PAWL_TRY(read);
    const bool empty = std::ranges::all_of(std::string_view(block).substr(0, *read),
                                           [](char byte) { return byte == '\0'; });
    if (empty || *read < count) {
      const std::size_t from = empty ? 0 : *read;
      const Status written =
          write_all(*this, offset + from, std::string_view(zeros).substr(0, count - from));
      if (!written) return written;
    }
    offset += count;
  }
  return {};
}

Status PosixFile::release(std::uint64_t offset, std::uint64_t length) {
  for (;;) {
    const int done = ::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                 static_cast<off_t>(offset), static_cast<off_t>(length));
    if (done == 0) return {};
    if (errno == EOPNOTSUPP || errno == ENOSYS) return release_by_writing(offset, length);
    if (errno != EINTR) return system_error(errno, "release room of", shown_);
  }
}

// Keeps the room, but what was there is gone.
Status PosixFile::release_by_writing(std::uint64_t offset, std::uint64_t length) {
  const std::string zeros(zero_block_bytes, '\0');
  std::string block(zero_block_bytes, '\0');
  const std::uint64_t end = offset + length;
  while (offset < end) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(zero_block_bytes, end - offset));
    auto read = read_at(offset, std::span(block).first(count));
    PAWL_TRY(read);
    if (*read == 0) return {};
    const std::string_view bytes = std::string_view(block).substr(0, *read);
    if (bytes.find_first_not_of('\0') != bytes.npos) {
      const Status written = write_all(*this, offset, std::string_view(zeros).substr(0, *read));
      if (!written) return written;
    }
    offset += *read;
  }
  return {};
}

Status PosixFile::sync() {
  // Not even after EINTR: a sync that reported anything but success is never asked again.
  if (::fdatasync(descriptor_) != 0) return system_error(errno, "sync", shown_);
  return {};
}

Result<std::uint64_t> PosixFile::size() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return system_error(errno, "look at", shown_);
  return static_cast<std::uint64_t>(status.st_size);
}

Status PosixFile::truncate(std::uint64_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
    return system_error(errno, "shorten", shown_);
  }
  return {};
}

}  // namespace pawl::journal
