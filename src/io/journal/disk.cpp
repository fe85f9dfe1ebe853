#include "io/journal/disk.h"

#include <fmt/format.h>

#include <algorithm>

namespace pawl {

Status write_all(File& file, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    auto written = file.write_at(offset, bytes);
    PAWL_TRY(written);
    if (*written == 0 || *written > bytes.size()) {
      return fail(ErrorKind::io, "a write made no progress");
    }
    offset += *written;
    bytes.remove_prefix(*written);
  }
  return {};
}

// A read may be short without the file's end being near; only zero bytes mean the end.
Result<std::string> read_there(const File& file, std::uint64_t offset, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t done = 0;
  while (done < count) {
    auto read = file.read_at(offset + done, std::span(bytes).subspan(done));
    PAWL_TRY(read);
    if (*read == 0) break;
    done += *read;
  }
  bytes.resize(done);
  return bytes;
}

Result<std::string> read_exactly(const File& file, std::uint64_t offset, std::size_t count) {
  auto bytes = read_there(file, offset, count);
  if (bytes && bytes->size() != count) {
    return fail(ErrorKind::corrupt, fmt::format("the file ends at {}, {} bytes were expected at {}",
                                                offset + bytes->size(), count, offset));
  }
  return bytes;
}

Result<std::string> read_whole(Disk& disk, const std::string& path, std::uint64_t bytes_max) {
  auto file = disk.open(path, Access::read);
  PAWL_TRY(file);
  auto size = (*file)->size();
  PAWL_TRY(size);
  if (*size > bytes_max) {
    return fail(ErrorKind::invalid, fmt::format("`{}` has {} bytes, at most {} are read",
                                                disk.shown(path), *size, bytes_max));
  }
  return read_there(**file, 0, *size);
}

Status replace_whole(Disk& disk, const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
  {
    auto file = disk.open(fresh, Access::fresh);
    PAWL_TRY(file);
    Status done = write_all(**file, 0, bytes);
    if (done) done = (*file)->sync();
    if (!done) {
      // Best effort: the name ends in `.new`, so that the next open removes what stays.
      (void)disk.remove(fresh);
      return done;
    }
  }
  PAWL_TRY(disk.rename(fresh, path));
  return disk.sync_directory(folder);
}

}  // namespace pawl
