// The frames of a control connection on a socket that does not wait. Inside of this room only:
// both sides of channel.h are built from these two.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "io/net/channel.h"

namespace pawl::net {

inline constexpr std::size_t kFrameHeaderBytes = 4;

enum class Progress : std::uint8_t { done, would_wait, ended };

// Reads one frame after the other, and never a byte of the next one: descriptors arrive with the
// first bytes that were sent with them, so whatever arrives inside of a frame belongs to it.
class FrameReader {
 public:
  explicit FrameReader(std::size_t control_bytes_max) : control_bytes_max_(control_bytes_max) {}

  // `done`: `take` has the frame. `ended`: the peer closed between frames. Errors are final.
  Result<Progress> read(int socket);
  Frame take();
  bool between_frames() const { return header_bytes_ == 0; }

 private:
  Result<Progress> receive(int socket, char* into, std::size_t most, std::size_t& count);
  Status understand_header();

  std::size_t control_bytes_max_;
  std::array<char, kFrameHeaderBytes> header_;
  std::size_t header_bytes_ = 0;
  std::size_t text_bytes_ = 0;  // as the header announces
  std::size_t read_bytes_ = 0;
  Frame frame_;
};

// Writes frames in order.
class FrameWriter {
 public:
  void add(std::string_view text, std::vector<Fd> fds);
  Result<Progress> write(int socket);
  std::size_t queued_bytes() const { return queued_bytes_; }

 private:
  struct Outgoing {
    std::string bytes;  // header and text
    std::vector<Fd> fds;
  };
  std::deque<Outgoing> queue_;
  std::size_t front_bytes_ = 0;
  std::size_t queued_bytes_ = 0;
};

}  // namespace pawl::net
