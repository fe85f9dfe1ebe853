#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "io/http/wire.h"

namespace pawl::http {
namespace {

Moved outcome(ssize_t count) {
  if (count > 0) return {Moved::What::bytes, static_cast<std::size_t>(count)};
  if (count == 0) return {Moved::What::ended, 0};
  if (errno == EAGAIN || errno == EINTR) return {Moved::What::again, 0};
  return {Moved::What::failed, 0};
}

class PlainWire final : public Wire {
 public:
  explicit PlainWire(net::Fd socket) : socket_(std::move(socket)) {}

  int descriptor() const override { return socket_.get(); }

  Moved read(std::span<char> into) override {
    return outcome(::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT));
  }

  Moved write(std::span<const iovec> pieces) override {
    if (pieces.empty()) return {};
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    const Moved moved = outcome(::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL));
    return moved.what == Moved::What::ended ? Moved{} : moved;
  }

  void finish() override { ::shutdown(socket_.get(), SHUT_WR); }

 private:
  net::Fd socket_;
};

}  // namespace

std::unique_ptr<Wire> plain_wire(net::Fd socket) {
  return std::make_unique<PlainWire>(std::move(socket));
}

}  // namespace pawl::http
