#include "doors/mcp/transport/http_upstream_transport.h"

#include <algorithm>
#include <utility>

#include "doors/mcp/transport/http_upstream_impl.h"
#include "io/net/pipe.h"

namespace pawl::mcp {
namespace {

class HttpUpstreamTransport final : public Transport {
 public:
  HttpUpstreamTransport(net::Loop& loop, RemoteServer server)
      : remote_(std::make_shared<Remote>(loop, std::move(server))) {}
  ~HttpUpstreamTransport() override { remote_->stop(); }
  HttpUpstreamTransport(const HttpUpstreamTransport&) = delete;

  void open(TransportEvents events) override { remote_->events = std::move(events); }
  bool send(std::string message, std::string_view) override {
    return remote_->send(std::move(message));
  }
  bool carries_secrets() const override { return bool(remote_->server.mint); }
  void entitle(std::shared_ptr<Pass> pass) override { remote_->next_pass = std::move(pass); }
  std::optional<std::string> belongs_to() const override { return remote_->about; }
  void pause() override {
    remote_->paused = true;
    for (const ExchangePtr& one : remote_->exchanges) {
      if (one->fetch) one->fetch->pause();
    }
  }
  void resume() override {
    // In a later turn: whoever resumes may be in the middle of something.
    remote_->loop.post([weak = std::weak_ptr(remote_)] {
      if (const auto remote = weak.lock()) remote->resume();
    });
    remote_->paused = false;
  }
  Task<bool> drained() override { return remote_->drained(); }
  void finish_sending() override { remote_->finish_sending(); }
  void stop_hearing() override { remote_->stop(); }

 private:
  std::shared_ptr<Remote> remote_;
};

}  // namespace

bool Remote::send(std::string message) {
  const std::shared_ptr<Pass> pass = std::exchange(next_pass, nullptr);
  if (!sending) return false;
  auto what = read_outgoing(message, parser, document);
  if (!what) return false;
  if (!what->cancels.empty() && take_back(what->cancels)) return true;
  auto exchange = std::make_shared<Exchange>();
  if (what->modern && what->method == "tools/call") {
    if (const auto known = mirrored.find(what->name); known != mirrored.end()) {
      what->mirrored = mirror(known->second, document.root()["params"]["arguments"]);
      exchange->fault = known->second.fault;
    }
  }
  exchange->what = *std::move(what);
  exchange->pass = pass;
  if (exchange->what.method == "initialize") hello = message;
  if (exchange->what.method == ready_method) {
    ready = message;
    introducing = true;
  }
  queued(*exchange, message.size());
  exchange->body = std::move(message);
  if (must_wait(*exchange)) {
    held.push_back(std::move(exchange));
    if (lost_session) reopen();
  } else {
    begin(std::move(exchange));
  }
  return true;
}

// Exchanges overtake each other, and nothing of the older era may overtake what opens a session.
bool Remote::must_wait(const Exchange& exchange) const {
  if (exchange.what.modern || exchange.what.method == "initialize") return false;
  return lost_session || (introducing && exchange.what.method != ready_method);
}

void Remote::flush_held() {
  for (ExchangePtr& one : std::exchange(held, {})) {
    if (!one->over) begin(std::move(one));
  }
}

// A request of the newer era ends with its exchange, which is how the server learns of it.
bool Remote::take_back(std::string_view id) {
  for (const ExchangePtr& one : exchanges) {
    if (!one->what.modern || !one->request() || one->what.id != id) continue;
    lose(ExchangePtr(one), "cancelled; the server did not say what became of it");
    return true;
  }
  return false;
}

void Remote::queued(Exchange& exchange, std::size_t bytes) {
  exchange.waiting_bytes = bytes;
  unsent_bytes += bytes;
  if (crowded || unsent_bytes <= net::kQueueBytesHigh) return;
  crowded = true;
  if (events.crowded) events.crowded(true);
}

void Remote::left(Exchange& exchange) {
  unsent_bytes -= std::exchange(exchange.waiting_bytes, 0);
  if (crowded && unsent_bytes < net::kQueueBytesLow) {
    crowded = false;
    if (events.crowded) events.crowded(false);
  }
  if (unsent_bytes > 0) return;
  for (auto& one : std::exchange(draining, {})) one.deliver(true);
}

void Remote::hand_over(const Said& one) {
  about = one.about;
  if (events.message) events.message(one.text);
  about.reset();
}

void Remote::deliver(std::string text, std::optional<std::string> request) {
  if (!hearing) return;
  if (server.scrub) server.scrub(text);
  put_on_one_line(text);
  Said one{std::move(text), std::move(request)};
  if (paused || !waiting.empty()) {
    waiting.push_back(std::move(one));
  } else {
    hand_over(one);
  }
}

void Remote::resume() {
  const auto self = shared_from_this();
  while (!paused && hearing && !waiting.empty()) {
    const Said one = std::move(waiting.front());
    waiting.pop_front();
    hand_over(one);
  }
  if (paused || !hearing) return;
  for (const ExchangePtr& one : exchanges) {
    if (one->fetch) one->fetch->resume();
  }
  look_whether_over();
}

Task<bool> Remote::drained() {
  if (unsent_bytes == 0) co_return true;
  Completion<bool> done;
  draining.push_back(done);
  co_return co_await done;
}

void Remote::finish_sending() {
  sending = false;
  stream_timer.reset();
  reopen_timer.reset();
  if (stream) close(ExchangePtr(stream));
  if (std::exchange(reopen_waits, false)) not_reopened("its client has gone");
  look_whether_over();
}

void Remote::look_whether_over() {
  if (sending || !hearing || told_end) return;
  if (!exchanges.empty() || !held.empty() || !waiting.empty()) return;
  told_end = true;
  farewell();
  loop.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->hearing && self->events.ended) self->events.ended();
  });
}

void Remote::stop() {
  if (!std::exchange(hearing, false)) return;
  sending = false;
  stream_timer.reset();
  reopen_timer.reset();
  // Dropping an exchange may let go of others that wait for it.
  const auto all = std::exchange(exchanges, {});
  for (const ExchangePtr& one : all) {
    one->over = true;
    one->timer.reset();
    one->fetch.reset();
  }
  held.clear();
  waiting.clear();
  stream.reset();
  for (auto& one : std::exchange(draining, {})) one.deliver(false);
  farewell();
}

std::unique_ptr<Transport> over_http(net::Loop& loop, RemoteServer server) {
  return std::make_unique<HttpUpstreamTransport>(loop, std::move(server));
}

}  // namespace pawl::mcp
