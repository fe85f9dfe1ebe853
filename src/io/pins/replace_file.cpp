#include "io/pins/replace_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

namespace pawl {
namespace {

std::unexpected<Error> failed(std::string_view what, const std::string& path, int why) {
  return fail(ErrorKind::io, fmt::format("cannot {} `{}`: {}", what, path, std::strerror(why)));
}

// Writes and syncs the new file; 0, or why it could not be done.
int write_synced(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

// Until then a power cut may bring the old file back.
Status sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return failed("open", folder, errno);
  const int why = ::fsync(opened) == 0 ? 0 : errno;
  ::close(opened);
  // Some file systems have nothing to sync of a folder, and say so.
  if (why != 0 && why != EINVAL) return failed("sync", folder, why);
  return {};
}

}  // namespace

Status replace_file(const std::string& path, std::string_view text, mode_t mode) {
  const std::string fresh = path + ".new";
  const int file =
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
  if (file < 0) return failed("write", fresh, errno);
  const int why = write_synced(file, text);
  ::close(file);
  if (why != 0) {
    ::unlink(fresh.c_str());
    return failed("write", fresh, why);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed("replace", path, errno);
  return sync_folder_of(path);
}

}  // namespace pawl
