// A connected socket as a stream of bytes, plain or encrypted. Never blocks. Inside of this room
// only.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "io/http/message.h"
#include "io/net/fd.h"
#include "io/net/loop.h"

namespace pawl::http {

struct Moved {
  enum class What : std::uint8_t { bytes, again, ended, failed };
  What what = What::again;
  std::size_t bytes = 0;
};

class Wire {
 public:
  Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  virtual ~Wire() = default;

  virtual int descriptor() const = 0;
  virtual Moved read(std::span<char> into) = 0;
  virtual Moved write(std::span<const iovec> pieces) = 0;
  // Nothing more will be written; the peer reads the end.
  virtual void finish() = 0;

  // What the socket has to be watched for, where we want to read, or to write.
  virtual net::Interest interest(bool read, bool write) const {
    if (read && write) return net::Interest::both;
    if (write) return net::Interest::write;
    return read ? net::Interest::read : net::Interest::gone;
  }
  // False during a handshake.
  virtual bool established() const { return true; }
  // True where bytes wait that the socket does not tell of.
  virtual bool pending() const { return false; }
  virtual std::optional<ClientCertificate> certificate() const { return std::nullopt; }
  // After a handshake that failed for the peer's certificate, or the lack of one: why.
  virtual std::string unproved() const { return {}; }
};

std::unique_ptr<Wire> plain_wire(net::Fd socket);

}  // namespace pawl::http
