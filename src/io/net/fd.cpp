#include "io/net/fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>

namespace pawl::net {

void Fd::reset(int number) {
  if (number_ == number) return;
  if (number_ >= 0) ::close(number_);
  number_ = number;
}

Result<Fd> Fd::duplicate() const {
  const int copy = ::fcntl(number_, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) {
    return std::unexpected(system_error(ErrorKind::environment, "duplicate a descriptor", errno));
  }
  return Fd(copy);
}

Result<PipePair> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return std::unexpected(system_error(ErrorKind::environment, "make a pipe", errno));
  }
  return PipePair{Fd(ends[0]), Fd(ends[1])};
}

Result<SocketPair> make_socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return std::unexpected(system_error(ErrorKind::environment, "make a socket pair", errno));
  }
  return SocketPair{Fd(ends[0]), Fd(ends[1])};
}

Result<Fd> take_standard(int number) {
  const int moved = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
  if (moved < 0) {
    const char* name = number == 0 ? "standard input" : "standard output";
    return std::unexpected(
        system_error(ErrorKind::environment, fmt::format("use {}", name), errno));
  }
  Fd taken(moved);
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing.open() || ::dup2(nothing.get(), number) < 0) {
    return std::unexpected(system_error(ErrorKind::environment, "open `/dev/null`", errno));
  }
  return taken;
}

Error system_error(ErrorKind fault, const std::string& what, int number) {
  const char* known = ::strerrordesc_np(number);
  std::string words = known != nullptr ? known : fmt::format("error {}", number);
  // The system begins its sentences with a capital; ours go on in the middle of one.
  if (words.size() > 1 && std::islower(static_cast<unsigned char>(words[1])) != 0) {
    words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  }
  return Error{fault, fmt::format("cannot {}: {}", what, words), {}};
}

}  // namespace pawl::net
