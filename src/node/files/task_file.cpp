#include "node/files/task_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>

#include "base/text.h"
#include "io/net/fd.h"

namespace pawl::node {
namespace {

constexpr std::size_t task_bytes_max = 256UL << 10;
// A file's time may lie this long before the write that it is of: the kernel takes the time of its
// last timer interrupt, of which there are a hundred a second at least.
constexpr std::int64_t coarse_ns = 10'000'000;

std::unexpected<Error> refuse(const std::string& path, const std::string& why) {
  return fail(ErrorKind::refused, "the task `" + escape_untrusted(path) + "` " + why);
}

std::int64_t nanoseconds_of(const timespec& time) {
  return time.tv_sec * 1'000'000'000L + time.tv_nsec;
}

bool lies_in(const std::string& path, const std::string& directory) {
  std::error_code error;
  const auto file = std::filesystem::weakly_canonical(path, error);
  const auto root = std::filesystem::weakly_canonical(directory, error);
  if (error || root.empty() || root == "/") return false;
  const auto relative = file.lexically_relative(root);
  return !relative.empty() && *relative.begin() != "..";
}

Result<std::string> read_all(const net::Fd& file, const std::string& path) {
  std::string out;
  char buffer[16384];
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0) return refuse(path, "cannot be read");
    if (count == 0) return out;
    out.append(buffer, static_cast<std::size_t>(count));
    if (out.size() > task_bytes_max) return refuse(path, "is too long");
  }
}

}  // namespace

Clocks clocks_now() {
  Clocks now{};
  ::clock_gettime(CLOCK_REALTIME, &now.real);
  ::clock_gettime(CLOCK_BOOTTIME, &now.boot);
  now.ticks_of_second = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
  return now;
}

// In nanoseconds: each of the clocks rounded down for itself, their difference would be up to a
// second too late, and so would be the time from which on an agent could have written the file.
bool older_than(const net::ProcessId& process, const timespec& changed, const Clocks& now) {
  const std::int64_t booted = nanoseconds_of(now.real) - nanoseconds_of(now.boot);
  const auto ticks = static_cast<std::int64_t>(process.started_ticks);
  const auto of_second = static_cast<std::int64_t>(now.ticks_of_second);
  const std::int64_t began = booted + ticks / of_second * 1'000'000'000L +
                             ticks % of_second * (1'000'000'000L / of_second);
  return nanoseconds_of(changed) + coarse_ns <= began;
}

Result<std::string> read_task(const std::string& path, const TaskReader& reader) {
  const net::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat what{};
  if (file.get() < 0 || ::fstat(file.get(), &what) != 0) return refuse(path, "cannot be opened");
  if (!S_ISREG(what.st_mode)) return refuse(path, "is not a file");
  if ((what.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return refuse(path, "may be written by others: chmod go-w it");
  }
  const bool of_another = what.st_uid != reader.user;
  if (!of_another && lies_in(path, reader.directory)) {
    return refuse(path, "is in the agent's folder: keep it outside of that folder");
  }
  const bool older = reader.client.pid > 0 && older_than(reader.client, what.st_ctim, clocks_now());
  if (!of_another && !older) {
    return refuse(path,
                  "is younger than the client that names it, so the agent may have written it");
  }
  auto text = read_all(file, path);
  if (text && text->empty()) return refuse(path, "is empty");
  return text;
}

}  // namespace pawl::node
