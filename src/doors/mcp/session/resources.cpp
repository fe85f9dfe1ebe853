// Subscriptions to single resources, for either era of client at either era of server.
//
// An older client subscribes with a request of its own, a modern one names the resources where it
// listens; an older server is asked `resources/subscribe`, a modern one hears a subscription of
// pawl's for each resource. Whoever asks, each resource is decided as `mcp:resources/subscribe`.
#include <algorithm>
#include <utility>

#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/session/session_impl.h"

namespace pawl::mcp {
namespace {

constexpr Duration acknowledged_within = Duration::seconds(5);

class AtResource final : public Upstream {
 public:
  explicit AtResource(std::shared_ptr<Session::Impl> room) : room_(std::move(room)) {}
  Task<Outcome> execute(std::string_view, std::string_view arguments) override {
    return room_->subscribe_at_server(arguments);
  }
  void cancel() override {}

 private:
  std::shared_ptr<Session::Impl> room_;
};

// Nobody is kept waiting for a person by a subscription: it is granted now, or it is not.
class WantsToHear final : public Caller {
 public:
  explicit WantsToHear(PendingPtr entry) : entry_(std::move(entry)) { entry_->caller = this; }
  ~WantsToHear() override { entry_->caller = nullptr; }
  WantsToHear(const WantsToHear&) = delete;
  Duration patience(Duration) const override { return {}; }
  void waiting(const std::string&, Duration, Duration) override {}
  bool gone() const override { return entry_->gone; }

