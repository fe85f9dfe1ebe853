#include "io/net/port.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace pawl::net {
namespace {

bool ready_for(int fd, short events) {
  pollfd one{.fd = fd, .events = events, .revents = 0};
  return ::poll(&one, 1, 0) > 0;
}

bool nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

template <class Call>
ssize_t uninterrupted(Call call) {
  ssize_t count = -1;
  do {
    count = call();
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

Port::Port(Fd fd, Direction direction) : given_(std::move(fd)) {
  struct stat what{};
  if (::fstat(given_.get(), &what) != 0) return;
  if (S_ISSOCK(what.st_mode)) {
    way_ = Way::socket;
    return;
  }
  // Regular files, directories (whose read fails with a clear error), block devices.
  if (!S_ISFIFO(what.st_mode) && !S_ISCHR(what.st_mode)) return;
  if (nonblocking(given_.get())) {
    way_ = Way::own;
    return;
  }
  const int access = direction == Direction::read ? O_RDONLY : O_WRONLY;
  const std::string again = fmt::format("/proc/self/fd/{}", given_.get());
  second_ = Fd(::open(again.c_str(), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  way_ = second_.open() ? Way::own : Way::cautious;
}

void Port::close() {
  second_.reset();
  given_.reset();
}

ssize_t Port::read(std::span<char> into) {
  // The given descriptor is the one that is watched: a second opening of a pipe does not learn
  // that the writers had left before it. Reading through either sees the same bytes.
  const int fd = second_.open() ? second_.get() : given_.get();
  if (way_ == Way::socket) {
    return uninterrupted([&] { return ::recv(fd, into.data(), into.size(), MSG_DONTWAIT); });
  }
  if (way_ == Way::cautious && !ready_for(fd, POLLIN)) {
    errno = EAGAIN;
    return -1;
  }
  return uninterrupted([&] { return ::read(fd, into.data(), into.size()); });
}

ssize_t Port::write(std::span<const iovec> pieces) {
  const std::size_t count = std::min<std::size_t>(pieces.size(), IOV_MAX);
  const int fd = second_.open() ? second_.get() : given_.get();
  if (way_ == Way::socket) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = count;
    return uninterrupted([&] { return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
  }
  if (way_ == Way::cautious) return write_cautiously(pieces);
  return uninterrupted([&] { return ::writev(fd, pieces.data(), static_cast<int>(count)); });
}

// A pipe or terminal that says it is ready takes PIPE_BUF bytes without waiting, and no promise
// goes beyond that.
ssize_t Port::write_cautiously(std::span<const iovec> pieces) const {
  if (!ready_for(given_.get(), POLLOUT)) {
    errno = EAGAIN;
    return -1;
  }
  const auto some = std::ranges::find_if(pieces, [](const iovec& one) { return one.iov_len > 0; });
  if (some == pieces.end()) return 0;
  const std::size_t size = std::min<std::size_t>(some->iov_len, PIPE_BUF);
  return uninterrupted([&] { return ::write(given_.get(), some->iov_base, size); });
}

void set_nonblocking(const Fd& fd) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags >= 0) ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK);
}

}  // namespace pawl::net
