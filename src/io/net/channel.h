// Control messages over a Unix stream socket: JSON texts that may carry file descriptors.
//
// A frame is the length of the text as four bytes, least significant first, then the text. An
// empty text, and a length above the limit, end the connection. Descriptors travel with the frame
// that was sent with them, at most kFrameFdsMax; a peer that sends more, or sends them outside of
// a frame's bytes, is cut off and everything it sent is closed.
// The text is not looked at here: the receiver parses it as hostile input.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/net/fd.h"
#include "io/net/loop.h"

namespace pawl::net {

inline constexpr std::size_t kControlBytesMax = 16UL << 20;
inline constexpr std::size_t kFrameFdsMax = 8;
// A frame that has begun must be complete within this time; idle between frames is fine.
inline constexpr Duration kFrameWithin = Duration::seconds(10);

struct Frame {
  std::string text;
  std::vector<Fd> fds;
};

struct ChannelEvents {
  std::function<void(Frame)> frame;
  // Once, and nothing after it. No error where the peer closed between two frames.
  std::function<void(std::optional<Error>)> end;
};

// The side that lives on a loop. Destroying it inside its own callback is fine.
class Channel {
 public:
  Channel(Loop& loop, Fd socket, ChannelEvents events,
          std::size_t control_bytes_max = kControlBytesMax);
  Channel(Channel&&) noexcept;
  Channel& operator=(Channel&&) noexcept;
  ~Channel();

  // Queues a frame. False, and nothing is sent, where the channel has ended, the text is empty or
  // longer than the limit, or there are too many descriptors.
  bool send(std::string_view text, std::vector<Fd> fds = {});
  std::size_t queued_bytes() const;
  // True when everything queued before the call was taken by the kernel, false if it never will.
  Task<bool> drained();

  // Stops and starts reading frames.
  void pause();
  void resume();

  // Sends what is queued, then closes; frames of the peer are no longer delivered.
  void finish();
  void close();
  bool closed() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// The side of a command: blocking, each call with its own deadline.
class BlockingChannel {
 public:
  explicit BlockingChannel(Fd socket) : socket_(std::move(socket)) {}

  Status send(std::string_view text, const std::vector<int>& fds, Duration at_most);
  // ErrorKind::missing where the peer closed between two frames.
  Result<Frame> receive(Duration at_most);

  const Fd& socket() const { return socket_; }

 private:
  Fd socket_;
};

// Connects, sends one text, returns the one answer.
Result<std::string> exchange(const std::string& path, std::string_view text, Duration at_most);

}  // namespace pawl::net
