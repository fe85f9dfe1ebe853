#include "doors/mcp/transport/http_client_transport.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/transport/http_answers.h"
#include "io/http/sse.h"

namespace pawl::mcp {
namespace {

constexpr Duration come_back_after = Duration::seconds(1);
constexpr std::uint64_t listening_stream = 0;
constexpr std::string_view proof_over = "the proof of who listens has expired; prove it again";

Task<void> tell_when_drained(std::weak_ptr<HttpClientTransport> client, http::Stream& out,
                             void (HttpClientTransport::*told)()) {
  (void)co_await out.drained();
  if (auto alive = client.lock()) (alive.get()->*told)();
}

}  // namespace

HttpClientTransport::HttpClientTransport(net::Loop& loop, HttpClientTerms terms)
    : TransportOf(loop), terms_(std::move(terms)), touched_(loop.now()) {}

std::unique_ptr<Transport> HttpClientTransport::transport() {
  return handle(shared_from_this());
}

bool HttpClientTransport::tell(std::string text, std::shared_ptr<Load> load) {
  touched_ = loop.now();
  return deliver({.text = std::move(text), .load = std::move(load)});
}

bool HttpClientTransport::deliver(Delivery told) {
  if (!hearing || !events.message) return true;
  if (must_wait()) {
    if (waiting.size() >= held_back_max) return false;
    // One alone may be as long as it likes: a body has a bound of its own.
    const std::size_t bytes = waiting_bytes + told.text.size();
    if (!waiting.empty() && bytes > terms_.held_back_bytes_max) return false;
  }
  TransportBase::deliver(std::move(told));
  return true;
}

std::string HttpClientTransport::exchange_of(std::string_view request) const {
  const std::string key = belongs_to().value_or("");
  const auto current = answering_.find(key);
  if (!key.empty() && current != answering_.end()) {
    const Answering& now = *current->second;
    // What is said of a text that was no message, or whose id was taken, is said at once.
    if (request == "null" || (!now.readable && request == now.id)) return key;
  }
  return answering_.contains(request) ? std::string(request) : std::string();
}

bool HttpClientTransport::send(std::string message, std::string_view request) {
  if (!sending) return false;
  if (!request.empty()) {
    const std::string key = exchange_of(request);
    if (key.empty()) return true;
    if (is_answer(message)) {
      answer(key, std::move(message));
    } else {
      say(key, message);
    }
    return true;
  }
  // A stateless client is told nothing that it did not ask for.
  if (terms_.era == Era::stateless) return true;
  if (belongs_to_a_call(message)) {
    for (const auto& [key, open] : answering_) {
      if (!open->taken.events) continue;
      say(std::string(key), message);
      return true;
    }
  }
  to_listening(std::move(message));
  return true;
}

void HttpClientTransport::answer(const std::string& key, std::string message) {
  const AnsweringPtr open = std::move(answering_.find(key)->second);
  answering_.erase(key);
  open->patience.reset();
  touched_ = loop.now();
  if (terms_.era == Era::stateless) message = with_id_of_client(message, key, open->id);
  if (open->listens) message = tagged_for_client(message, key, open->id);
  if (open->responder && !open->taken.json) begin_events(*open);
  if (open->responder) {
    http::Response response;
    response.status = !open->readable                ? 400
                      : terms_.era == Era::stateless ? status_of(message)
                                                     : 200;
    response.headers.add("content-type", "application/json");
    if (!terms_.session.empty()) response.headers.add(session_field, terms_.session);
    response.body = std::move(message);
    return std::move(*open->responder).answer(std::move(response));
  }
  const EventId id{open->stream, ++open->events};
  if (open->out) write(*open->out, id, message);
  if (open->out) open->out->end();
  if (terms_.era != Era::stateless) kept_.keep(id, std::move(message));
}

void HttpClientTransport::say(const std::string& key, const std::string& message) {
  const AnsweringPtr open = answering_.find(key)->second;
  if (!open->taken.events) return;
  begin_events(*open);
  const EventId id{open->stream, ++open->events};
  const std::string text = open->listens ? tagged_for_client(message, key, open->id) : message;
  if (terms_.era != Era::stateless) kept_.keep(id, text);
  if (open->out) write(*open->out, id, text);
}

void HttpClientTransport::begin_events(Answering& open) {
  if (!open.responder) return;
  open.stream = next_stream_++;
  open.out.emplace(open_stream(std::move(*open.responder)));
  open.responder.reset();
  prime(*open.out, {open.stream, 0});
}

http::Stream HttpClientTransport::open_stream(http::Responder responder) const {
  http::Response head = http::event_stream();
  if (!terms_.session.empty()) head.headers.add(session_field, terms_.session);
  return std::move(responder).stream(std::move(head));
}

// So that a client that loses its connection before the first message can ask for it.
void HttpClientTransport::prime(http::Stream& out, const EventId& id) const {
  if (!terms_.primes) return;
  const std::string text = to_string(id);
  const auto event =
      http::write_event({.name = {}, .text = {}, .id = text, .retry = come_back_after});
  if (event) (void)out.write(*event);
}

void HttpClientTransport::write(http::Stream& out, const EventId& id, std::string_view message) {
  // An event of a stateless revision cannot be asked for again.
  const std::string text = to_string(id);
  const auto event = http::write_event(
      {.name = "message",
       .text = message,
       .id = terms_.era == Era::stateless ? std::nullopt : std::optional<std::string_view>(text),
       .retry = {}});
  if (!event || !out.write(*event)) return;
  if (crowded || !events.crowded || out.queued_bytes() < crowded_bytes) return;
  set_crowded(true);
  spawn(tell_when_drained(weak_from_this(), out, &HttpClientTransport::roomy));
}

void HttpClientTransport::roomy() {
  if (sending) set_crowded(false);
}

void HttpClientTransport::to_listening(std::string message) {
  const EventId id{listening_stream, ++listen_events_};
  std::erase_if(listening_, [](const Listening& one) { return one.out.gone(); });
  if (!listening_.empty()) {
    write(listening_.back().out, id, message);
    listen_written_ = id.event;
  }
  kept_.keep(id, std::move(message));
}

std::optional<http::Refusal> HttpClientTransport::listen(http::Responder& responder,
                                                         std::optional<EventId> last, Proof proof) {
  touched_ = loop.now();
  if (!sending) return http::Refusal{404, "the session ended"};
  if (last && last->stream != listening_stream) return read_again(responder, *last);
  http::Stream out = open_stream(std::move(responder));
  const std::uint64_t seen = last ? last->event : listen_written_;
  prime(out, {listening_stream, seen});
  const auto kept = kept_.after({listening_stream, seen});
  if (kept) {
    for (const KeptEvents::Kept& one : *kept) write(out, one.id, one.message);
  }
  listen_written_ = listen_events_;
  listening_.push_back({std::move(out), std::move(proof)});
  if (listening_.size() > listening_max) {
    listening_.front().out.end();
    listening_.pop_front();
  }
  return std::nullopt;
}

std::optional<http::Refusal> HttpClientTransport::read_again(http::Responder& responder,
                                                             const EventId& last) {
  const auto kept = kept_.after(last);
  if (last.stream >= next_stream_ || !kept) {
    return http::Refusal{400, "what came after this event is not known any more"};
  }
  http::Stream out = open_stream(std::move(responder));
  for (const KeptEvents::Kept& one : *kept) write(out, one.id, one.message);
  for (const auto& [key, open] : answering_) {
    if (open->stream != last.stream) continue;
    if (open->out) open->out->end();
    open->out = std::move(out);
    return std::nullopt;
  }
  out.end();
  return std::nullopt;
}

void HttpClientTransport::cancelled(const std::string& key) {
  if (answering_.erase(key) == 0 || !sending) return;
  (void)deliver({notification_line("notifications/cancelled",
                                   fmt::format(R"({{"requestId":{},"reason":"the connection )"
                                               R"(was closed"}})",
                                               key))});
}

