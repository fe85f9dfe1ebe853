#include <algorithm>
#include <utility>

#include "doors/mcp/transport/http_upstream_impl.h"

namespace pawl::mcp {
namespace {

constexpr Duration farewell_within = Duration::seconds(5);

// A request that nobody waits for, and that keeps itself until it is over.
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
  // where nobody listens yet.
  if (!session.empty() && !stream && sending) hear();
  flush_held();
}

void HttpUpstreamTransport::hear() {
  if (!sending || lost_session) return;
  stream = std::make_shared<Exchange>();
  stream->aim = Exchange::Aim::hearing;
  begin(stream);
}

// The stream of the session ended, or there is none. MultiplexedEndpoint servers say 404 where they
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
