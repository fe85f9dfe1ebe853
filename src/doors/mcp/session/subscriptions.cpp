#include "doors/mcp/session/subscriptions.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/session/session_impl.h"
#include "gate/gate.h"
#include "gate/state/proposal.h"

namespace pawl::mcp {
namespace {

constexpr Duration acknowledged_within = Duration::seconds(5);

class SubscribeUpstream final : public Upstream {
 public:
  explicit SubscribeUpstream(std::shared_ptr<Session::Impl> session)
      : session_(std::move(session)) {}
  Task<Outcome> execute(std::string_view, std::string_view arguments) override {
    return session_->subscriptions.subscribe(arguments);
  }
  void cancel() override {}

 private:
  std::shared_ptr<Session::Impl> session_;
};

// A subscription never waits for a reviewer: it is granted now, or it is not.
class SubscribeCaller final : public Caller {
 public:
  explicit SubscribeCaller(PendingPtr entry) : entry_(std::move(entry)) { entry_->caller = this; }
  ~SubscribeCaller() override { entry_->caller = nullptr; }
  SubscribeCaller(const SubscribeCaller&) = delete;
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

constexpr int no_more_subscriptions = -32603;

std::string tagged(std::string_view id, std::string_view members = {}) {
  std::string text = R"({"_meta":{)";
  json::write_string(meta_subscription, text);
  text += fmt::format(":{}}}", id);
  if (!members.empty()) text += fmt::format(",{}", members);
  return text + '}';
}

bool wants(json::View filter, std::string_view member) {
  const json::View wanted = filter[member];
  return wanted.kind() == json::Kind::boolean && wanted.boolean();
}

}  // namespace

// What a client of the stateful era has its server keep, to be said again to another.
void Subscriptions::remember_setting(std::string_view method, json::View params) {
  if (session_.client.era == Era::stateless) return;
  if (method == "resources/unsubscribe") {
    kept_subscriptions.erase(std::string(params.text("uri").value_or("")));
  } else if (method == "logging/setLevel" && gravity(params.text("level").value_or("")) >= 0) {
    log_level = std::string(*params.text("level"));
  }
}

// Before the server is asked: it may tell of the resource before it answers.
void Subscriptions::remember(Pending& entry, std::string_view arguments) {
  const auto document = json::parse(arguments);
  const auto uri = document ? document->root().text("uri") : std::nullopt;
  if (session_.client.era == Era::stateless || !uri || uri->size() > resource_uri_bytes_max) return;
  if (kept_subscriptions.size() >= resources_heard_max) return;
  if (kept_subscriptions.emplace(*uri).second) entry.keeps = *uri;
}

// What the server refused is neither heard nor said again.
void Subscriptions::forget_refused(const Pending& entry) {
  if (!entry.keeps.empty()) kept_subscriptions.erase(entry.keeps);
}

Task<std::set<std::string>> Subscriptions::subscribe_all(PendingPtr entry, json::View wanted) {
  const auto self = session_.shared_from_this();
  std::set<std::string> uris, heard;
  for (json::View uri : wanted.elements()) {
    const bool fits = uri.is_string() && uri.string().size() <= resource_uri_bytes_max;
    if (fits && uris.size() < resources_of_a_subscription_max) uris.emplace(uri.string());
  }
  for (const std::string& uri : uris) {
    const auto arguments = json::parse(uri_alone(uri));
    if (entry->gone || !arguments) break;
    Proposal proposal;
    proposal.run = session_.spec.run;
    proposal.sub_run = session_.spec.part;
    proposal.call = Call{session_.spec.server, "mcp:resources/subscribe", arguments->root()};
    SubscribeUpstream upstream(self);
    SubscribeCaller caller(entry);
    const Settled settled =
        co_await session_.gate.calls.handle(std::move(proposal), upstream, caller);
    if (settled.kind == Settled::Kind::result) heard.insert(uri);
  }
  co_return heard;
}

Task<Outcome> Subscriptions::subscribe(std::string_view arguments) {
  const auto parsed = json::parse(arguments);
  const std::string uri(parsed ? parsed->root().text("uri").value_or("") : "");
  if (session_.handshake.server_era != Era::stateless) {
    auto ticket = session_.server_requests->send("resources/subscribe", uri_alone(uri));
    const net::Timer patience =
        session_.server.answered_within(ticket.id, session_.spec.call_deadline);
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
  auto ticket = session_.server_requests->send(
      "subscriptions/listen", with_meta(params.text(), *session_.handshake.envelope));
  Completion<bool> acknowledged;
  acknowledging_[ticket.id] = {uri, acknowledged};
  const net::Timer silence = session_.loop.after(
      acknowledged_within, [waiting = acknowledged]() mutable { waiting.deliver(false); });
  // It stays open as long as it is heard; an answer is its end.
  spawn([](std::shared_ptr<Session::Impl> session, Requests::Ticket open, std::string name,
           Completion<bool> waiting) -> Task<void> {
    (void)co_await open.answer;
    const auto found = session->subscriptions.resources_heard.find(name);
    if (found != session->subscriptions.resources_heard.end() && found->second == open.id) {
      session->subscriptions.resources_heard.erase(found);
    }
    waiting.deliver(false);
  }(session_.shared_from_this(), ticket, uri, acknowledged));
  const bool fine = co_await acknowledged;
  acknowledging_.erase(ticket.id);
  if (fine) {
    resources_heard[uri] = ticket.id;
    co_return Outcome{Outcome::Kind::result, "{}", {}};
  }
  session_.server.cancel(ticket.id, "it was not acknowledged");
  co_return Outcome{Outcome::Kind::error,
                    error_object(invalid_params, "the tool server does not tell of this resource"),
                    {}};
}

void Subscriptions::on_acknowledged(json::View params) {
  const json::View id = params["_meta"][meta_subscription];
  if (!id.is_integer() || id.integer() < 0) return;
  const auto found = acknowledging_.find(id.natural());
  if (found == acknowledging_.end()) return;
  auto [uri, waiting] = found->second;
  waiting.deliver(lists_text(params["notifications"]["resourceSubscriptions"], uri));
}

void Subscriptions::unsubscribe(const std::string& uri) {
  for (const Subscription& open : listening) {
    if (open.uris.contains(uri)) return;
  }
  const auto found = resources_heard.find(uri);
  if (found == resources_heard.end()) return;
  const std::uint64_t listening = found->second;
  resources_heard.erase(found);
  if (session_.handshake.server_era == Era::stateless)
    return session_.server.cancel(listening, "no client listens any more");
  (void)session_.server_requests->send("resources/unsubscribe", uri_alone(uri));
}

// The client hears of what it asked for. Under a scope the server's own address of a part could
// hold what is withheld, so the client hears the one that it wrote itself.
void Subscriptions::on_updated(json::View params) {
  constexpr std::string_view method = "notifications/resources/updated";
  const auto uri = params.text("uri");
  if (!uri || !granted(session_.shown(), "mcp:resources/subscribe")) return;
  const bool scoped = session_.server.scoped();
  if (session_.client.era != Era::stateless) {
    const auto whole = closest_match(kept_subscriptions, *uri);
    if (scoped && whole == kept_subscriptions.end()) return;
    return session_.to_client(
        notification_line(method, uri_alone(scoped ? std::string_view(*whole) : *uri)));
  }
  for (const Subscription& open : listening) {
    const auto whole = closest_match(open.uris, *uri);
    if (whole == open.uris.end()) continue;
    json::Writer told;
    told.object().key("_meta").object().key(meta_subscription).raw(open.id).end();
    told.key("uri").string(scoped ? std::string_view(*whole) : *uri).end();
    session_.to_client(notification_line(method, told.text()), open.id);
  }
}

Task<void> Subscriptions::listen(PendingPtr entry, json::View params) {
  const auto self = session_.shared_from_this();
  const json::View filter = params["notifications"];
  if (!filter.is_object()) {
    session_.calls.settle(
        entry,
        {Reply::Kind::error, error_object(invalid_params, "`notifications` is not an object")});
    co_return;
  }
  Subscription open{entry->id, entry->key};
  const bool awaited =
      session_.server_gone && !session_.restart.ever_there;  // what it offers is not known yet
  if (!awaited) open.uris = co_await subscribe_all(entry, filter["resourceSubscriptions"]);
  const bool full = listening.size() >= subscriptions_max;
  if (full || entry->gone) {
    for (const std::string& uri : open.uris) unsubscribe(uri);
    session_.calls.settle(entry,
                          {Reply::Kind::error,
                           error_object(no_more_subscriptions, "too many subscriptions are open")});
    co_return;
  }
  const json::View offered = session_.handshake.server_hello.root()["capabilities"];
  const auto changes = [&](std::string_view list, std::string_view action) {
    const bool told = awaited || offered[list]["listChanged"].exists();
    return told && granted(session_.shown(), action);
  };
  // Of tools pawl tells by itself too, when another policy shows others.
  open.tools = wants(filter, "toolsListChanged") && (session_.handshake.has_tools || awaited);
  open.prompts = wants(filter, "promptsListChanged") && changes("prompts", "mcp:prompts/get");
  open.resources =
      wants(filter, "resourcesListChanged") && changes("resources", "mcp:resources/read");
  json::Writer honored;
  honored.object();
  if (open.tools) honored.key("toolsListChanged").boolean(true);
  if (open.prompts) honored.key("promptsListChanged").boolean(true);
  if (open.resources) honored.key("resourcesListChanged").boolean(true);
  if (!open.uris.empty()) honored.key("resourceSubscriptions").array();
  for (const std::string& uri : open.uris) honored.string(uri);
  if (!open.uris.empty()) honored.end();
  honored.end();
  const std::string members = R"("notifications":)" + honored.text();
  session_.to_client(
      notification_line("notifications/subscriptions/acknowledged", tagged(open.id, members)),
      open.id);
  // The request stays open, and keeps its id, until it is cancelled or the session ends.
  listening.push_back(std::move(open));
}

void Subscriptions::announce(std::string_view method) {
  if (session_.client.era != Era::stateless)
    return session_.to_client(notification_line(method, {}));
  for (const Subscription& open : listening) {
    const bool wanted = method == "notifications/tools/list_changed"     ? open.tools
                        : method == "notifications/prompts/list_changed" ? open.prompts
                                                                         : open.resources;
    if (wanted) session_.to_client(notification_line(method, tagged(open.id)), open.id);
  }
}

void Subscriptions::end_all() {
  for (const Subscription& open : std::exchange(listening, {})) {
    session_.calls.pending.erase(open.key);
    session_.to_client(
        result_line(open.id, R"({"resultType":"complete",)" + tagged(open.id).substr(1)), open.id);
  }
}

}  // namespace pawl::mcp
