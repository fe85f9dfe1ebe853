// What comes from a client: its requests, up to where the session is told of them.
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/transport/http_answers.h"
#include "doors/mcp/transport/http_client_transport.h"

namespace pawl::mcp {
namespace {

std::size_t place_in(const std::string& text, std::string_view part) {
  return static_cast<std::size_t>(part.data() - text.data());
}

// `id` in the place of the client's: nothing else that a message says changes, so it is not read
// again. (The root of its document still has the client's. Nobody reads that but `read_message`.)
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
