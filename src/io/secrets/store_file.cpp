#include "io/secrets/store_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "io/pins/replace_file.h"
#include "io/secrets/store.h"

namespace pawl::secrets {
namespace {

std::unexpected<Error> failed(ErrorKind fault, const std::string& what, const std::string& path) {
  Error error = net::system_error(fault, what, errno);
  error.at.file = path;
  return std::unexpected(std::move(error));
}

Status check(int file, const std::string& path) {
  struct stat what{};
  const Position at{path, 0, 0};
  if (::fstat(file, &what) != 0 || !S_ISREG(what.st_mode)) {
    return fail(ErrorKind::environment, "the store of credentials is not a regular file", at);
  }
  if ((what.st_mode & 077U) != 0) {
    return fail(ErrorKind::refused, "others can read the store of credentials: `chmod 600` it", at);
  }
  if (what.st_uid != ::geteuid() && what.st_uid != 0) {
    return fail(ErrorKind::refused, "the store of credentials belongs to another user", at);
  }
  if (static_cast<std::uint64_t>(what.st_size) > store_bytes_max) {
    return fail(ErrorKind::corrupt, "the store of credentials is too long", at);
  }
  return {};
}

}  // namespace

Result<std::string> read_store(const std::string& path) {
  const net::Fd file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
  if (!file.open()) {
    return failed(errno == ENOENT ? ErrorKind::missing : ErrorKind::io,
                  "open the store of credentials", path);
  }
  PAWL_TRY(check(file.get(), path));
  std::string text;
  char part[1 << 14];
  for (;;) {
    const ssize_t got = ::read(file.get(), part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(ErrorKind::io, "read the store of credentials", path);
    if (got == 0) return text;
    text.append(part, static_cast<std::size_t>(got));
    if (text.size() > store_bytes_max) {
      return fail(ErrorKind::corrupt, "the store of credentials is too long", {path, 0, 0});
    }
  }
}

Result<StoreFile> StoreFile::open(const std::string& path) {
  return locked(path, LOCK_EX);
}

Result<StoreFile> StoreFile::try_open(const std::string& path) {
  return locked(path, LOCK_EX | LOCK_NB);
}

Result<StoreFile> StoreFile::locked(const std::string& path, int how) {
  const std::string beside = path + ".lock";
  net::Fd lock(::open(beside.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.open()) return failed(ErrorKind::environment, "open the lock of the store", beside);
  while (::flock(lock.get(), how) != 0) {
    if (errno == EWOULDBLOCK) {
      return fail(ErrorKind::environment,
                  "another process changes the store of credentials right now");
    }
    if (errno != EINTR) return failed(ErrorKind::environment, "lock the store", beside);
  }
  return StoreFile(path, std::move(lock));
}

Result<std::string> StoreFile::read() const {
  auto text = read_store(path_);
  if (!text && text.error().fault == ErrorKind::missing) return std::string();
  return text;
}

Status StoreFile::replace(std::string_view text) const {
  return replace_file(path_, text, 0600);
}

}  // namespace pawl::secrets
