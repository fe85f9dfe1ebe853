#include "io/net/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace pawl::net {

Result<Signals> Signals::watch(Loop& loop, const std::vector<int>& numbers,
                               std::function<void(int number)> happened) {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int number : numbers) ::sigaddset(&wanted, number);
  Fd fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.open() || ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr) != 0) {
    return std::unexpected(system_error(ErrorKind::environment, "watch signals", errno));
  }
  const auto tell = [number = fd.get(), told = std::move(happened)](Ready) {
    signalfd_siginfo one{};
    if (::read(number, &one, sizeof one) == sizeof one) told(static_cast<int>(one.ssi_signo));
  };
  Result<Watch> watch = loop.watch(fd.get(), Interest::read, tell);
  PAWL_TRY(watch);
  return Signals(std::move(fd), *std::move(watch));
}

}  // namespace pawl::net
