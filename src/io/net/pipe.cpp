#include <array>
#include <cerrno>
#include <deque>
#include <utility>
#include <vector>

#include "io/net/line_splitter.h"
#include "io/net/pipe.h"
#include "io/net/port.h"

namespace pawl::net {
namespace {

// Reads of one stream before the others have their turn.
constexpr int kReadsPerTurnMax = 4;

}  // namespace

struct LineReader::State : std::enable_shared_from_this<LineReader::State> {
  State(Loop& l, Fd fd, LineEvents e, std::size_t message_bytes_max)
      : loop(l),
        port(std::move(fd), Port::Direction::read),
        events(std::move(e)),
        splitter(message_bytes_max) {}

  void start();
  void go_on();
  void read();
  bool deliver();
  void finish(std::optional<Error> error);
  void close();

  Loop& loop;
  Port port;
  LineEvents events;
  LineSplitter splitter;
  Watch watch;
  std::uint64_t bytes = 0;
  bool paused = false;
  bool closed = false;
  bool posted = false;  // `go_on` is on its way
};

void LineReader::State::start() {
  if (port.open() && port.watchable()) {
    Result<Watch> watched =
        loop.watch(port.descriptor(), Interest::read, [this](Ready) { read(); });
    if (watched) watch = *std::move(watched);
  }
  // Without a watch reading is tried in every turn: right for files and /dev/null, and the error
  // of a descriptor that is no good is found there.
  if (!watch.active()) go_on();
}

void LineReader::State::go_on() {
  if (posted || closed) return;
  posted = true;
  loop.post([self = shared_from_this()] {
    self->posted = false;
    if (self->paused || self->closed) return;
    if (!self->deliver()) return;
    if (self->watch.active()) {
      self->watch.set(Interest::read);
    } else {
      self->read();
    }
  });
}

void LineReader::State::read() {
  const std::shared_ptr<State> self = shared_from_this();
  for (int i = 0; i < kReadsPerTurnMax && !paused && !closed; ++i) {
    const std::span<char> space = splitter.space(loop.read_buffer());
    const ssize_t count = port.read(space);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) return finish(system_error(ErrorKind::io, "read", errno));
    if (count == 0) return finish(std::nullopt);
    bytes += static_cast<std::uint64_t>(count);
    splitter.filled(static_cast<std::size_t>(count));
    if (!deliver()) return;
    // A read that did not fill its room has emptied the pipe: the next one would only say so.
    if (static_cast<std::size_t>(count) < space.size()) break;
  }
  if (!watch.active()) go_on();
}

// False where the stream was closed meanwhile, or its owner is gone.
bool LineReader::State::deliver() {
  bool any = false;
  while (!paused && !closed) {
    const std::optional<LineSplitter::Item> item = splitter.next();
    if (!item) break;
    any = true;
    const auto& receiver = item->overlong ? events.overlong : events.line;
    if (receiver) receiver(item->text);
  }
  if (any && !closed && events.batch) events.batch();
  if (closed) return false;
  splitter.settle();
  if (paused) watch.set(Interest::none);
  return true;
}

void LineReader::State::finish(std::optional<Error> error) {
  const std::shared_ptr<State> self = shared_from_this();
  const auto end = std::move(events.end);
  close();
  if (end) end(StreamEnd{splitter.partial(), splitter.partial_bytes(), std::move(error)});
}

void LineReader::State::close() {
  closed = true;
  watch.reset();
  port.close();
}

LineReader::LineReader(Loop& loop, Fd fd, LineEvents events, std::size_t message_bytes_max)
    : state_(std::make_shared<State>(loop, std::move(fd), std::move(events), message_bytes_max)) {
  state_->start();
}
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
  }
  return *this;
}
LineReader::~LineReader() {
  close();
}

void LineReader::pause() {
  state_->paused = true;
  state_->watch.set(Interest::none);
}

void LineReader::resume() {
  if (!std::exchange(state_->paused, false)) return;
  state_->go_on();
}

bool LineReader::paused() const {
  return state_->paused;
}

void LineReader::close() {
  if (state_) state_->close();
}

std::uint64_t LineReader::bytes_read() const {
  return state_->bytes;
}

namespace {

// Messages shorter than this are joined: one piece of memory and one entry of a gathered write.
constexpr std::size_t kJoinBytesMax = 16UL << 10;
constexpr std::size_t kPiecesPerWriteMax = 64;
// Bytes of one stream before the others have their turn.
constexpr std::size_t kWriteBytesPerTurn = 4UL << 20;

}  // namespace

struct LineWriter::State : std::enable_shared_from_this<LineWriter::State> {
  State(Loop& l, Fd fd, WriterEvents e)
      : loop(l), port(std::move(fd), Port::Direction::write), events(std::move(e)) {}

  struct Waiter {
    std::uint64_t position;  // of the stream, that must have been written
    Completion<bool> done;
  };

  void start();
  std::string& room(std::size_t bytes);
  void queued(std::size_t bytes);
  void flush_later();
  void flush();
  ssize_t write_some();
  void taken(std::size_t bytes);
  void settle();
  void fail(int number);
  void close();
  static Task<bool> wait(std::shared_ptr<State> self, std::uint64_t position);

  Loop& loop;
  Port port;
  WriterEvents events;
  Watch watch;
  std::deque<std::string> queue;
  std::size_t front_bytes = 0;  // of the first piece, written already
  std::uint64_t accepted = 0;
  std::uint64_t written = 0;
  std::vector<Waiter> waiters;
  bool flush_deferred = false;
  bool blocked = false;    // the kernel takes nothing until the watch says so
  bool finishing = false;  // nothing more is accepted
  bool closed = false;
  bool crowded = false;
};

