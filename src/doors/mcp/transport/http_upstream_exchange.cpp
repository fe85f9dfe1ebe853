#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/unreadable.h"
#include "doors/mcp/transport/http_upstream_impl.h"
#include "io/net/pipe.h"
#include "model/trace.h"

namespace pawl::mcp {
namespace {

// `text/event-stream` of `Text/Event-Stream; charset=utf-8`.
std::string media_type_of(const http::AnswerHead& head) {
  const std::string_view field = head.headers.find("content-type").value_or("");
  return lower_ascii(trim(field.substr(0, field.find(';'))));
}

Exchange::Form form_of(int status, const std::string& type) {
  if (status < 200 || status > 299) return Exchange::Form::refusal;
  if (type == "application/json") return Exchange::Form::json;
  return type == "text/event-stream" ? Exchange::Form::events : Exchange::Form::none;
}

constexpr std::size_t shown_type_bytes_max = 64;
constexpr Duration refusal_within = Duration::seconds(5);

// Whether an answer with this status means that the request had no effect.
bool refuses(int status) {
  return status == 307 || status == 308 || (status >= 400 && status <= 499);
}

std::string words_of_no_answer(int status, const std::string& type) {
  const std::string shown = escape_untrusted(type.substr(0, shown_type_bytes_max));
  return fmt::format("the tool server answered with status {} and {}, which is not an answer",
                     status, type.empty() ? "no message" : "`" + shown + "`");
}

// `elsewhere`: where it says that it is.
std::string words_of_refusal(int status, std::string_view elsewhere) {
  constexpr std::size_t shown_address_bytes_max = 200;
  std::string more;
  if (status == 401 || status == 403) more = ": it does not accept who we are";
  if (status == 307 || status == 308) {
    more = ": it is elsewhere, and redirects are not followed";
    if (!elsewhere.empty()) {
      more += fmt::format("; it names `{}`, which the deployment file may name as its `url`",
                          escape_untrusted(elsewhere.substr(0, shown_address_bytes_max)));
    }
  }
  return fmt::format("the tool server refused the request with status {}{}", status, more);
}

// Whether the server does not know the session that we named. Many say so with 400 and a sentence.
bool session_gone(const Exchange& exchange) {
  if (exchange.session.empty()) return false;
  if (exchange.status == 404) return true;
  if (exchange.status != 400) return false;
  const std::string said = lower_ascii(exchange.text);
  const auto has = [&said](std::string_view words) { return said.find(words) != said.npos; };
  if (has("not initialized")) return true;
  return has("session") &&
         std::ranges::any_of(std::to_array<std::string_view>(
                                 {"no valid", "not valid", "invalid", "not found", "no such",
                                  "unknown", "expired", "no active", "does not exist", "not exist",
                                  "missing", "required", "terminated", "closed", "no session"}),
                             has);
}

}  // namespace

void HttpUpstreamTransport::begin(ExchangePtr exchange) {
  exchanges.push_back(exchange);
  if (!exchange->fault.empty()) return refuse(exchange, "the tool " + exchange->fault);
  if (server.mint) {
    spawn(mint_and_post(shared_from_this(), std::move(exchange)));
  } else {
    post(exchange, nullptr);
  }
}

Task<void> HttpUpstreamTransport::mint_and_post(std::shared_ptr<HttpUpstreamTransport> self,
                                                ExchangePtr exchange) {
  auto minted = co_await self->server.mint(exchange->pass ? *exchange->pass : Pass{});
  if (exchange->over) co_return;
  if (!minted) {
    self->refuse(exchange, minted.error().message);
    co_return;
  }
  if (exchange->pass) exchange->pass->used = minted->used;
  self->post(exchange, &*minted);
}

http::Headers HttpUpstreamTransport::headers_for(const Exchange& exchange,
                                                 const Minted* minted) const {
  http::Headers headers;
  const bool get = exchange.aim == Exchange::Aim::hearing || !exchange.last_id.empty();
  headers.add("accept", get ? "text/event-stream" : "application/json, text/event-stream");
  if (!get) headers.add("content-type", "application/json");
  if (exchange.what.stateless) {
    headers.add("mcp-protocol-version", stateless_revision);
    headers.add("mcp-method", header_text(exchange.what.method));
    if (!exchange.what.name.empty()) headers.add("mcp-name", header_text(exchange.what.name));
    for (const auto& [field, value] : exchange.what.mirrored) headers.add(field, value);
  } else {
    if (!exchange.session.empty()) headers.add("mcp-session-id", exchange.session);
    if (!revision.empty()) headers.add("mcp-protocol-version", revision);
  }
  if (!exchange.what.traceparent.empty()) {
    headers.add(traceparent_name, exchange.what.traceparent);
  }
  if (!exchange.last_id.empty()) headers.add("last-event-id", exchange.last_id);
  if (minted != nullptr && !minted->header.empty()) {
    headers.add(minted->header, minted->value.bytes());
  }
  return headers;
}

void HttpUpstreamTransport::post(const ExchangePtr& exchange, const Minted* minted) {
  const bool get = exchange->aim == Exchange::Aim::hearing || !exchange->last_id.empty();
  const bool opens = exchange->what.method == "initialize";
  exchange->session = exchange->what.stateless || opens ? std::string() : session;
  http::Ask ask;
  ask.method = get ? "GET" : "POST";
  ask.url = server.url;
  ask.headers = headers_for(*exchange, minted);
  if (!get) ask.body = std::move(exchange->body);
  ask.body_bytes_max = SIZE_MAX;  // of a stream each event is bounded, of a text see on_body
  ask.deadline = exchange->request() || get ? Duration{} : accepted_within;
  const std::weak_ptr<HttpUpstreamTransport> weak = weak_from_this();
  const auto with = [weak, exchange](auto&& what) {
    const auto self = weak.lock();
    if (self && !exchange->over) what(*self);
  };
  exchange->status = 0;
  exchange->form = Exchange::Form::none;
  exchange->fetch.emplace(server.client->start(
      std::move(ask),
      {.head =
           [with, exchange](const http::AnswerHead& head) {
             with([&](HttpUpstreamTransport& self) { self.on_head(exchange, head); });
           },
       .body =
           [with, exchange](std::string_view bytes) {
             with([&](HttpUpstreamTransport& self) { self.on_body(exchange, bytes); });
           },
       .end =
           [with, exchange](std::optional<Error> error) {
             with([&](HttpUpstreamTransport& self) { self.on_end(exchange, std::move(error)); });
           }}));
  if (paused) exchange->fetch->pause();
}

void HttpUpstreamTransport::on_head(const ExchangePtr& exchange, const http::AnswerHead& head) {
  left(*exchange);
  exchange->status = head.status;
  const std::string type = media_type_of(head);
  exchange->form = form_of(head.status, type);
  exchange->elsewhere = head.headers.find("location").value_or("");
  const bool fine = exchange->form != Exchange::Form::refusal;
  const bool asked = exchange->request() && exchange->aim != Exchange::Aim::hearing;
  // Nothing can come of it, however long its body is.
  if (asked && exchange->form == Exchange::Form::none) {
    return lose(exchange, words_of_no_answer(head.status, type));
  }
  // What it says besides, and whether it ends, is of no matter.
  if (fine && exchange->what.method == ready_method) introduced();
  if (fine && exchange->what.method == "initialize") {
    const std::string_view id = head.headers.find("mcp-session-id").value_or("");
    session = id.size() <= session_id_bytes_max ? std::string(id) : std::string();
  }
  if (!fine && asked) {
    // What it says of its refusal is worth a moment and no more.
    const std::weak_ptr<HttpUpstreamTransport> later = weak_from_this();
    exchange->timer = loop.after(refusal_within, [later, exchange] {
      const ExchangePtr one = exchange;
      if (const auto self = later.lock(); self && !one->over) self->on_end(one, {});
    });
  }
  if (exchange->form != Exchange::Form::events) return;
  if (exchange->aim == Exchange::Aim::hearing) {
    stream_pause = again_after;
    heard_session = exchange->session == session;
  }
  const std::weak_ptr<HttpUpstreamTransport> weak = weak_from_this();
  const std::weak_ptr<Exchange> one = exchange;
  exchange->reader.emplace(
      [weak, one](http::Event event) {
        const auto self = weak.lock();
        const auto of = one.lock();
        if (!self || !of || of->over) return false;
        // An event that only has an id is where a stream that breaks is gone on with.
        return event.text.empty() || self->arrived(of, std::move(event.text));
      },
      http::EventLimits{.event_bytes_max = net::kMessageBytesMax,
                        .id_bytes_max = event_id_bytes_max});
}

void HttpUpstreamTransport::on_body(const ExchangePtr& exchange, std::string_view bytes) {
  const auto self = shared_from_this();
  switch (exchange->form) {
    case Exchange::Form::none:
      return;
    case Exchange::Form::refusal:
      exchange->text += bytes.substr(0, refusal_bytes_max - exchange->text.size());
      return;
    case Exchange::Form::json:
      exchange->text += bytes;
      if (exchange->text.size() > net::kMessageBytesMax) lose(exchange, "its answer is too long");
      return;
    case Exchange::Form::events: {
      const Status read = exchange->reader->feed(bytes);
      if (exchange->over) return;
      if (!read) return lose(exchange, "its answer is too long");
      if (!exchange->reader->last_id().empty()) exchange->last_id = exchange->reader->last_id();
      exchange->again_in = exchange->reader->retry();
      return;
    }
  }
}

// One message of the server. False: the exchange is over.
bool HttpUpstreamTransport::arrived(const ExchangePtr& exchange, std::string text) {
  const auto self = shared_from_this();
  exchange->resumptions = 0;
  if (exchange->request() && !exchange->answered) {
    std::string_view line = text;
    std::string mended;
    const Result<Message> said = read_server_message(line, mended, parser, document);
    const std::string why = said ? std::string() : said.error().message;
    const bool answer =
        said && (said->kind == MessageKind::result || said->kind == MessageKind::error);
    exchange->answered = answer && own_id(said->id) == own_id(exchange->what.id);
    if (!mended.empty()) text = std::move(mended);
    if (!said && !unreadable(exchange, text, why)) return false;
    if (answer && exchange->answered && !taken_in(exchange)) return false;
    // It is for the one that asked, and for no other.
    if (answer && !exchange->answered && exchange->form == Exchange::Form::json) return true;
    if (exchange->answered && exchange->form == Exchange::Form::events) {
      const std::weak_ptr<HttpUpstreamTransport> weak = self;
      exchange->timer = loop.after(stream_after_answer_max, [weak, exchange] {
        if (const auto later = weak.lock(); later && !exchange->over) later->close(exchange);
      });
    }
  }
  // What comes on the stream of the session belongs to no request, or the server does not say.
  const bool ours = exchange->request() && exchange->aim == Exchange::Aim::message;
  deliver(std::move(text), ours ? std::optional(exchange->what.id) : std::nullopt);
  return !exchange->over && hearing;
}

// The answer to a request, which `document` holds. False: it was for this transport alone.
bool HttpUpstreamTransport::taken_in(const ExchangePtr& exchange) {
  const json::View result = document.root()["result"];
  if (exchange->what.method == "initialize") {
    opened(result.text("protocolVersion").value_or(""));
    if (exchange->aim == Exchange::Aim::reopening) {
      const bool fine = result.is_object();
      close(exchange);
      fine ? reopened() : not_reopened("it refused to be opened again");
      return false;
    }
  }
  if (exchange->what.stateless && exchange->what.method == "tools/list") learn_tools(result);
  return true;
}

// What came in the place of an answer, or before it. False: the exchange is over.
bool HttpUpstreamTransport::unreadable(const ExchangePtr& exchange, const std::string& text,
                                       const std::string& why) {
  const MeantFor meant = meant_for(text);
  const auto ours = [&](std::string_view id) { return own_id(id) == own_id(exchange->what.id); };
  const bool named = meant.answer && std::ranges::any_of(meant.ids, ours);
  const bool whole = exchange->form == Exchange::Form::json;
  // On a stream other messages may stand before it.
  if (!named && !whole && !(meant.answer && meant.ids.empty())) return true;
  if (exchange->aim != Exchange::Aim::message) {
    lose(exchange, cannot_be_read(why));
    return false;
  }
  if (named) {
    // The session looks at it, and ends its request or leaves out what it cannot read.
    exchange->answered = true;
    const bool lists = exchange->what.stateless && exchange->what.method == "tools/list";
    const auto less = lists ? without_deep_tools(text) : std::nullopt;
    if (less && parser.parse(less->line, document, as_it_came)) {
      learn_tools(document.root()["result"]);
    }
    return true;
  }
  // An error that names no request, where there is only one that it can be about.
  const auto error = json::parse(meant.error, as_it_came);
  if (meant.ids.empty() && error && error->root().is_object()) {
    const std::string line = raw_error_line(exchange->what.id, meant.error);
    close(exchange);
    deliver(line);
    return false;
  }
  lose(exchange, cannot_be_read(why));
  return false;
}

void HttpUpstreamTransport::learn_tools(json::View result) {
  for (const json::View tool : result["tools"].elements()) {
    const std::string name(tool.text("name").value_or(""));
    Mirrored found = mirrored_by(tool["inputSchema"]);
    const bool plain = found.arguments.empty() && found.fault.empty();
    if (plain || mirrored.size() >= mirrored_tools_max) {
      mirrored.erase(name);
    } else {
      mirrored.insert_or_assign(name, std::move(found));
    }
  }
}

void HttpUpstreamTransport::on_end(const ExchangePtr& exchange, std::optional<Error> error) {
  const auto self = shared_from_this();
  left(*exchange);
  if (exchange->aim == Exchange::Aim::hearing) {
    close(exchange);
    return hear_again(*exchange);
  }
  if (exchange->answered) return close(exchange);
  if (!error && exchange->form == Exchange::Form::json && exchange->request()) {
    (void)arrived(exchange, std::move(exchange->text));
    if (exchange->over || exchange->answered) return close(exchange);
    return lose(exchange, "the tool server answered something else");
  }
  if (!exchange->request()) {
    const bool gone = session_gone(*exchange);
    const bool introduces = exchange->what.method == ready_method;
    close(exchange);
    if (gone && exchange->session == session) return session_lost();
    if (introduces) introduced();
    return;
  }
  if (!error && exchange->form == Exchange::Form::refusal) return refused_by_server(exchange);
  if (resumed(exchange)) return;
  if (error && !exchange->fetch->sent() && exchange->last_id.empty()) {
    return refuse(exchange, error->message);
  }
  lose(exchange, error ? error->message : "the tool server ended its answer too early");
}

void HttpUpstreamTransport::refused_by_server(const ExchangePtr& exchange) {
  const bool had_session = !exchange->session.empty() && exchange->last_id.empty();
  if (had_session && session_gone(*exchange)) {
    const bool ours = exchange->session == session;
    refuse(exchange, "the tool server lost its session before this; call again");
    if (ours) session_lost();
    return;
  }
  if (!refuses(exchange->status) || !exchange->last_id.empty()) {
    return lose(exchange, fmt::format("the tool server answered with status {}", exchange->status));
  }
  const bool readable = parse_said(exchange->text, parser, document).has_value();
  const json::View said = readable ? document.root()["error"] : json::View();
  if (said.is_object() && exchange->aim == Exchange::Aim::message) {
    const std::string line = raw_error_line(exchange->what.id, json::write(said));
    exchange->answered = true;
    close(exchange);
    return deliver(line);
  }
  refuse(exchange, words_of_refusal(exchange->status, exchange->elsewhere));
}

// A stream of the stateful era that broke is gone on with behind its last event.
bool HttpUpstreamTransport::resumed(const ExchangePtr& exchange) {
  if (exchange->what.stateless || exchange->last_id.empty() || !hearing) return false;
  if (++exchange->resumptions > resumptions_max) return false;
  const Duration asked = exchange->again_in.value_or(again_after);
  const Duration pause = std::clamp(asked, again_min, again_max);
  const std::weak_ptr<HttpUpstreamTransport> weak = weak_from_this();
  exchange->fetch.reset();
  exchange->reader.reset();
  exchange->timer = loop.after(pause, [weak, exchange] {
    const auto self = weak.lock();
    if (!self || exchange->over) return;
    if (self->server.mint) {
      spawn(mint_and_post(self, exchange));
    } else {
      self->post(exchange, nullptr);
    }
  });
  return true;
}

void HttpUpstreamTransport::close(const ExchangePtr& exchange) {
  const ExchangePtr kept = exchange;  // also where the caller's is the one in the list
  if (std::exchange(kept->over, true)) return;
  left(*kept);
  kept->timer.reset();
  kept->fetch.reset();
  std::erase(exchanges, kept);
  if (stream == kept) stream.reset();
  look_whether_over();
}

void HttpUpstreamTransport::refuse(const ExchangePtr& exchange, const std::string& why) {
  const bool listens = exchange->what.method == "subscriptions/listen";
  if (listens) return lose(exchange, why);  // it is asked for again, however it ended
  const ExchangePtr kept = exchange;
  close(kept);
  if (kept->what.method == ready_method) introduced();
  if (kept->aim == Exchange::Aim::hearing) return hear_again(*kept);
  if (kept->aim == Exchange::Aim::reopening) return not_reopened(why);
  if (!kept->request()) return;
  loop.post([weak = weak_from_this(), id = kept->what.id, why] {
    if (const auto self = weak.lock()) self->deliver(error_line(id, refused_by_policy, why));
  });
}

void HttpUpstreamTransport::lose(const ExchangePtr& exchange, const std::string& why) {
  const ExchangePtr kept = exchange;
  close(kept);
  if (kept->aim == Exchange::Aim::hearing) return hear_again(*kept);
  if (kept->aim == Exchange::Aim::reopening) return not_reopened(why);
  if (!kept->request()) return;
  loop.post([weak = weak_from_this(), id = kept->what.id, why] {
    const auto self = weak.lock();
    if (self && self->hearing && self->events.lost) self->events.lost(id, why);
  });
}

}  // namespace pawl::mcp