void HttpClientTransport::leave() {
  const auto self = shared_from_this();
  const auto ended = events.ended;
  if (hearing && ended) ended();
}

void HttpClientTransport::keep_alive() {
  const std::string comment = http::write_comment("");
  const auto nudge = [&comment](http::Stream& out) {
    if (out.queued_bytes() == 0) (void)out.write(comment);
  };
  for (Listening& one : listening_) nudge(one.out);
  for (const auto& [key, open] : answering_) {
    if (open->out) nudge(*open->out);
  }
}

// The one that listens asks for as long as it likes; a call was judged when it was made, and ends.
void HttpClientTransport::end_unproved() {
  const Duration now = loop.now();
  std::erase_if(listening_, [now](Listening& one) {
    const bool over = one.proof.over(now);
    if (over) one.out.end();
    return over;
  });
  for (const auto& [key, open] : answering_) {
    if (!open->listens || !open->proof.over(now)) continue;
    if (open->responder) {
      refuse(std::move(*std::exchange(open->responder, std::nullopt)), 401, open->id, proof_over);
    } else if (open->out) {
      write(*open->out, {open->stream, ++open->events},
            error_line(open->id, internal_error, proof_over));
      open->out->end();
      open->out.reset();
    }
    loop.post([self = weak_from_this(), key] {
      if (const auto client = self.lock()) client->cancelled(key);
    });
  }
}

std::optional<Duration> HttpClientTransport::quiet_since() {
  std::erase_if(listening_, [](const Listening& one) { return one.out.gone(); });
  if (!answering_.empty() || !listening_.empty()) return std::nullopt;
  return touched_;
}

