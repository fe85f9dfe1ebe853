#include "io/net/channel.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include "io/net/clock.h"
#include "io/net/frame.h"
#include "io/net/unix_socket.h"

namespace pawl::net {
namespace {

// Frames of one peer before the others have their turn.
constexpr int kFramesPerTurnMax = 16;

}  // namespace

struct Channel::State : std::enable_shared_from_this<Channel::State> {
  State(Loop& l, Fd s, ChannelEvents e, std::size_t bytes_max)
      : loop(l),
        socket(std::move(s)),
        events(std::move(e)),
        control_bytes_max(bytes_max),
        reader(bytes_max) {}

  void start();
  void ready(Ready what);
  void read();
  void flush_later();
  void flush();
  void listen();
  void watch_the_clock();
  void end(std::optional<Error> error);
  void close();
  static Task<bool> wait(std::shared_ptr<State> self);

  Loop& loop;
  Fd socket;
  ChannelEvents events;
  std::size_t control_bytes_max;
  FrameReader reader;
  FrameWriter writer;
  Watch watch;
  Timer frame_deadline;
  std::vector<Completion<bool>> waiters;  // for an empty queue
  bool paused = false;
  bool closed = false;
  bool finishing = false;
  bool lost = false;  // closed before everything was sent
  bool blocked = false;
  bool flush_deferred = false;
};

void Channel::State::start() {
  Result<Watch> watched =
      loop.watch(socket.get(), Interest::read, [this](Ready what) { ready(what); });
  if (watched) {
    watch = *std::move(watched);
    return;
  }
  loop.post([self = shared_from_this(), error = std::move(watched.error())] { self->end(error); });
}

void Channel::State::ready(Ready what) {
  const std::shared_ptr<State> self = shared_from_this();
  if (what.write) {
    blocked = false;
    flush();
  }
  if (closed) return;
  if (!paused && !finishing && (what.read || what.gone)) {
    read();
  } else if (what.gone && !what.write) {
    end(system_error(ErrorKind::io, "send a message", EPIPE));
  }
}

void Channel::State::read() {
  for (int i = 0; i < kFramesPerTurnMax && !paused && !finishing && !closed; ++i) {
    Result<Progress> got = reader.read(socket.get());
    if (!got) return end(std::move(got.error()));
    if (*got == Progress::ended) return end(std::nullopt);
    if (*got == Progress::would_wait) break;
    frame_deadline.reset();
    Frame frame = reader.take();
    if (events.frame) events.frame(std::move(frame));
  }
  if (!closed) watch_the_clock();
}

// A peer that sends half a frame and then nothing must not hold its memory for ever.
void Channel::State::watch_the_clock() {
  if (reader.between_frames() || frame_deadline.pending()) return;
  frame_deadline = loop.after(kFrameWithin, [this] {
    const std::shared_ptr<State> self = shared_from_this();
    end(Error{ErrorKind::io, "a control message was begun and not finished", {}});
  });
}

void Channel::State::listen() {
  const bool reading = !paused && !finishing;
  if (blocked) {
    watch.set(reading ? Interest::both : Interest::write);
  } else {
    // Silent while paused: a hangup waits until the owner can be told.
    watch.set(reading ? Interest::read : Interest::none);
  }
}

void Channel::State::flush_later() {
  if (flush_deferred || blocked || closed) return;
  flush_deferred = true;
  loop.defer([self = shared_from_this()] {
    self->flush_deferred = false;
    if (!self->closed) self->flush();
  });
}

void Channel::State::flush() {
  const Result<Progress> sent = writer.write(socket.get());
  if (!sent) return end(sent.error());
  blocked = *sent == Progress::would_wait;
  if (!blocked && finishing) return close();
  listen();
  if (blocked) return;
  std::vector<Completion<bool>> done = std::exchange(waiters, {});
  for (Completion<bool>& one : done) one.deliver(true);
}

void Channel::State::end(std::optional<Error> error) {
  if (closed) return;
  const std::shared_ptr<State> self = shared_from_this();
  const auto told = std::move(events.end);
  close();
  if (told) told(std::move(error));
}

void Channel::State::close() {
  if (std::exchange(closed, true)) return;
  finishing = true;
  watch.reset();
  frame_deadline.reset();
  socket.reset();
  // What was queued, and what had come of an unfinished frame: its descriptors close now.
  lost = writer.queued_bytes() > 0;
  writer = FrameWriter();
  reader = FrameReader(control_bytes_max);
  std::vector<Completion<bool>> done = std::exchange(waiters, {});
  for (Completion<bool>& one : done) one.deliver(!lost);
}

Task<bool> Channel::State::wait(std::shared_ptr<State> self) {
  if (self->closed) co_return !self->lost;
  if (self->writer.queued_bytes() == 0) co_return true;
  Completion<bool> done;
  self->waiters.push_back(done);
  co_return co_await done;
}

Channel::Channel(Loop& loop, Fd socket, ChannelEvents events, std::size_t control_bytes_max)
    : state_(
          std::make_shared<State>(loop, std::move(socket), std::move(events), control_bytes_max)) {
  state_->start();
}
Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&& other) noexcept {
  if (this != &other) {
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}
Channel::~Channel() {
  if (state_) state_->close();
}

bool Channel::send(std::string_view text, std::vector<Fd> fds) {
  if (state_->finishing || text.empty() || text.size() > state_->control_bytes_max) return false;
  if (fds.size() > kFrameFdsMax) return false;
  state_->writer.add(text, std::move(fds));
  state_->flush_later();
  return true;
}

std::size_t Channel::queued_bytes() const {
  return state_->writer.queued_bytes();
}
Task<bool> Channel::drained() {
  return State::wait(state_);
}

void Channel::pause() {
  state_->paused = true;
  state_->frame_deadline.reset();
  state_->listen();
}

void Channel::resume() {
  state_->paused = false;
  state_->listen();
  state_->watch_the_clock();
}

void Channel::finish() {
  if (std::exchange(state_->finishing, true)) return;
  if (state_->writer.queued_bytes() == 0) return state_->close();
  state_->listen();
}

void Channel::close() {
  state_->close();
}
bool Channel::closed() const {
  return state_->closed;
}

namespace {

// Repeats `step` until it is through, waiting for `events` in between.
Result<Progress> until_done(int socket, short events, Duration at_most,
                            const std::function<Result<Progress>()>& step) {
  const Duration until = boot_time() + at_most;
  for (;;) {
    Result<Progress> got = step();
    if (!got || *got != Progress::would_wait) return got;
    const std::int64_t left_ms = (until.ns - boot_time().ns) / 1'000'000;
    if (left_ms <= 0) {
      return fail(ErrorKind::environment, fmt::format("no answer within {}", to_string(at_most)));
    }
    pollfd one{.fd = socket, .events = events, .revents = 0};
    ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 60'000)));
  }
}

}  // namespace

Status BlockingChannel::send(std::string_view text, const std::vector<int>& fds, Duration at_most) {
  if (text.empty() || text.size() > kControlBytesMax || fds.size() > kFrameFdsMax) {
    return fail(ErrorKind::invalid, "a control message is empty or too large");
  }
  std::vector<Fd> copies;
  for (const int fd : fds) {
    Fd lent(fd);
    Result<Fd> copy = lent.duplicate();
    lent.release();
    PAWL_TRY(copy);
    copies.push_back(*std::move(copy));
  }
  FrameWriter writer;
  writer.add(text, std::move(copies));
  const Result<Progress> sent =
      until_done(socket_.get(), POLLOUT, at_most, [&] { return writer.write(socket_.get()); });
  PAWL_TRY(sent);
  return {};
}

Result<Frame> BlockingChannel::receive(Duration at_most) {
  FrameReader reader(kControlBytesMax);
  const Result<Progress> got =
      until_done(socket_.get(), POLLIN, at_most, [&] { return reader.read(socket_.get()); });
  PAWL_TRY(got);
  if (*got == Progress::ended) return fail(ErrorKind::missing, "the connection was closed");
  return reader.take();
}

Result<std::string> exchange(const std::string& path, std::string_view text, Duration at_most) {
  const Duration until = boot_time() + at_most;
  const auto left = [until] { return Duration{until.ns - boot_time().ns}; };
  Result<Fd> socket = connect_unix(path, at_most);
  PAWL_TRY(socket);
  BlockingChannel channel(*std::move(socket));
  PAWL_TRY(channel.send(text, {}, left()));
  Result<Frame> answer = channel.receive(left());
  PAWL_TRY(answer);
  return std::move(answer->text);
}

}  // namespace pawl::net
