#include "io/journal/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "io/journal/posix_file.h"

namespace pawl {
namespace {

using journal::PosixFile;
using journal::system_error;

constexpr mode_t file_mode = 0600;
constexpr mode_t folder_mode = 0700;

class PosixLock final : public DiskLock {
 public:
  explicit PosixLock(int descriptor) : descriptor_(descriptor) {}
  ~PosixLock() override { ::close(descriptor_); }
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;

 private:
  int descriptor_;
};

int flags_of(Access access) {
  switch (access) {
    case Access::read:
      return O_RDONLY;
    case Access::write:
      return O_RDWR;
    case Access::create:
      return O_RDWR | O_CREAT;
    case Access::fresh:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

// The directory's own name has to survive a power cut as well, so its parent is synced.
Status create_root(const std::string& directory) {
  std::filesystem::path parent = std::filesystem::absolute(directory).lexically_normal();
  if (!parent.has_filename()) parent = parent.parent_path();
  parent = parent.parent_path();
  std::error_code failed;
  std::filesystem::create_directories(parent, failed);
  if (failed) return system_error(failed.value(), "create", parent.string());
  if (::mkdir(directory.c_str(), folder_mode) != 0) {
    if (errno == EEXIST) return {};
    return system_error(errno, "create", directory);
  }
  const int descriptor = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_error(errno, "open", parent.string());
  const int done = ::fsync(descriptor);
  const int code = errno;
  ::close(descriptor);
  if (done != 0) return system_error(code, "sync", parent.string());
  return {};
}

const char* at(const std::string& path) {
  return path.empty() ? "." : path.c_str();
}

}  // namespace

Result<std::unique_ptr<PosixDisk>> PosixDisk::open(const std::string& directory, Root root) {
  if (root == Root::create) {
    PAWL_TRY(create_root(directory));
  }
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_error(errno, "open", directory);
  return std::unique_ptr<PosixDisk>(new PosixDisk(directory, descriptor));
}

PosixDisk::~PosixDisk() {
  ::close(descriptor_);
}

std::string PosixDisk::shown(const std::string& path) const {
  return path.empty() ? root_ : root_ + "/" + path;
}

Result<std::unique_ptr<File>> PosixDisk::open(const std::string& path, Access access) {
  const int descriptor =
      ::openat(descriptor_, at(path), flags_of(access) | O_CLOEXEC | O_NOFOLLOW, file_mode);
  if (descriptor < 0) return system_error(errno, "open", shown(path));
  return std::make_unique<PosixFile>(descriptor, shown(path));
}

Status PosixDisk::make_directory(const std::string& path) {
  if (::mkdirat(descriptor_, at(path), folder_mode) == 0 || errno == EEXIST) return {};
  return system_error(errno, "create", shown(path));
}

Status PosixDisk::sync_directory(const std::string& path) {
  const int descriptor = ::openat(descriptor_, at(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_error(errno, "open", shown(path));
  const int done = ::fsync(descriptor);
  const int code = errno;
  ::close(descriptor);
  if (done != 0) return system_error(code, "sync", shown(path));
  return {};
}

Status PosixDisk::rename(const std::string& from, const std::string& to) {
  if (::renameat(descriptor_, at(from), descriptor_, at(to)) == 0) return {};
  return system_error(errno, "rename", shown(from));
}

Status PosixDisk::remove(const std::string& path) {
  if (::unlinkat(descriptor_, at(path), 0) == 0) return {};
  return system_error(errno, "remove", shown(path));
}

Result<std::vector<std::string>> PosixDisk::list(const std::string& directory) {
  const int descriptor = ::openat(descriptor_, at(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_error(errno, "open", shown(directory));
  DIR* stream = ::fdopendir(descriptor);
  if (stream == nullptr) {
    const int code = errno;
    ::close(descriptor);
    return system_error(code, "read", shown(directory));
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && entry->d_type != DT_DIR) names.push_back(name);
    errno = 0;
  }
  const int code = errno;
  ::closedir(stream);
  if (code != 0) return system_error(code, "read", shown(directory));
  std::ranges::sort(names);
  return names;
}

Result<std::uint64_t> PosixDisk::free_bytes() {
  struct statvfs status{};
  if (::fstatvfs(descriptor_, &status) != 0) return system_error(errno, "look at", root_);
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

Result<std::unique_ptr<DiskLock>> PosixDisk::lock(const std::string& path) {
  const int descriptor =
      ::openat(descriptor_, at(path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, file_mode);
  if (descriptor < 0) return system_error(errno, "open", shown(path));
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(descriptor, F_OFD_SETLK, &whole) != 0) {
    const int code = errno;
    ::close(descriptor);
    if (code == EAGAIN || code == EACCES) {
      return fail(ErrorKind::refused, "`" + shown(path) + "` is held by another process");
    }
    return system_error(code, "lock", shown(path));
  }
  return std::make_unique<PosixLock>(descriptor);
}

}  // namespace pawl
