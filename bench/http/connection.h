// One kept-alive connection of the load generator: requests out, whole answers back. Any mistake of
// the other side ends the program: a benchmark does not recover.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace load {

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "http_load: %s\n", why.c_str());
  std::exit(3);
}

struct Place {
  std::string port, path, bearer;
};

class Connection {
 public:
  explicit Connection(const Place& place) : place_(place) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(place.port)));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) give_up("no connection");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(fd_); }

  int fd() const { return fd_; }
  std::string session;     // of the protocol, once there is one
  bool stateless = false;  // calls of read_thing in the revision that has none

  std::string head(std::string_view method, std::size_t body_bytes) const {
    std::string text(method);
    text += " " + place_.path + " HTTP/1.1\r\nHost: 127.0.0.1:" + place_.port + "\r\n";
    if (!place_.bearer.empty()) text += "Authorization: Bearer " + place_.bearer + "\r\n";
    if (!session.empty()) {
      text += "Mcp-Session-Id: " + session + "\r\nMCP-Protocol-Version: 2025-11-25\r\n";
    }
    if (stateless) {
      text += "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n";
      text += "Mcp-Name: read_thing\r\n";
    }
    if (method == "POST") {
      text += "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
      text += "Content-Length: " + std::to_string(body_bytes) + "\r\n";
    }
    return text + "\r\n";
  }

  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) give_up("the connection broke");
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // What has come; true once a whole answer is there.
  bool receive() {
    char chunk[16384];
    const ssize_t count = ::recv(fd_, chunk, sizeof chunk, 0);
    if (count <= 0) give_up("the connection ended: " + in_.substr(0, 300));
    in_.append(chunk, static_cast<std::size_t>(count));
    return whole();
  }
  // The answer that `receive` told of; a view until the next one.
  std::string_view answer() const { return std::string_view(in_).substr(0, end_); }
  void next() {
    in_.erase(0, end_);
    end_ = 0;
  }
  std::string exchange(std::string_view method, const std::string& body) {
    send(head(method, body.size()) + body);
    while (!receive()) {
    }
    std::string text(answer());
    next();
    return text;
  }

  // A session of the protocol up to the list of tools.
  void greet() {
    const std::string hello = exchange(
        "POST", R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":)"
                R"("2025-11-25","capabilities":{},"clientInfo":{"name":"b","version":"1"}}})");
    session = std::string(field(hello, "mcp-session-id"));
    if (session.empty()) give_up("no session: " + hello.substr(0, 400));
    exchange("POST", R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  }

 private:
  static std::string_view field(std::string_view text, std::string_view name) {
    for (std::size_t at = text.find("\r\n"); at != text.npos; at = text.find("\r\n", at + 2)) {
      const std::string_view line = text.substr(at + 2, text.find("\r\n", at + 2) - at - 2);
      if (line.empty()) return {};
      if (line.size() > name.size() + 1 && line[name.size()] == ':' &&
          ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
        return line.substr(line.find_first_not_of(' ', name.size() + 1));
      }
    }
    return {};
  }
  bool whole() {
    const std::size_t blank = in_.find("\r\n\r\n");
    if (blank == std::string::npos) return false;
    const std::string_view top(in_.data(), blank + 4);
    if (const auto length = field(top, "content-length"); !length.empty()) {
      end_ = top.size() + std::strtoul(length.data(), nullptr, 10);
    } else if (!field(top, "transfer-encoding").empty()) {
      const std::size_t last = in_.find("\r\n0\r\n\r\n", blank + 2);
      end_ = last == std::string::npos ? in_.size() + 1 : last + 7;
    } else {
      end_ = top.size();
    }
    return in_.size() >= end_;
  }

  const Place& place_;
  int fd_ = -1;
  std::string in_;
  std::size_t end_ = 0;
};

}  // namespace load
