// Messages of one line each over any pair of descriptors: the framing of MCP over stdio.
//
// `LineReader` delivers the lines of one descriptor, `LineWriter` queues lines for another. They
// work on pipes, sockets, terminals, and on regular files (a redirected standard input).
//
//   LineReader from_client(loop, std::move(in), {.line = [&](std::string_view line) { … }});
//   LineWriter to_client(loop, std::move(out));
//   to_client.send(reply);
//
// Bytes of a message are never changed. Reading: a line ends at '\n'; one '\r' before it is not
// part of the line; lines of nothing but blanks are skipped; what a line holds is not looked at.
// Limits do not depend on how the bytes arrive. All lines of one read are delivered in one go, and
// everything sent meanwhile leaves in one write at the end of the loop's turn.
//
// O_NONBLOCK belongs to the open description, which a standard descriptor shares with other
// programs. So it is never set on what was given: pipes and terminals are opened a second time,
// sockets are asked per call, and where neither is possible writes are at most as long as the
// kernel promises to take at once.
//
// Threads: one loop, its thread. Destroying a reader or writer inside its own callback is fine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/task.h"
#include "io/net/fd.h"
#include "io/net/loop.h"

namespace pawl::net {

inline constexpr std::size_t kMessageBytesMax = 64UL << 20;
inline constexpr std::size_t kQueueBytesHigh = 1UL << 20;
inline constexpr std::size_t kQueueBytesLow = 256UL << 10;
// How much of an overlong line is shown to the one who has to answer it.
inline constexpr std::size_t kOverlongHeadBytes = 4096;
// Bytes behind a delivered line that may be read (not written); parsers with wide loads want them.
inline constexpr std::size_t kLinePaddingBytes = kReadPaddingBytes;

// Why a stream ended.
struct StreamEnd {
  // What stands behind the last newline, as long as it is more than blanks: whether an unfinished
  // last line counts is the door's affair. Valid until the callback returns; empty where the line
  // was overlong.
  std::string_view partial;
  std::size_t partial_bytes = 0;
  std::optional<Error> error;  // nothing at an ordinary end of input
};

struct LineEvents {
  // One complete line, without its end. The view is valid until the callback returns: a callback
  // that keeps it copies it. Nothing is delivered after `pause`, even if it arrived in the same
  // read.
  std::function<void(std::string_view line)> line;
  // A line was longer than the limit and is being skipped up to its newline: once per line, as
  // soon as it is certain. `head` is its beginning, at most kOverlongHeadBytes.
  std::function<void(std::string_view head)> overlong;
  // After the lines of one read: the place for work that is cheaper once per batch. Optional.
  std::function<void()> batch;
  // Once, and nothing after it: the other side closed, or reading failed.
  std::function<void(StreamEnd)> end;
};

class LineReader {
 public:
  LineReader(Loop& loop, Fd fd, LineEvents events,
             std::size_t message_bytes_max = kMessageBytesMax);
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;
  ~LineReader();

  // Stops delivering, and reading: the sender is held back by its full pipe. Calls do not count up.
  void pause();
  // Goes on in a later turn, first with what had been read already.
  void resume();
  bool paused() const;

  // Closes the descriptor; no callback follows.
  void close();

  std::uint64_t bytes_read() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

struct WriterEvents {
  // `true` when more than kQueueBytesHigh wait, `false` when fewer than kQueueBytesLow do again.
  // A relay pauses and resumes the reader of the other side here.
  std::function<void(bool)> crowded;
  // Once, when the other side is gone or writing failed; what was queued is lost.
  std::function<void(const Error&)> failed;
};

class LineWriter {
 public:
  LineWriter(Loop& loop, Fd fd, WriterEvents events = {});
  LineWriter(LineWriter&&) noexcept;
  LineWriter& operator=(LineWriter&&) noexcept;
  ~LineWriter();  // closes; queued messages are lost, see `drained`

  // Queues one message and its newline. False, and nothing is queued, where the writer is closed
  // or the message itself holds a newline: one message must never become two.
  bool send(std::string message);
  // The same for a message in pieces, in order: splices around an unchanged middle.
  bool send(std::span<const std::string_view> pieces);

  std::size_t queued_bytes() const;
  bool crowded() const;
  bool closed() const;

  // True when everything queued before the call has been taken by the kernel; false when the
  // writer was closed or failed first. Await it before a process exits.
  Task<bool> drained();

  // No further messages; the descriptor closes when the queue is empty. A child reads end of file.
  void finish();
  // Closes at once.
  void close();

  std::uint64_t bytes_written() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pawl::net
