// Disk: the few file operations that a journal needs, behind an interface.
//
// `PosixDisk` (posix_disk.h) is the real one; test/crash has `SimDisk`, which loses, tears and
// reorders whatever was not synced. The journal runs the same code on both.
//
// Paths are relative to the disk's root, with `/` between a folder and a name; `""` is the root.
// What counts as durable is exactly what POSIX promises: bytes and size of a file after `sync` of
// that file, a name in a folder after `sync_directory` of that folder, nothing else.
//
// Errors: ErrorKind::missing (no such file), ErrorKind::environment (no room left on the disk:
// nothing was changed that matters), ErrorKind::refused (a lock that another process holds),
// ErrorKind::io (all else).
//
// Threads: a Disk and a File may be used by several threads at once, as file descriptors may.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl {

class File {
 public:
  virtual ~File() = default;

  // Reads up to `into.size()` bytes at `offset`; fewer than asked only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) const = 0;

  // Writes a non-empty prefix of `bytes` and returns its length, as pwrite does: `write_all` loops.
  virtual Result<std::size_t> write_at(std::uint64_t offset, std::string_view bytes) = 0;

  // Makes sure that later writes to this range find room. New room reads as zeros; what was there
  // stays; the file is as long as the range's end at least. ErrorKind::environment when there is
  // none.
  virtual Status allocate(std::uint64_t offset, std::uint64_t length) = 0;

  // Gives the room of this range back; it reads as zeros, the file keeps its size.
  virtual Status release(std::uint64_t offset, std::uint64_t length) = 0;

  // fdatasync. After a failure nothing is known about what lies on the disk: never call it again.
  virtual Status sync() = 0;

  virtual Result<std::uint64_t> size() const = 0;
  virtual Status truncate(std::uint64_t size) = 0;
};

// Held until destroyed; the process's death releases it.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

enum class Access : std::uint8_t {
  read,    // must exist
  write,   // read and write, must exist
  create,  // read and write, created empty if it is missing
  fresh,   // read and write, created empty, whatever was there is gone
};

class Disk {
 public:
  virtual ~Disk() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, Access access) = 0;
  virtual Status make_directory(const std::string& path) = 0;  // no error if it is there
  virtual Status sync_directory(const std::string& path) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
  virtual Status remove(const std::string& path) = 0;
  // Names of the files in a folder, in byte order. A missing folder is ErrorKind::missing.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual Result<std::uint64_t> free_bytes() = 0;
  virtual Result<std::unique_ptr<DiskLock>> lock(const std::string& path) = 0;
  // How a message calls this file: the full path on a real disk.
  virtual std::string shown(const std::string& path) const = 0;
};

// Writes everything, going on after short writes.
Status write_all(File& file, std::uint64_t offset, std::string_view bytes);

// Reads `count` bytes, fewer only where the file ends before.
Result<std::string> read_there(const File& file, std::uint64_t offset, std::size_t count);

// Reads exactly `count` bytes; ErrorKind::corrupt if the file ends before.
Result<std::string> read_exactly(const File& file, std::uint64_t offset, std::size_t count);

// A whole small file. ErrorKind::invalid if it is longer than `bytes_max`.
Result<std::string> read_whole(Disk& disk, const std::string& path, std::uint64_t bytes_max);

// A whole file put in place at once: written beside it as `path.new`, synced, renamed, and the
// folder synced. After a crash there is the old file or the new one, never a mixture.
Status replace_whole(Disk& disk, const std::string& path, std::string_view bytes);

}  // namespace pawl
