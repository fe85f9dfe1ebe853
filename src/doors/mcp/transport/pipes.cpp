#include "doors/mcp/transport/pipes.h"

#include <optional>
#include <utility>

#include "io/net/pipe.h"

namespace pawl::mcp {
namespace {

class PipeTransport final : public Transport {
 public:
  PipeTransport(net::Loop& loop, net::Fd from, net::Fd to, net::Callback at_our_end)
      : loop_(loop),
        from_(std::move(from)),
        to_(std::move(to)),
        at_our_end_(std::move(at_our_end)) {}
  ~PipeTransport() override { we_end(); }
  PipeTransport(const PipeTransport&) = delete;

  void open(TransportEvents events) override {
    net::WriterEvents writing{.crowded = std::move(events.crowded), .failed = {}};
    if (events.failed) {
      writing.failed = [failed = std::move(events.failed)](const Error&) { failed(); };
    }
    writer_.emplace(loop_, std::move(to_), std::move(writing));
    // The session's own callbacks, with nothing around them: this is the path of every message.
    reader_.emplace(
        loop_, std::move(from_),
        net::LineEvents{.line = std::move(events.message),
                        .overlong = std::move(events.too_long),
                        .batch = {},
                        .end = [ended = std::move(events.ended)](net::StreamEnd) { ended(); }});
  }
  bool send(std::string message, std::string_view) override {
    return writer_ && writer_->send(std::move(message));
  }
  void pause() override {
    if (reader_) reader_->pause();
  }
  void resume() override {
    if (reader_) reader_->resume();
  }
  Task<bool> drained() override { co_return writer_ ? co_await writer_->drained() : false; }
  void finish_sending() override {
    we_end();
    if (writer_) writer_->finish();
  }
  void stop_hearing() override {
    if (reader_) reader_->close();
  }

 private:
  void we_end() {
    if (auto tell = std::exchange(at_our_end_, nullptr)) tell();
  }

  net::Loop& loop_;
  net::Fd from_, to_;
  net::Callback at_our_end_;
  std::optional<net::LineReader> reader_;
  std::optional<net::LineWriter> writer_;
};

}  // namespace

std::unique_ptr<Transport> over_pipes(net::Loop& loop, net::Fd from, net::Fd to,
                                      net::Callback at_our_end) {
  return std::make_unique<PipeTransport>(loop, std::move(from), std::move(to),
                                         std::move(at_our_end));
}

SessionTransports over_pipes(net::Loop& loop, SessionPipes pipes) {
  return {over_pipes(loop, std::move(pipes.client_in), std::move(pipes.client_out)),
          over_pipes(loop, std::move(pipes.server_out), std::move(pipes.server_in))};
}

}  // namespace pawl::mcp
