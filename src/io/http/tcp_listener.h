// Listening on a TCP port. Inside of this room only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "io/http/message.h"
#include "io/net/fd.h"
#include "io/net/loop.h"

namespace pawl::http {

class TcpListener {
 public:
  using Accepted = std::function<void(net::Fd socket, Remote remote)>;

  // ErrorKind::invalid for an address that is not numeric, ErrorKind::environment where it cannot
  // be had.
  static Result<TcpListener> open(net::Loop& loop, const std::string& address, std::uint16_t port,
                                  Accepted accepted);
  TcpListener(TcpListener&&) noexcept;
  TcpListener& operator=(TcpListener&&) noexcept;
  ~TcpListener();

  std::uint16_t port() const;

 private:
  struct State;
  explicit TcpListener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace pawl::http
