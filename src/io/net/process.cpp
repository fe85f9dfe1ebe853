#include "io/net/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>

#include "io/net/end_now.h"
#include "io/net/fd.h"

namespace pawl::net {
namespace {

// Field numbers of /proc/PID/stat behind the name, counted from the state (field 3).
constexpr std::size_t kParent = 1, kGroup = 2, kSession = 3, kStarted = 19;

// A cmdline may be as long as the kernel's argument limit; a longer one is of no use.
constexpr std::size_t kProcBytesMax = 1UL << 20;

template <class N>
std::optional<N> number(std::string_view text) {
  N value{};
  const char* begin = std::to_address(text.begin());
  const char* end = std::to_address(text.end());
  const auto [stopped, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

std::vector<std::string_view> words(std::string_view text) {
  constexpr std::string_view blanks = " \n";
  std::vector<std::string_view> found;
  std::size_t at = text.find_first_not_of(blanks);
  while (at != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
    found.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(blanks, end);
  }
  return found;
}

Result<std::string> read_small_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) {
    const ErrorKind fault =
        errno == ENOENT || errno == ESRCH ? ErrorKind::missing : ErrorKind::environment;
    return std::unexpected(system_error(fault, fmt::format("open `{}`", path), errno));
  }
  std::string text;
  std::array<char, 4096> part;
  while (text.size() < kProcBytesMax) {
    const ssize_t count = ::read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const ErrorKind fault = errno == ESRCH ? ErrorKind::missing : ErrorKind::io;
      return std::unexpected(system_error(fault, fmt::format("read `{}`", path), errno));
    }
    if (count == 0) break;
    text.append(part.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

Result<ProcessStat> parse_stat(std::string_view text) {
  const auto wrong = [] { return fail(ErrorKind::invalid, "not a line of /proc/PID/stat"); };
  // The name ends at the last parenthesis: everything behind it is numbers and one letter.
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return wrong();
  }
  const std::vector<std::string_view> before = words(text.substr(0, open));
  const std::vector<std::string_view> fields = words(text.substr(close + 1));
  if (before.size() != 1 || fields.size() <= kStarted || fields[0].size() != 1) return wrong();

  const auto pid = number<pid_t>(before[0]);
  const auto parent = number<pid_t>(fields[kParent]);
  const auto group = number<pid_t>(fields[kGroup]);
  const auto session = number<pid_t>(fields[kSession]);
  const auto started = number<std::uint64_t>(fields[kStarted]);
  if (!pid || !parent || !group || !session || !started) return wrong();

  return ProcessStat{.id = {*pid, *started},
                     .name = std::string(text.substr(open + 1, close - open - 1)),
                     .state = fields[0][0],
                     .parent = *parent,
                     .group = *group,
                     .session = *session};
}

std::vector<std::string> parse_command_line(std::string_view text) {
  std::vector<std::string> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    found.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

Result<ProcessStat> read_stat(pid_t pid) {
  Result<std::string> text = read_small_file(fmt::format("/proc/{}/stat", pid));
  PAWL_TRY(text);
  return parse_stat(*text);
}

Result<std::string> executable(pid_t pid) {
  const std::string link = fmt::format("/proc/{}/exe", pid);
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  if (size < 0) {
    const ErrorKind fault =
        errno == ENOENT || errno == ESRCH ? ErrorKind::missing : ErrorKind::environment;
    return std::unexpected(system_error(fault, fmt::format("read `{}`", link), errno));
  }
  target.resize(static_cast<std::size_t>(size));
  return target;
}

Result<std::vector<std::string>> command_line(pid_t pid) {
  Result<std::string> text = read_small_file(fmt::format("/proc/{}/cmdline", pid));
  PAWL_TRY(text);
  return parse_command_line(*text);
}

Result<std::string> boot_id() {
  Result<std::string> text = read_small_file("/proc/sys/kernel/random/boot_id");
  if (!text) return text;
  while (!text->empty() && text->back() == '\n') text->pop_back();
  if (text->empty()) return fail(ErrorKind::environment, "this machine has no boot id");
  return text;
}

void name_this_process(const char* name) {
  (void)::prctl(PR_SET_NAME, name);
}

bool alive(const ProcessId& id) {
  const Result<ProcessStat> now = read_stat(id.pid);
  return now && now->id == id && !now->dead();
}

void end_now(const ProcessId& id) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, id.pid, 0)));
  if (!process.open() || !alive(id)) return;
  ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
}

std::vector<ProcessStat> processes() {
  std::vector<ProcessStat> found;
  std::error_code stopped;
  std::filesystem::directory_iterator entry("/proc", stopped);
  while (!stopped && entry != std::filesystem::directory_iterator()) {
    const auto pid = number<pid_t>(entry->path().filename().native());
    // It may have ended since the folder was read.
    Result<ProcessStat> one = pid ? read_stat(*pid) : fail(ErrorKind::missing, "not a process");
    if (one) found.push_back(*std::move(one));
    entry.increment(stopped);
  }
  return found;
}

std::vector<ProcessStat> descendants(pid_t root, const std::vector<ProcessStat>& among) {
  std::vector<ProcessStat> found;
  std::vector<pid_t> parents{root};
  // Every process enters `parents` at most once, so a loop of parents in a torn picture of a
  // changing machine ends too.
  std::vector<bool> taken(among.size(), false);
  for (std::size_t next = 0; next < parents.size(); ++next) {
    for (std::size_t i = 0; i < among.size(); ++i) {
      if (taken[i] || among[i].parent != parents[next] || among[i].id.pid == root) continue;
      taken[i] = true;
      found.push_back(among[i]);
      parents.push_back(among[i].id.pid);
    }
  }
  return found;
}

std::vector<ProcessStat> children(pid_t parent) {
  std::vector<ProcessStat> found = processes();
  std::erase_if(found, [parent](const ProcessStat& one) { return one.parent != parent; });
  return found;
}

std::vector<ProcessStat> group_members(pid_t group, const std::vector<ProcessStat>& among) {
  std::vector<ProcessStat> found = among;
  std::erase_if(found, [group](const ProcessStat& one) { return one.group != group; });
  return found;
}

}  // namespace pawl::net