 private:
  PendingPtr entry_;
};

std::string uri_alone(std::string_view uri) {
  json::Writer out;
  out.object().key("uri").string(uri).end();
  return out.take();
}

bool lists_text(json::View list, std::string_view text) {
  for (json::View element : list.elements()) {
    if (element.is_string() && element.string() == text) return true;
  }
  return false;
}

// What is told of a part of a resource is told to who subscribed to the whole.
bool is_within(std::string_view uri, std::string_view whole) {
  if (!uri.starts_with(whole)) return false;
  return uri.size() == whole.size() || whole.ends_with('/') || uri[whole.size()] == '/';
}

// The resource itself, or else the nearest that it is a part of.
auto closest_match(const std::set<std::string>& uris, std::string_view uri) {
  auto best = uris.end();
  for (auto whole = uris.begin(); whole != uris.end(); ++whole) {
    if (!is_within(uri, *whole)) continue;
    if (best == uris.end() || whole->size() > best->size()) best = whole;
  }
  return best;
}

}  // namespace

Task<std::set<std::string>> Session::Impl::hear_resources(PendingPtr entry, json::View wanted) {
  const auto self = shared_from_this();
  std::set<std::string> uris, heard;
  for (json::View uri : wanted.elements()) {
    const bool fits = uri.is_string() && uri.string().size() <= resource_uri_bytes_max;
    if (fits && uris.size() < resources_of_a_subscription_max) uris.emplace(uri.string());
  }
  for (const std::string& uri : uris) {
    const auto arguments = json::parse(uri_alone(uri));
    if (entry->gone || !arguments) break;
    Proposal proposal;
    proposal.run = spec.run;
    proposal.part = spec.part;
    proposal.call = Call{spec.server, "mcp:resources/subscribe", arguments->root()};
    AtResource upstream(self);
    WantsToHear caller(entry);
    const Settled settled = co_await gate.handle(std::move(proposal), upstream, caller);
    if (settled.kind == Settled::Kind::result) heard.insert(uri);
  }
  co_return heard;
}

Task<Outcome> Session::Impl::subscribe_at_server(std::string_view arguments) {
  const auto parsed = json::parse(arguments);
  const std::string uri(parsed ? parsed->root().text("uri").value_or("") : "");
  if (server_era != Era::stateless) {
    auto ticket = at_server->send("resources/subscribe", uri_alone(uri));
    const net::Timer patience = answered_within(ticket.id, spec.call_deadline);
    Answer answer = co_await ticket.answer;
    if (answer.kind == Answer::Kind::result) {
      resources_heard.try_emplace(uri, 0);
      co_return Outcome{Outcome::Kind::result, "{}", {}};
    }
    const bool error = answer.kind == Answer::Kind::error;
    co_return Outcome{error ? Outcome::Kind::error : Outcome::Kind::lost,
                      error ? answer.text : std::string(), error ? std::string() : answer.text};
  }
  if (resources_heard.size() >= resources_heard_max || uri.size() > resource_uri_bytes_max) {
    const std::string_view refusal = uri.size() > resource_uri_bytes_max
                                         ? "the address of this resource is too long"
                                         : "too many resources are subscribed to";
    co_return Outcome{Outcome::Kind::error, error_object(invalid_params, refusal), {}};
  }
  if (resources_heard.contains(uri)) co_return Outcome{Outcome::Kind::result, "{}", {}};
  json::Writer params;
  params.object().key("notifications").object().key("resourceSubscriptions").array();
  params.string(uri).end().end().end();
  auto ticket = at_server->send("subscriptions/listen", with_meta(params.text(), *envelope));
  Completion<bool> acknowledged;
  acknowledging[ticket.id] = {uri, acknowledged};
  const net::Timer silence = loop.after(
      acknowledged_within, [waiting = acknowledged]() mutable { waiting.deliver(false); });
  // It stays open as long as it is heard; an answer is its end.
  spawn([](std::shared_ptr<Impl> room, Requests::Ticket open, std::string name,
           Completion<bool> waiting) -> Task<void> {
    (void)co_await open.answer;
    const auto found = room->resources_heard.find(name);
    if (found != room->resources_heard.end() && found->second == open.id) {
      room->resources_heard.erase(found);
    }
    waiting.deliver(false);
  }(shared_from_this(), ticket, uri, acknowledged));
  const bool fine = co_await acknowledged;
  acknowledging.erase(ticket.id);
  if (fine) {
    resources_heard[uri] = ticket.id;
    co_return Outcome{Outcome::Kind::result, "{}", {}};
  }
  cancel_at_server(ticket.id, "it was not acknowledged");
  co_return Outcome{Outcome::Kind::error,
                    error_object(invalid_params, "the tool server does not tell of this resource"),
                    {}};
}

void Session::Impl::server_acknowledged(json::View params) {
  const json::View id = params["_meta"][meta_subscription];
  if (!id.is_integer() || id.integer() < 0) return;
  const auto found = acknowledging.find(id.natural());
  if (found == acknowledging.end()) return;
  auto [uri, waiting] = found->second;
  waiting.deliver(lists_text(params["notifications"]["resourceSubscriptions"], uri));
}

void Session::Impl::unsubscribe_at_server(const std::string& uri) {
  for (const Subscription& open : subscriptions) {
    if (open.uris.contains(uri)) return;
  }
  const auto found = resources_heard.find(uri);
  if (found == resources_heard.end()) return;
  const std::uint64_t listening = found->second;
  resources_heard.erase(found);
  if (server_era == Era::stateless) return cancel_at_server(listening, "nobody listens any more");
  (void)at_server->send("resources/unsubscribe", uri_alone(uri));
}

void Session::Impl::cancel_at_server(std::uint64_t id, std::string_view reason) {
  json::Writer params;
  params.object().key("requestId").natural(id).key("reason").string(reason).end();
  to_server(notification_line("notifications/cancelled", params.text()));
}

// The client hears of what it asked for. Under a scope the server's own address of a part could
// hold what is withheld, so the client hears the one that it wrote itself.
void Session::Impl::resource_updated(json::View params) {
  constexpr std::string_view method = "notifications/resources/updated";
  const auto uri = params.text("uri");
  if (!uri || !granted(shown(), "mcp:resources/subscribe")) return;
  const bool scoped = scoped_here();
  if (client_era != Era::stateless) {
    const auto whole = closest_match(kept_subscriptions, *uri);
    if (scoped && whole == kept_subscriptions.end()) return;
    return to_client(
        notification_line(method, uri_alone(scoped ? std::string_view(*whole) : *uri)));
  }
  for (const Subscription& open : subscriptions) {
    const auto whole = closest_match(open.uris, *uri);
    if (whole == open.uris.end()) continue;
    json::Writer told;
    told.object().key("_meta").object().key(meta_subscription).raw(open.id).end();
    told.key("uri").string(scoped ? std::string_view(*whole) : *uri).end();
    to_client(notification_line(method, told.text()), open.id);
  }
}

}  // namespace pawl::mcp
