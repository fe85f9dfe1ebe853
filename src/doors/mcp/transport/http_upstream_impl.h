// The inside of the transport over HTTP to a server:
//   http_upstream_transport.cpp  order, pauses, the end; the server's session
//   http_upstream_exchange.cpp   one exchange: its head, its answer, how it ends
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "doors/mcp/protocol/outgoing.h"
#include "doors/mcp/transport/http_upstream_transport.h"
#include "doors/mcp/transport/transport_base.h"
#include "io/http/sse.h"

namespace pawl::mcp {

// With it a client says that it is ready; its answer ends the opening.
inline constexpr std::string_view ready_method = "notifications/initialized";

// One request over HTTP and its answer.
struct Exchange {
  // A message of ours, the stream of a session, or `initialize` once more.
  enum class Aim : std::uint8_t { message, hearing, reopening };
  enum class Form : std::uint8_t { none, json, events, refusal };

  Aim aim = Aim::message;
  Outgoing what;
  std::string body;
  std::shared_ptr<Pass> pass;
  std::string session;  // it was sent in
  std::string fault;    // why it cannot be sent at all
  std::size_t waiting_bytes = 0;

  int status = 0;
  Form form = Form::none;
  std::string text, elsewhere;  // `elsewhere`: the `location` of its head
  std::optional<http::EventReader> reader;
  std::string last_id;  // of the event to go on behind
  std::optional<Duration> again_in;
  unsigned resumptions = 0;
  bool answered = false, over = false;
  std::optional<http::Fetch> fetch;
  net::Timer timer;

  bool request() const { return what.kind == MessageKind::request; }
};
using ExchangePtr = std::shared_ptr<Exchange>;

struct HttpUpstreamTransport final : TransportOf<HttpUpstreamTransport> {
  HttpUpstreamTransport(net::Loop& l, RemoteServer s) : TransportOf(l), server(std::move(s)) {}

  bool send(std::string message, std::string_view request) override;
  bool carries_secrets() const override { return bool(server.mint); }
  void on_pause() override;
  void on_resume() override;
  bool must_wait(const Exchange& exchange) const;
  void flush_held();
  bool take_back(std::string_view id);
  void queued(Exchange& exchange, std::size_t bytes);
  void left(Exchange& exchange);
  // `about`: the request of ours on whose stream it came, or nothing.
  void deliver(std::string text, std::optional<std::string> about = std::nullopt);
  Task<bool> drained() override;
  void finish_sending() override;
  void look_whether_over();
  void stop_hearing() override;

  // One exchange.
  void begin(ExchangePtr exchange);
  static Task<void> mint_and_post(std::shared_ptr<HttpUpstreamTransport> self,
                                  ExchangePtr exchange);
  void post(const ExchangePtr& exchange, const Minted* minted);
  http::Headers headers_for(const Exchange& exchange, const Minted* minted) const;
  void on_head(const ExchangePtr& exchange, const http::AnswerHead& head);
  void on_body(const ExchangePtr& exchange, std::string_view bytes);
  void on_end(const ExchangePtr& exchange, std::optional<Error> error);
  bool arrived(const ExchangePtr& exchange, std::string text);
  bool taken_in(const ExchangePtr& exchange);
  bool unreadable(const ExchangePtr& exchange, const std::string& text, const std::string& why);
  void learn_tools(json::View result);
  void refused_by_server(const ExchangePtr& exchange);
  bool resumed(const ExchangePtr& exchange);
  // The three ends of an exchange. The one that asked is told in a later turn.
  void close(const ExchangePtr& exchange);
  void refuse(const ExchangePtr& exchange, const std::string& why);
  void lose(const ExchangePtr& exchange, const std::string& why);

  // The server's session: its stream, its loss, its end.
  void opened(std::string_view version);
  void introduced();
  void hear();
  void hear_again(const Exchange& exchange);
  void session_lost();
  void reopen();
  void reopen_now();
  void reopened();
  void not_reopened(const std::string& why);
  void farewell();

  RemoteServer server;
  json::Parser parser;
  json::Document document;
  std::vector<ExchangePtr> exchanges;
  std::map<std::string, Mirrored, std::less<>> mirrored;  // tools with such arguments, or faults
  std::deque<ExchangePtr> held;  // until the server has been told that the client is ready
  std::size_t unsent_bytes = 0;

  // Of the stateful era.
  std::string session, revision;
  std::string hello, ready;  // what opened the session, to open it again
  ExchangePtr stream;
  Duration stream_pause = again_after;
  net::Timer stream_timer;
  bool introducing = false;    // `initialized` is on its way
  bool heard_session = false;  // it had a stream of its own
  bool lost_session = false, reopening = false;
  std::optional<Duration> reopened_at;
  Duration reopen_pause{};  // zero: at once
  net::Timer reopen_timer;
  bool reopen_waits = false;  // for that timer
};

}  // namespace pawl::mcp
