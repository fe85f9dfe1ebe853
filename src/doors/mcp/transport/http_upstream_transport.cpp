#include "doors/mcp/transport/http_upstream_transport.h"

#include <algorithm>
#include <utility>

#include "doors/mcp/transport/http_upstream_impl.h"
#include "io/net/pipe.h"

namespace pawl::mcp {
bool HttpUpstreamTransport::send(std::string message, std::string_view /*request*/) {
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
bool HttpUpstreamTransport::must_wait(const Exchange& exchange) const {
  if (exchange.what.modern || exchange.what.method == "initialize") return false;
  return lost_session || (introducing && exchange.what.method != ready_method);
}

void HttpUpstreamTransport::flush_held() {
  for (ExchangePtr& one : std::exchange(held, {})) {
    if (!one->over) begin(std::move(one));
  }
}

// A request of the newer era ends with its exchange, which is how the server learns of it.
bool HttpUpstreamTransport::take_back(std::string_view id) {
  for (const ExchangePtr& one : exchanges) {
    if (!one->what.modern || !one->request() || one->what.id != id) continue;
    lose(ExchangePtr(one), "cancelled; the server did not say what became of it");
    return true;
  }
  return false;
}

void HttpUpstreamTransport::queued(Exchange& exchange, std::size_t bytes) {
  exchange.waiting_bytes = bytes;
  unsent_bytes += bytes;
  if (unsent_bytes > net::kQueueBytesHigh) set_crowded(true);
}

void HttpUpstreamTransport::left(Exchange& exchange) {
  unsent_bytes -= std::exchange(exchange.waiting_bytes, 0);
  if (unsent_bytes < net::kQueueBytesLow) set_crowded(false);
  if (unsent_bytes == 0) release_drained(true);
}

void HttpUpstreamTransport::deliver(std::string text, std::optional<std::string> request) {
  if (!hearing) return;
  if (server.scrub) server.scrub(text);
  put_on_one_line(text);
  TransportBase::deliver({.text = std::move(text), .about = std::move(request)});
}

void HttpUpstreamTransport::on_pause() {
  for (const ExchangePtr& one : exchanges) {
    if (one->fetch) one->fetch->pause();
  }
}

void HttpUpstreamTransport::on_resume() {
  for (const ExchangePtr& one : exchanges) {
    if (one->fetch) one->fetch->resume();
  }
  look_whether_over();
}

Task<bool> HttpUpstreamTransport::drained() {
  if (unsent_bytes == 0) co_return true;
  co_return co_await until_drained();
}

void HttpUpstreamTransport::finish_sending() {
  sending = false;
  stream_timer.reset();
  reopen_timer.reset();
  if (stream) close(ExchangePtr(stream));
  if (std::exchange(reopen_waits, false)) not_reopened("its client has gone");
  look_whether_over();
}

void HttpUpstreamTransport::look_whether_over() {
  if (sending || !hearing || told_end) return;
  if (!exchanges.empty() || !held.empty() || !waiting.empty()) return;
  farewell();
  tell_end();
}

void HttpUpstreamTransport::stop_hearing() {
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
  release_drained(false);
  farewell();
}

std::unique_ptr<Transport> over_http(net::Loop& loop, RemoteServer server) {
  return TransportBase::handle(std::make_shared<HttpUpstreamTransport>(loop, std::move(server)));
}

}  // namespace pawl::mcp
