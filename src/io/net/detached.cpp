#include "io/net/detached.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace pawl::net {
namespace {

constexpr int status_not_started = 127;

// What makes a program load or trust something that its starter chose (case R02).
constexpr std::string_view kLoaders[] = {"LD_",
                                         "GLIBC_TUNABLES=", "GCONV_PATH=", "LOCPATH=", "OPENSSL_"};

std::vector<char*> own_surroundings(std::vector<std::string>& more) {
  std::vector<char*> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const bool loads = std::ranges::any_of(
        kLoaders, [&](std::string_view loader) { return text.starts_with(loader); });
    if (!loads) kept.push_back(*entry);
  }
  for (std::string& entry : more) kept.push_back(entry.data());
  kept.push_back(nullptr);
  return kept;
}

// Between fork and exec: only calls that are safe there.
[[noreturn]] void become(const char* program, char* const* words, char* const* environment,
                         int log) {
  ::setsid();
  (void)!::chdir("/");
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::close_range(3, ~0U, 0);
  ::execve(program, words, environment);
  ::_exit(status_not_started);
}

}  // namespace

Status start_detached(const std::string& program, std::vector<std::string> words, const Fd& log,
                      std::vector<std::string> more) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const std::vector<char*> environment = own_surroundings(more);
  const pid_t between = ::fork();
  if (between < 0) {
    return std::unexpected(system_error(ErrorKind::environment, "start a process", errno));
  }
  if (between == 0) {
    // A second fork, so that the program is no child of ours and no zombie is left.
    if (::fork() == 0) become(program.c_str(), pointers.data(), environment.data(), log.get());
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(between, &status, 0) < 0 && errno == EINTR) {
  }
  return {};
}

}  // namespace pawl::net