void LineWriter::State::start() {
  if (!port.open() || !port.watchable()) return;
  Result<Watch> watched = loop.watch(port.descriptor(), Interest::gone, [this](Ready ready) {
    const std::shared_ptr<State> self = shared_from_this();
    if (ready.gone && !ready.write) return fail(EPIPE);
    blocked = false;
    flush();
  });
  if (watched) watch = *std::move(watched);
}

// The piece that the next `bytes` go to.
std::string& LineWriter::State::room(std::size_t bytes) {
  if (queue.empty() || queue.back().size() + bytes > kJoinBytesMax) {
    queue.emplace_back().reserve(bytes);
  }
  return queue.back();
}

void LineWriter::State::queued(std::size_t bytes) {
  accepted += bytes;
  if (!crowded && accepted - written > kQueueBytesHigh) {
    crowded = true;
    if (events.crowded) events.crowded(true);
  }
  flush_later();
}

void LineWriter::State::flush_later() {
  if (flush_deferred || blocked || closed) return;
  flush_deferred = true;
  loop.defer([self = shared_from_this()] {
    self->flush_deferred = false;
    self->flush();
  });
}

void LineWriter::State::flush() {
  std::size_t bytes = 0;
  while (!closed && !queue.empty() && bytes < kWriteBytesPerTurn) {
    const ssize_t count = write_some();
    if (count < 0 && errno != EAGAIN) return fail(errno);
    if (count < 0) {
      blocked = true;
      break;
    }
    bytes += static_cast<std::size_t>(count);
    taken(static_cast<std::size_t>(count));
  }
  if (closed) return;
  watch.set(blocked ? Interest::write : Interest::gone);
  if (!blocked && !queue.empty()) flush_later();
  settle();
}

ssize_t LineWriter::State::write_some() {
  std::array<iovec, kPiecesPerWriteMax> pieces;
  std::size_t count = 0;
  std::size_t skip = front_bytes;
  for (std::string& piece : queue) {
    if (count == pieces.size()) break;
    pieces[count++] = {piece.data() + skip, piece.size() - skip};
    skip = 0;
  }
  return port.write({pieces.data(), count});
}

void LineWriter::State::taken(std::size_t bytes) {
  written += bytes;
  front_bytes += bytes;
  while (!queue.empty() && front_bytes >= queue.front().size()) {
    front_bytes -= queue.front().size();
    queue.pop_front();
  }
}

// Tells everybody who waited for the queue to become shorter.
void LineWriter::State::settle() {
  if (finishing && queue.empty()) close();
  std::vector<Completion<bool>> done;
  std::erase_if(waiters, [&](const Waiter& one) {
    if (one.position > written) return false;
    done.push_back(one.done);
    return true;
  });
  if (crowded && accepted - written < kQueueBytesLow) {
    crowded = false;
    if (events.crowded) events.crowded(false);
  }
  for (Completion<bool>& one : done) one.deliver(true);
}

void LineWriter::State::fail(int number) {
  const std::shared_ptr<State> self = shared_from_this();
  const auto failed = std::move(events.failed);
  close();
  if (failed) failed(system_error(ErrorKind::io, "write", number));
}

void LineWriter::State::close() {
  if (std::exchange(closed, true)) return;
  finishing = true;
  watch.reset();
  port.close();
  queue.clear();
  front_bytes = 0;
  std::vector<Waiter> lost = std::exchange(waiters, {});
  for (Waiter& one : lost) one.done.deliver(one.position <= written);
}

Task<bool> LineWriter::State::wait(std::shared_ptr<State> self, std::uint64_t position) {
  if (self->written >= position) co_return true;
  if (self->closed) co_return false;
  Completion<bool> done;
  self->waiters.push_back({position, done});
  co_return co_await done;
}

LineWriter::LineWriter(Loop& loop, Fd fd, WriterEvents events)
    : state_(std::make_shared<State>(loop, std::move(fd), std::move(events))) {
  state_->start();
}
LineWriter::LineWriter(LineWriter&&) noexcept = default;
LineWriter& LineWriter::operator=(LineWriter&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
  }
  return *this;
}
LineWriter::~LineWriter() {
  close();
}

bool LineWriter::send(std::string message) {
  if (message.size() < kJoinBytesMax) {
    const std::string_view piece = message;
    return send({&piece, 1});
  }
  if (state_->finishing || message.find('\n') != std::string::npos) return false;
  message += '\n';
  const std::size_t bytes = message.size();
  state_->queue.push_back(std::move(message));
  state_->queued(bytes);
  return true;
}

bool LineWriter::send(std::span<const std::string_view> pieces) {
  if (state_->finishing) return false;
  std::size_t bytes = 1;
  for (const std::string_view piece : pieces) {
    if (piece.find('\n') != std::string_view::npos) return false;
    bytes += piece.size();
  }
  std::string& room = state_->room(bytes);
  for (const std::string_view piece : pieces) room += piece;
  room += '\n';
  state_->queued(bytes);
  return true;
}

std::size_t LineWriter::queued_bytes() const {
  return state_->closed ? 0 : static_cast<std::size_t>(state_->accepted - state_->written);
}
bool LineWriter::crowded() const {
  return state_->crowded;
}
bool LineWriter::closed() const {
  return state_->closed;
}

Task<bool> LineWriter::drained() {
  return State::wait(state_, state_->accepted);
}

void LineWriter::finish() {
  if (std::exchange(state_->finishing, true)) return;
  if (state_->queue.empty()) state_->close();
}

void LineWriter::close() {
  if (state_) state_->close();
}

std::uint64_t LineWriter::bytes_written() const {
  return state_->written;
}

}  // namespace pawl::net