void HttpClientTransport::finish_sending() {
  if (!std::exchange(sending, false)) return;
  waiting.clear();
  waiting_bytes = 0;
  for (auto& [key, open] : std::exchange(answering_, {})) {
    if (open->responder) {
      refuse(std::move(*open->responder), 200, open->id,
             "the session ended before there was an answer");
    } else if (open->out) {
      write(*open->out, {open->stream, ++open->events}, ended_line(open->id));
      open->out->end();
    }
  }
  for (Listening& one : listening_) one.out.end();
  listening_.clear();
}

void HttpClientTransport::stop_hearing() {
  hearing = false;
  // One of them may be what called us.
  loop.post([before = std::make_shared<TransportEvents>(std::exchange(events, {}))] {});
}

void HttpClientTransport::let_go() {
  stop_hearing();
  finish_sending();
}

namespace {

std::size_t place_in(const std::string& text, std::string_view part) {
  return static_cast<std::size_t>(part.data() - text.data());
}

// `id` in the place of the client's: nothing else that a message says changes, so it is not read
// again. (The root of its document still has the client's. Only `read_message` reads that.)
Message with_id(const std::string& id, std::string& text, Message request) {
  const std::size_t at = place_in(text, request.id);
  std::size_t params_at = request.params_text.empty() ? 0 : place_in(text, request.params_text);
  if (params_at > at) params_at = params_at + id.size() - request.id.size();
  text.replace(at, request.id.size(), id);
  const std::string_view now = text;
  request.id = now.substr(at, id.size());
  request.params_text = now.substr(params_at, request.params_text.size());
  return request;
}

}  // namespace

void HttpClientTransport::post(Posted posted, const Message& request, Taken taken,
                               http::Responder responder, const std::string& params,
                               Repeated repeated) {
  auto answering = std::make_shared<Answering>();
  answering->load = posted.load;
  answering->proof = std::move(posted.proof);
  std::string& text = posted.text;
  answering->repeated = std::move(repeated);
  answering->id = std::string(request.id);
  answering->taken = taken;
  answering->listens = terms_.era == Era::stateless && request.method == "subscriptions/listen";
  answering->responder = std::move(responder);
  Message message = request;
  if (terms_.era == Era::stateless) message = with_id(std::to_string(next_id_++), text, request);
  const std::string key(message.id);
  auto document = std::move(posted.document);
  if (!params.empty()) {
    text.replace(place_in(text, message.params_text), message.params_text.size(), params);
    document = terms_.reading->document_for(text.size());
    const auto again = read_message(text, Side::client, terms_.reading->parser, *document);
    if (!again) return refuse(std::move(*answering->responder), 400, answering->id, "unreadable");
    message = *again;
  }
  ReadMessage read{text, message, Load::held_by(posted.load, std::move(document))};
  post_as(key, {.text = std::move(text), .load = posted.load, .read = std::move(read)}, answering);
}

const Repeated* HttpClientTransport::repeated(std::string_view request) const {
  const auto found = answering_.find(request);
  const bool has = terms_.era == Era::stateless && found != answering_.end();
  return has ? &found->second->repeated : nullptr;
}

void HttpClientTransport::post_unreadable(std::string text, std::shared_ptr<Load> load,
                                          http::Responder responder) {
  auto answering = std::make_shared<Answering>();
  answering->load = std::move(load);
  answering->id = id_of(text);
  answering->readable = false;
  answering->taken = {.json = true, .events = false};
  answering->responder = std::move(responder);
  post_as({}, {.text = std::move(text), .load = answering->load}, answering);
}

void HttpClientTransport::post_as(const std::string& wanted, Delivery told,
                                  const AnsweringPtr& answering) {
  touched_ = loop.now();
  if (!sending || answering_.size() >= terms_.requests_max) {
    const std::string_view why = !sending ? "the session ended" : "too many requests are open";
    return refuse(std::move(*answering->responder), !sending ? 404 : 429, answering->id, why);
  }
  // A second request with an id that is open is for the session to refuse: its answer has no id.
  const bool taken = wanted.empty() || answering_.contains(wanted);
  const std::string key = taken ? fmt::format("text {}", next_id_++) : wanted;
  answering_[key] = answering;
  guard(key, answering);
  told.about = key;
  if (!deliver(std::move(told))) {
    answering_.erase(key);
    refuse(std::move(*answering->responder), 503, answering->id, "the tool server is crowded");
  }
}

// What may happen to a request while it waits.
void HttpClientTransport::guard(const std::string& key, const AnsweringPtr& answering) {
  const std::weak_ptr<HttpClientTransport> self = weak_from_this();
  if (terms_.era == Era::stateless) {
    answering->responder->on_gone([self, key] {
      // Later: it may be our own writing that found out.
      if (auto client = self.lock()) {
        client->loop.post([self, key] {
          if (auto later = self.lock()) later->cancelled(key);
        });
      }
    });
  }
  if (answering->taken.events) {
    const std::weak_ptr<Answering> open = answering;
    answering->patience = loop.after(events_after, [self, open] {
      const auto client = self.lock();
      const auto late = open.lock();
      if (client && late && late->responder) client->begin_events(*late);
    });
  }
}

}  // namespace pawl::mcp
