// The environment and files.
#include "io/secrets/source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/text.h"
#include "io/net/fd.h"

namespace pawl::secrets {
namespace {

constexpr mode_t others_can_read = 077;
constexpr mode_t others_can_read_systemd = 037;

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string() : std::string(value);
}

// Whether the path lies in the folder that systemd made for this service.
bool of_systemd(const std::string& path) {
  const std::string folder = variable("CREDENTIALS_DIRECTORY");
  return !folder.empty() && path.starts_with(folder + "/") && path.find("/..") == path.npos;
}

Status check_file(int file, const std::string& path) {
  struct stat what{};
  const Position at{path, 0, 0};
  if (::fstat(file, &what) != 0 || !S_ISREG(what.st_mode)) {
    return fail(ErrorKind::environment, "the secret is not in a regular file", at);
  }
  if ((what.st_mode & (of_systemd(path) ? others_can_read_systemd : others_can_read)) != 0) {
    return fail(ErrorKind::refused, "others can read the file of the secret: `chmod 600` it", at);
  }
  if (what.st_uid != ::geteuid() && what.st_uid != 0) {
    return fail(ErrorKind::refused, "the file of the secret belongs to somebody else", at);
  }
  return {};
}

}  // namespace

Result<Credential> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) {
    return fail(ErrorKind::missing,
                fmt::format("the variable `{}` is not set", escape_untrusted(name)));
  }
  return as_credential(Credential::copy_of(value),
                       fmt::format("the variable `{}`", escape_untrusted(name)));
}

Result<Credential> from_file(const std::string& path) {
  // Without waiting: a pipe in the place of the file would stop everything.
  const net::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.open()) {
    Error error = net::system_error(errno == ENOENT ? ErrorKind::missing : ErrorKind::environment,
                                    "open the file of the secret", errno);
    error.at.file = path;
    return std::unexpected(std::move(error));
  }
  if (Status good = check_file(file.get(), path); !good) return std::unexpected(good.error());
  return from_descriptor(file.get(), fmt::format("`{}`", escape_untrusted(path)));
}

Result<Credential> from_descriptor(int descriptor, const std::string& what) {
  // Two bytes for a newline, and one more that shows that it is too long.
  Credential read = Credential::of_size(credential_bytes_max + 3);
  std::size_t count = 0;
  while (count < read.writable().size()) {
    const ssize_t got =
        ::read(descriptor, read.writable().data() + count, read.writable().size() - count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(net::system_error(ErrorKind::io, "read " + what, errno));
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  read.cut(count);
  return as_credential(std::move(read), what);
}

Result<Credential> from_systemd(const std::string& name) {
  const std::string folder = variable("CREDENTIALS_DIRECTORY");
  if (folder.empty() || name.find('/') != std::string::npos) {
    return fail(ErrorKind::missing,
                fmt::format("systemd passes on no credential `{}`", escape_untrusted(name)));
  }
  return from_file(folder + "/" + name);
}

}  // namespace pawl::secrets
