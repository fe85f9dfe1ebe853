#include <cerrno>
#include <utility>

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

}  // namespace pawl::net
