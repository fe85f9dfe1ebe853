// A program that prints the secret: bounded in time and in what it may print.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/text.h"
#include "io/net/child.h"
#include "io/net/clock.h"
#include "io/secrets/source.h"

namespace pawl::secrets {
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
  if (!started) return std::unexpected(started.error());
  Asked asked(*std::move(started), fmt::format("`{}`", escape_untrusted(command.argv.front())));
  return asked.answer(until);
}

}  // namespace pawl::secrets
