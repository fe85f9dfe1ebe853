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
  if (what->stateless && what->method == "tools/call") {
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

// Exchanges overtake each other, and nothing of the stateful era may overtake what opens a session.
bool HttpUpstreamTransport::must_wait(const Exchange& exchange) const {
  if (exchange.what.stateless || exchange.what.method == "initialize") return false;
  return lost_session || (introducing && exchange.what.method != ready_method);
}

void HttpUpstreamTransport::flush_held() {
  for (ExchangePtr& one : std::exchange(held, {})) {
    if (!one->over) begin(std::move(one));
  }
}

// A request of the stateless era ends with its exchange, which is how the server learns of it.
bool HttpUpstreamTransport::take_back(std::string_view id) {
  for (const ExchangePtr& one : exchanges) {
    if (!one->what.stateless || !one->request() || one->what.id != id) continue;
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

namespace {

constexpr Duration farewell_within = Duration::seconds(5);

// A request that is not waited for, and that keeps itself until it is over.
struct Farewell {
  std::optional<http::Fetch> fetch;
};

Task<void> say_farewell(RemoteServer server, http::Headers headers) {
  auto minted = server.mint ? co_await server.mint(Pass{}) : Result<Minted>(Minted{});
  if (!minted) co_return;
  if (!minted->header.empty()) headers.add(minted->header, minted->value.bytes());
  http::Ask ask;
  ask.method = "DELETE";
  ask.url = server.url;
  ask.headers = std::move(headers);
  ask.deadline = farewell_within;
  const auto farewell = std::make_shared<Farewell>();
  farewell->fetch.emplace(server.client->start(
      std::move(ask), {.head = {}, .body = {}, .end = [farewell](const std::optional<Error>&) {
                         farewell->fetch.reset();
                       }}));
}

}  // namespace

// The server has answered `initialize`; `version` is the revision that it chose.
void HttpUpstreamTransport::opened(std::string_view version) {
  revision = http::is_field_value(version) ? std::string(version) : std::string();
  heard_session = false;
}

// `initialized` was taken, or refused: either way the server has had it before what comes now.
void HttpUpstreamTransport::introduced() {
  if (!std::exchange(introducing, false) || lost_session || !hearing) return;
  // The stream of the session first: what a server asks while it works may come there, and is lost
  // before it is listened to.
  if (!session.empty() && !stream && sending) hear();
  flush_held();
}

void HttpUpstreamTransport::hear() {
  if (!sending || lost_session) return;
  stream = std::make_shared<Exchange>();
  stream->aim = Exchange::Aim::hearing;
  begin(stream);
}

// The stream of the session ended, or there is none. Many servers say 404 where they
// offer none, so that it tells of a lost session only where this session had a stream; else a POST
// will tell.
void HttpUpstreamTransport::hear_again(const Exchange& ended) {
  const bool streamed = ended.form == Exchange::Form::events;
  const bool gone = ended.status == 404 && ended.session == session && heard_session;
  const bool unreached = ended.status == 0 || ended.status >= 500;
  const Duration asked = ended.again_in.value_or(stream_pause);
  const std::string last_id = ended.last_id;
  if (gone) return session_lost();
  if (!sending || (!streamed && !unreached)) return;
  const Duration pause = std::clamp(std::max(asked, stream_pause), again_min, again_max);
  stream_pause = std::min(Duration{stream_pause.ns * 2}, again_max);
  stream_timer = loop.after(pause, [weak = weak_from_this(), last_id] {
    const auto self = weak.lock();
    if (!self || !self->hearing || !self->sending || self->stream || self->lost_session) return;
    self->stream = std::make_shared<Exchange>();
    self->stream->aim = Exchange::Aim::hearing;
    self->stream->last_id = last_id;
    self->begin(self->stream);
  });
}

// Whatever the server knew of this client is gone. It is opened again with the same words.
void HttpUpstreamTransport::session_lost() {
  session.clear();
  lost_session = true;
  introducing = false;
  stream_timer.reset();
  const bool soon = reopened_at && loop.now().ns - reopened_at->ns < session_lives_min.ns;
  reopen_pause =
      soon ? std::clamp(Duration{reopen_pause.ns * 2}, again_after, again_max) : Duration{};
  if (stream) close(ExchangePtr(stream));
  // It may be another program by now: what it offers is read and compared before further calls.
  deliver(notification_line("notifications/tools/list_changed", "{}"));
  reopen();
}

// A server that loses again and again what it has just opened is asked ever more rarely: each time
// costs a secret, and tells the client that its tools changed.
void HttpUpstreamTransport::reopen() {
  if (reopening || reopen_waits || !sending || hello.empty()) return;
  if (reopen_pause.ns == 0) return reopen_now();
  reopen_waits = true;
  reopen_timer = loop.after(reopen_pause, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && std::exchange(self->reopen_waits, false) && self->sending) self->reopen_now();
  });
}

void HttpUpstreamTransport::reopen_now() {
  reopening = true;
  auto exchange = std::make_shared<Exchange>();
  exchange->aim = Exchange::Aim::reopening;
  auto what = read_outgoing(hello, parser, document);
  if (!what) return;
  exchange->what = *std::move(what);
  exchange->body = hello;
  begin(std::move(exchange));
}

void HttpUpstreamTransport::reopened() {
  reopened_at = loop.now();
  reopening = false;
  lost_session = false;
  // Calls that were judged by what another program said of its tools are not for this one.
  std::deque<ExchangePtr> judged_before;
  std::erase_if(held, [&judged_before](const ExchangePtr& one) {
    if (one->what.method != "tools/call") return false;
    judged_before.push_back(one);
    return true;
  });
  for (const ExchangePtr& one : judged_before) {
    if (!one->over)
      refuse(one, "the tool server was opened again before this was sent; call again");
  }
  if (ready.empty()) return flush_held();
  introducing = true;
  auto exchange = std::make_shared<Exchange>();
  exchange->what.method = "notifications/initialized";
  exchange->body = ready;
  begin(std::move(exchange));
}

// The next message tries again.
void HttpUpstreamTransport::not_reopened(const std::string& why) {
  reopening = false;
  for (ExchangePtr& one : std::exchange(held, {})) {
    if (!one->over) refuse(one, "the tool server lost its session and cannot be opened: " + why);
  }
}

void HttpUpstreamTransport::farewell() {
  if (session.empty()) return;
  http::Headers headers;
  headers.add("mcp-session-id", std::exchange(session, {}));
  if (!revision.empty()) headers.add("mcp-protocol-version", revision);
  spawn(say_farewell(server, std::move(headers)));
}

}  // namespace pawl::mcp
