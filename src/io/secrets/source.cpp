// The environment and files.
#include "io/secrets/source.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "io/net/child.h"
#include "io/net/clock.h"
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
    return fail(ErrorKind::refused, "the file of the secret belongs to another user", at);
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
  PAWL_TRY(check_file(file.get(), path));
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

// A program that prints the secret: bounded in time and in what it may print.

namespace {

// Until `fd` can be read or the time is over.
bool readable(int fd, Duration until) {
  for (;;) {
    const std::int64_t left_ms = (until.ns - net::boot_time().ns) / 1'000'000;
    if (left_ms <= 0) return false;
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

class Asked {
 public:
  Asked(net::Started started, std::string what)
      : started_(std::move(started)), what_(std::move(what)) {}
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;
  // No process of its group outlives the question.
  ~Asked() {
    ::kill(-started_.id.pid, SIGKILL);
    if (!over_) (void)net::wait_for_exit(started_.pidfd);
  }

  Result<Credential> answer(Duration until) {
    started_.input.reset();
    Credential read = Credential::of_size(credential_bytes_max + 3);
    std::size_t count = 0;
    for (;;) {
      if (!readable(started_.output.get(), until)) return too_late();
      if (count == read.writable().size()) {
        return fail(ErrorKind::invalid,
                    fmt::format("{} prints more than {} bytes", what_, credential_bytes_max));
      }
      const ssize_t got = ::read(started_.output.get(), read.writable().data() + count,
                                 read.writable().size() - count);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got < 0)
        return fail(ErrorKind::io, fmt::format("the answer of {} cannot be read", what_));
      if (got == 0) break;
      count += static_cast<std::size_t>(got);
    }
    if (!readable(started_.pidfd.get(), until)) return too_late();
    const net::Exit exit = net::wait_for_exit(started_.pidfd);
    over_ = true;
    if (!exit.success()) {
      return fail(ErrorKind::environment,
                  fmt::format("{} failed: {}", what_, net::to_string(exit)));
    }
    read.cut(count);
    return as_credential(std::move(read), fmt::format("what {} prints", what_));
  }

 private:
  std::unexpected<Error> too_late() const {
    return fail(ErrorKind::environment, fmt::format("{} took too long", what_));
  }

  net::Started started_;
  std::string what_;
  bool over_ = false;
};

}  // namespace

Result<Credential> from_command(const Command& command) {
  if (command.argv.empty()) return fail(ErrorKind::invalid, "the command of the secret is empty");
  const Duration until = net::boot_time() + command.deadline;
  auto started = net::start({.command = command.argv,
                             .environment = command.environment,
                             .directory = {},
                             .error_output = net::ErrorOutput::discard});
  PAWL_TRY(started);
  Asked asked(*std::move(started), fmt::format("`{}`", escape_untrusted(command.argv.front())));
  return asked.answer(until);
}

// A program that prints the secret, for callers with a loop: no one else waits meanwhile.

namespace {

struct Printing {
  Credential read = Credential::of_size(credential_bytes_max + 3);
  std::size_t count = 0;
  std::string what;
  Completion<Status> done;
  net::Watch watch;
};

void read_on(Printing& printing, int output) {
  const std::span<char> room = printing.read.writable().subspan(printing.count);
  if (room.empty()) {
    printing.done.deliver(
        fail(ErrorKind::invalid,
             fmt::format("{} prints more than {} bytes", printing.what, credential_bytes_max)));
    return;
  }
  const ssize_t got = ::read(output, room.data(), room.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got > 0) {
    printing.count += static_cast<std::size_t>(got);
    return;
  }
  printing.watch.reset();
  printing.done.deliver(
      got == 0
          ? Status{}
          : fail(ErrorKind::io, fmt::format("the answer of {} cannot be read", printing.what)));
}

}  // namespace

Task<Result<Credential>> from_command(net::Loop& loop, Command command) {
  if (command.argv.empty())
    co_return fail(ErrorKind::invalid, "the command of the secret is empty");
  auto started = net::start({.command = command.argv,
                             .environment = command.environment,
                             .directory = {},
                             .error_output = net::ErrorOutput::discard});
  PAWL_CO_TRY(started);
  // No process of its group outlives the question: letting go of it kills.
  net::Child child(loop, *std::move(started));
  child.input.reset();
  const auto printing = std::make_shared<Printing>();
  printing->what = fmt::format("`{}`", escape_untrusted(command.argv.front()));
  bool late = false;
  const net::Timer timer = loop.after(command.deadline, [&late, &child, printing] {
    late = true;
    child.kill();
    printing->done.deliver(
        fail(ErrorKind::environment, fmt::format("{} took too long", printing->what)));
  });
  const int output = child.output.get();
  auto watch = loop.watch(output, net::Interest::read,
                          [printing, output](net::Ready) { read_on(*printing, output); });
  PAWL_CO_TRY(watch);
  printing->watch = *std::move(watch);
  const Status printed = co_await printing->done;
  printing->watch.reset();
  PAWL_CO_TRY(printed);
  const net::Exit exit = co_await child.ended();
  if (late) co_return fail(ErrorKind::environment, fmt::format("{} took too long", printing->what));
  if (!exit.success()) {
    co_return fail(ErrorKind::environment,
                   fmt::format("{} failed: {}", printing->what, net::to_string(exit)));
  }
  printing->read.cut(printing->count);
  co_return as_credential(std::move(printing->read), fmt::format("what {} prints", printing->what));
}

}  // namespace pawl::secrets
