#include "app/common/line_source.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "io/net/fd.h"

namespace pawl::app {
namespace {

constexpr std::size_t read_bytes = 256UL << 10;

// A descriptor that another process made non-blocking: wait for it instead of spinning.
bool wait_for(int fd, short events) {
  pollfd watched{.fd = fd, .events = events, .revents = 0};
  return ::poll(&watched, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

void LineSource::keep(std::string_view piece) {
  begun_ = begun_ || !piece.empty();
  const std::size_t room = bytes_max_ + 1 - std::min(bytes_max_ + 1, line_.size());
  line_.append(piece.substr(0, room));
}

Status LineSource::fill() {
  PAWL_TRY(before_waiting_());
  buffer_.resize(read_bytes);
  at_ = 0;
  for (;;) {
    const ssize_t n = ::read(fd_, buffer_.data(), buffer_.size());
    if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for(fd_, POLLIN)))) continue;
    buffer_.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0) return std::unexpected(net::system_error(ErrorKind::io, "read the input", errno));
    ended_ = n == 0;
    return {};
  }
}

Result<std::optional<std::string>> LineSource::next() {
  for (;;) {
    const std::string_view left = std::string_view(buffer_).substr(at_);
    const std::size_t end = left.find('\n');
    keep(left.substr(0, end));
    if (end != std::string_view::npos) {
      at_ += end + 1;
      begun_ = false;
      return std::exchange(line_, {});
    }
    buffer_.clear();
    at_ = 0;
    if (ended_) {
      if (!std::exchange(begun_, false)) return std::nullopt;
      return std::exchange(line_, {});
    }
    PAWL_TRY(fill());
  }
}

Status write_fully(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for(fd, POLLOUT)))) continue;
    if (n < 0) return std::unexpected(net::system_error(ErrorKind::io, "write the answers", errno));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace pawl::app
