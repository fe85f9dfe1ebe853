#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "io/net/channel.h"
#include "io/net/clock.h"
#include "io/net/frame.h"
#include "io/net/unix_socket.h"

namespace pawl::net {
namespace {

// Repeats `step` until it is through, waiting for `events` in between.
Result<Progress> until_done(int socket, short events, Duration at_most,
                            const std::function<Result<Progress>()>& step) {
  const Duration until = boot_time() + at_most;
  for (;;) {
    Result<Progress> got = step();
    if (!got || *got != Progress::would_wait) return got;
    const std::int64_t left_ms = (until.ns - boot_time().ns) / 1'000'000;
    if (left_ms <= 0) {
      return fail(ErrorKind::environment, fmt::format("no answer within {}", to_string(at_most)));
    }
    pollfd one{.fd = socket, .events = events, .revents = 0};
    ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 60'000)));
  }
}

}  // namespace

Status BlockingChannel::send(std::string_view text, const std::vector<int>& fds, Duration at_most) {
  if (text.empty() || text.size() > kControlBytesMax || fds.size() > kFrameFdsMax) {
    return fail(ErrorKind::invalid, "a control message is empty or too large");
  }
  std::vector<Fd> copies;
  for (const int fd : fds) {
    Fd lent(fd);
    Result<Fd> copy = lent.duplicate();
    lent.release();
    if (!copy) return std::unexpected(std::move(copy.error()));
    copies.push_back(*std::move(copy));
  }
  FrameWriter writer;
  writer.add(text, std::move(copies));
  const Result<Progress> sent =
      until_done(socket_.get(), POLLOUT, at_most, [&] { return writer.write(socket_.get()); });
  if (!sent) return std::unexpected(sent.error());
  return {};
}

Result<Frame> BlockingChannel::receive(Duration at_most) {
  FrameReader reader(kControlBytesMax);
  const Result<Progress> got =
      until_done(socket_.get(), POLLIN, at_most, [&] { return reader.read(socket_.get()); });
  if (!got) return std::unexpected(got.error());
  if (*got == Progress::ended) return fail(ErrorKind::missing, "the connection was closed");
  return reader.take();
}

Result<std::string> exchange(const std::string& path, std::string_view text, Duration at_most) {
  const Duration until = boot_time() + at_most;
  const auto left = [until] { return Duration{until.ns - boot_time().ns}; };
  Result<Fd> socket = connect_unix(path, at_most);
  if (!socket) return std::unexpected(std::move(socket.error()));
  BlockingChannel channel(*std::move(socket));
  if (Status sent = channel.send(text, {}, left()); !sent) {
    return std::unexpected(std::move(sent.error()));
  }
  Result<Frame> answer = channel.receive(left());
  if (!answer) return std::unexpected(std::move(answer.error()));
  return std::move(answer->text);
}

}  // namespace pawl::net
