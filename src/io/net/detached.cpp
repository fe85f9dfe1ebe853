#include "io/net/detached.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace pawl::net {
namespace {

constexpr int status_not_started = 127;

// Between fork and exec: only calls that are safe there.
[[noreturn]] void become(const char* program, char* const* words, int log) {
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::close_range(3, ~0U, 0);
  ::execv(program, words);
  ::_exit(status_not_started);
}

}  // namespace

Status start_detached(const std::string& program, std::vector<std::string> words, const Fd& log) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t between = ::fork();
  if (between < 0) {
    return std::unexpected(system_error(Fault::environment, "start a process", errno));
  }
  if (between == 0) {
    // A second fork, so that the program is nobody's child here and no zombie is left.
    if (::fork() == 0) become(program.c_str(), pointers.data(), log.get());
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(between, &status, 0) < 0 && errno == EINTR) {
  }
  return {};
}

}  // namespace pawl::net
