// What comes from a client: its requests, up to where the session is told of them.
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/http/answers.h"
#include "doors/mcp/http/remote_client.h"

namespace pawl::mcp {

void RemoteClient::post(Posted posted, const Message& request, Taken taken,
                        http::Responder responder, const std::string& params, Repeated repeated) {
  auto answering = std::make_shared<Answering>();
  answering->load = posted.load;
  answering->proof = std::move(posted.proof);
  std::string& text = posted.text;
  answering->repeated = std::move(repeated);
  answering->id = std::string(request.id);
  answering->taken = taken;
  answering->listens = terms_.era == Era::modern && request.method == "subscriptions/listen";
  answering->responder = std::move(responder);
  std::string key = answering->id;
  const auto put = [&text, from = text.data()](std::string_view place, const std::string& what) {
    if (!what.empty())
      text.replace(static_cast<std::size_t>(place.data() - from), place.size(), what);
  };
  const std::string id = terms_.era == Era::modern ? std::to_string(next_id_++) : std::string();
  if (!id.empty()) key = id;
  // From behind: what stands before stays where it was.
  const bool params_first = request.params_text.data() < request.id.data();
  if (params_first) put(request.id, id);
  put(request.params_text, params);
  if (!params_first) put(request.id, id);
  const bool changed = !id.empty() || !params.empty();
  const auto fresh = changed ? terms_.reading->document_for(text.size()) : posted.document;
  const auto document = Load::held_by(posted.load, fresh);
  const Result<Message> again =
      changed ? read_message(text, Side::client, terms_.reading->parser, *document) : request;
  if (!again) return refuse(std::move(*answering->responder), 400, answering->id, "unreadable");
  ReadMessage read{text, *again, document};
  post_as(key, {std::move(text), {}, posted.load, std::move(read)}, answering);
}

const Repeated* RemoteClient::repeated(std::string_view request) const {
  const auto found = answering_.find(request);
  const bool has = terms_.era == Era::modern && found != answering_.end();
  return has ? &found->second->repeated : nullptr;
}

void RemoteClient::post_unreadable(std::string text, std::shared_ptr<Load> load,
                                   http::Responder responder) {
  auto answering = std::make_shared<Answering>();
  answering->load = std::move(load);
  answering->id = id_of(text);
  answering->readable = false;
  answering->taken = {.json = true, .events = false};
  answering->responder = std::move(responder);
  post_as({}, {std::move(text), {}, answering->load, {}}, answering);
}

void RemoteClient::post_as(const std::string& wanted, Told told, const AnsweringPtr& answering) {
  touched_ = loop_.now();
  if (over_ || answering_.size() >= terms_.requests_max) {
    const std::string_view why = over_ ? "the session ended" : "too many requests are open";
    return refuse(std::move(*answering->responder), over_ ? 404 : 429, answering->id, why);
  }
  // A second request with an id that is open is for the session to refuse: its answer has no id.
  const bool taken = wanted.empty() || answering_.contains(wanted);
  const std::string key = taken ? fmt::format("text {}", next_id_++) : wanted;
  answering_[key] = answering;
  guard(key, answering);
  told.key = key;
  if (!deliver(std::move(told))) {
    answering_.erase(key);
    refuse(std::move(*answering->responder), 503, answering->id, "the tool server is crowded");
  }
}

// What may happen to a request while it waits.
void RemoteClient::guard(const std::string& key, const AnsweringPtr& answering) {
  const std::weak_ptr<RemoteClient> self = weak_from_this();
  if (terms_.era == Era::modern) {
    answering->responder->on_gone([self, key] {
      // Later: it may be our own writing that found out.
      if (auto client = self.lock()) {
        client->loop_.post([self, key] {
          if (auto later = self.lock()) later->cancelled(key);
        });
      }
    });
  }
  if (answering->taken.events) {
    const std::weak_ptr<Answering> open = answering;
    answering->patience = loop_.after(events_after, [self, open] {
      const auto client = self.lock();
      const auto late = open.lock();
      if (client && late && late->responder) client->begin_events(*late);
    });
  }
}

}  // namespace pawl::mcp
