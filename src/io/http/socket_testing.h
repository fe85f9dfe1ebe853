// A client of plain sockets, for tests of the server: sends any bytes, in any pieces.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "io/net/fd.h"
#include "io/net/loop.h"

namespace pawl::http {

class RawClient {
 public:
  RawClient(net::Loop& loop, std::uint16_t port)
      : loop_(loop), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  RawClient(net::Loop& loop, net::Fd socket) : loop_(loop), socket_(std::move(socket)) {}

  // Everything, with the loop turning where the socket is full.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count =
          ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
      if (count < 0 && errno != EAGAIN) return;
      loop_.turn();
    }
  }

  // Reads until it has `bytes` bytes, or the other side has closed.
  bool has(std::size_t bytes) {
    return loop_.run_until([&] { return receive() || got_.size() >= bytes; });
  }
  bool sees(std::string_view text) {
    return loop_.run_until([&] {
      const bool over = receive();
      return got_.find(text) != std::string::npos || over;
    }) && got_.find(text) != std::string::npos;
  }
  bool sees_end() {
    return loop_.run_until([&] { return receive(); });
  }

  const std::string& got() const { return got_; }
  void forget() { got_.clear(); }
  void end_sending() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.reset(); }
  // As a process that was killed with unread bytes does.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket_.reset();
  }

 private:
  // True at the end.
  bool receive() {
    char part[65536];
    for (;;) {
      const ssize_t count = ::recv(socket_.get(), part, sizeof part, MSG_DONTWAIT);
      if (count == 0 || (count < 0 && errno != EAGAIN)) return true;
      if (count < 0) return false;
      got_.append(part, static_cast<std::size_t>(count));
    }
  }

  net::Loop& loop_;
  net::Fd socket_;
  std::string got_;
};

}  // namespace pawl::http
