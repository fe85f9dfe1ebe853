#include "io/net/frame.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pawl::net {
namespace {

// A frame's memory grows with what has arrived: announcing much costs the peer as much.
constexpr std::size_t kGrowBytes = 256UL << 10;

using ControlBuffer = std::array<char, CMSG_SPACE(kFrameFdsMax * sizeof(int))>;

// Owns every descriptor of the message before anything is judged, so that none is lost.
void collect(msghdr& message, std::vector<Fd>& into) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      into.emplace_back(fd);
    }
  }
}

}  // namespace

Result<Progress> FrameReader::receive(int socket, char* into, std::size_t most,
                                      std::size_t& count) {
  iovec where{.iov_base = into, .iov_len = most};
  alignas(cmsghdr) ControlBuffer control;
  msghdr message{};
  message.msg_iov = &where;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t received = -1;
  do {
    received = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0 && errno == EAGAIN) return Progress::would_wait;
  if (received < 0) return std::unexpected(system_error(ErrorKind::io, "receive a message", errno));
  collect(message, frame_.fds);
  if ((message.msg_flags & MSG_CTRUNC) != 0 || frame_.fds.size() > kFrameFdsMax) {
    frame_.fds.clear();
    return fail(ErrorKind::invalid,
                fmt::format("a control message carries more than {} descriptors", kFrameFdsMax));
  }
  if (received == 0) {
    if (between_frames()) return Progress::ended;
    return fail(ErrorKind::io, "the connection ended inside of a message");
  }
  count = static_cast<std::size_t>(received);
  return Progress::done;
}

Status FrameReader::understand_header() {
  text_bytes_ = 0;
  for (std::size_t i = 0; i < kFrameHeaderBytes; ++i) {
    text_bytes_ |= static_cast<std::size_t>(static_cast<unsigned char>(header_[i])) << (8 * i);
  }
  if (text_bytes_ == 0) return fail(ErrorKind::invalid, "a control message is empty");
  if (text_bytes_ > control_bytes_max_) {
    return fail(ErrorKind::invalid,
                fmt::format("a control message of {} bytes, at most {} are taken", text_bytes_,
                            control_bytes_max_));
  }
  return {};
}

Result<Progress> FrameReader::read(int socket) {
  while (header_bytes_ < kFrameHeaderBytes) {
    std::size_t count = 0;
    const Result<Progress> got =
        receive(socket, header_.data() + header_bytes_, kFrameHeaderBytes - header_bytes_, count);
    if (!got || *got != Progress::done) return got;
    header_bytes_ += count;
    if (header_bytes_ < kFrameHeaderBytes) continue;
    PAWL_TRY(understand_header());
  }
  while (read_bytes_ < text_bytes_) {
    if (frame_.text.size() == read_bytes_) {
      frame_.text.resize(std::min(text_bytes_, read_bytes_ + std::max(read_bytes_, kGrowBytes)));
    }
    std::size_t count = 0;
    const Result<Progress> got =
        receive(socket, frame_.text.data() + read_bytes_, frame_.text.size() - read_bytes_, count);
    if (!got || *got != Progress::done) return got;
    read_bytes_ += count;
  }
  return Progress::done;
}

Frame FrameReader::take() {
  header_bytes_ = text_bytes_ = read_bytes_ = 0;
  return std::exchange(frame_, Frame{});
}

void FrameWriter::add(std::string_view text, std::vector<Fd> fds) {
  Outgoing one;
  one.bytes.reserve(kFrameHeaderBytes + text.size());
  for (std::size_t i = 0; i < kFrameHeaderBytes; ++i) {
    one.bytes += static_cast<char>((text.size() >> (8 * i)) & 0xff);
  }
  one.bytes += text;
  one.fds = std::move(fds);
  queued_bytes_ += one.bytes.size();
  queue_.push_back(std::move(one));
}

Result<Progress> FrameWriter::write(int socket) {
  while (!queue_.empty()) {
    Outgoing& one = queue_.front();
    iovec what{.iov_base = one.bytes.data() + front_bytes_,
               .iov_len = one.bytes.size() - front_bytes_};
    msghdr message{};
    message.msg_iov = &what;
    message.msg_iovlen = 1;
    alignas(cmsghdr) ControlBuffer control{};
    // With the first byte, and with no other: what was taken once must not be sent again.
    if (front_bytes_ == 0 && !one.fds.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(one.fds.size() * sizeof(int));
      cmsghdr* part = CMSG_FIRSTHDR(&message);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(one.fds.size() * sizeof(int));
      for (std::size_t i = 0; i < one.fds.size(); ++i) {
        const int fd = one.fds[i].get();
        std::memcpy(CMSG_DATA(part) + i * sizeof(int), &fd, sizeof fd);
      }
    }
    const ssize_t sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return Progress::would_wait;
    if (sent < 0) return std::unexpected(system_error(ErrorKind::io, "send a message", errno));
    front_bytes_ += static_cast<std::size_t>(sent);
    queued_bytes_ -= static_cast<std::size_t>(sent);
    one.fds.clear();
    if (front_bytes_ < one.bytes.size()) continue;
    front_bytes_ = 0;
    queue_.pop_front();
  }
  return Progress::done;
}

}  // namespace pawl::net
