// Bytes through one descriptor that was given to us, without ever blocking the loop and without
// touching the open description that the descriptor may share with other programs.
//
// Inside of this room only; `pipe.h` says which promise this keeps.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "io/net/fd.h"

namespace pawl::net {

class Port {
 public:
  enum class Direction : std::uint8_t { read, write };

  Port() = default;
  // Takes the descriptor. Blocking is settled here: the ways are listed at `Way`.
  Port(Fd fd, Direction direction);

  bool open() const { return given_.open(); }
  void close();
  // What a loop watches.
  int descriptor() const { return given_.get(); }
  // False for regular files: they cannot be watched and are always ready.
  bool watchable() const { return way_ != Way::always; }

  // Like read(2) and writev(2); -1 with EAGAIN where it would have to wait. EINTR never shows.
  ssize_t read(std::span<char> into);
  ssize_t write(std::span<const iovec> pieces);

 private:
  enum class Way : std::uint8_t {
    socket,    // asked not to wait, per call
    own,       // does not block: it was made so, or it is opened a second time for us alone
    cautious,  // blocks: used only when ready, and for no more than is taken at once
    always,    // a regular file
  };
  ssize_t write_cautiously(std::span<const iovec> pieces) const;

  Fd given_;
  Fd second_;  // the same pipe or terminal, opened again without blocking
  Way way_ = Way::always;
};

// Makes a descriptor non-blocking whose open description is ours alone: an end of a fresh pipe.
void set_nonblocking(const Fd& fd);

}  // namespace pawl::net
