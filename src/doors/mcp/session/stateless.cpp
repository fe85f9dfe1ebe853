// Requests of clients of the modern era: envelopes, discovery, request_states that come back,
// subscriptions.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/outgoing.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/session/session_impl.h"
#include "model/trace.h"

namespace pawl::mcp {
namespace {

constexpr int no_more_subscriptions = -32603;
constexpr std::size_t version_bytes_max = 64;

// The results of these methods may say that more is to come.
bool has_legs(std::string_view method) {
  return method == "tools/call" || method == "resources/read" || method == "prompts/get";
}

std::string tagged(std::string_view id, std::string_view members = {}) {
  std::string text = R"({"_meta":{)";
  json::write_string(meta_subscription, text);
  text += fmt::format(":{}}}", id);
  if (!members.empty()) text += fmt::format(",{}", members);
  return text + '}';
}

// What a client can be asked for at all.
const json::Document& everything_asked() {
  static const json::Document document =
      *json::parse(R"({"elicitation":{"form":{},"url":{}},"roots":{},"sampling":{}})");
  return document;
}

bool wants(json::View filter, std::string_view member) {
  const json::View wanted = filter[member];
  return wanted.kind() == json::Kind::boolean && wanted.boolean();
}

}  // namespace

bool Session::Impl::modern_request(const Message& message, const Method& method,
                                   std::shared_ptr<json::Document>& document) {
  if (client_era == Era::stateful) return false;
  const Envelope seen = read_envelope(message.params);
  if (client_era == Era::unknown && !seen.claimed && method.spoken != Spoken::modern) return false;
  if (client_era == Era::unknown && method.handling == Handling::handshake) return false;
  if (!acceptable(message, seen)) return true;
  if (is_task_request(message.method)) {
    task_request(message);
    return true;
  }
  if (method.spoken == Spoken::legacy || method.handling == Handling::unknown) {
    refuse_unknown(message);
    return true;
  }
  // Asking what there is commits a client to nothing: it may still go on with `initialize`.
  if (method.handling != Handling::discover) client_era = Era::stateless;
  PendingPtr entry = pend(message);
  if (!entry) {
    refuse_line(message.id, invalid_request, "too many requests are open");
    return true;
  }
  entry->modern = true;
  entry->method = std::string(message.method);
  entry->offers = offers_of(seen.capabilities);
  entry->log_level = gravity(seen.log_level);
  entry->tasks = message.method == "tools/call" && declares_tasks(message.params);
  const bool cached = method.handling == Handling::list || method.handling == Handling::tool_list ||
                      method.handling == Handling::discover || message.method == "resources/read";
  entry->cached = cached ? Cached::yes : Cached::no;
  if (has_legs(message.method)) entry->params = without_meta(message.params, true);
  if (message.params["requestState"].exists() && !redeem(entry, message)) return true;
  if (answers_nothing(entry, message)) return true;
  start(shared_from_this(),
        after_opening(std::move(entry), method, std::move(document), message.params));
  return true;
}

bool Session::Impl::acceptable(const Message& message, const Envelope& seen) {
  if (message.method == "initialize") {
    // The connection speaks the modern era by now, in which there is no such thing.
    const auto asked = message.params.text("protocolVersion").value_or("");
    to_client(raw_error_line(message.id, unsupported_error(asked.substr(0, version_bytes_max))),
              message.id);
    return false;
  }
  if (!seen.version.empty() && !seen.supported) {
    to_client(
        raw_error_line(message.id, unsupported_error(seen.version.substr(0, version_bytes_max))),
        message.id);
    return false;
  }
  if (seen.wrong.empty()) return true;
  to_client(
      error_line(message.id, invalid_params, fmt::format("`_meta` lacks a valid `{}`", seen.wrong)),
      message.id);
  return false;
}

Bound Session::Impl::bound_of(const Pending& entry) const {
  return {spec.run, spec.server, entry.method, entry.params};
}

bool Session::Impl::redeem(const PendingPtr& entry, const Message& message) {
  const auto text = message.params.text("requestState");
  auto continuation = text && has_legs(entry->method)
                          ? request_states.redeem(*text, bound_of(*entry), loop.now())
                          : std::nullopt;
  if (!continuation) {
    const Settled settled =
        refuse(Code::ambiguous_request, entry->method,
               "`requestState` is not one that waits for this request: it was changed, used "
               "before, is too old, or belongs to another");
    settle(entry,
           {Reply::Kind::error, error_object(invalid_params, settled.text, settled.decision)});
    return false;
  }
  if (continuation->parked) {
    come_back(continuation->parked, entry, message.params["inputResponses"]);
    return false;
  }
  entry->resumes = std::move(continuation->approval);
  entry->round = continuation->round;
  return true;
}

// Answers without a state are no answer: only a state says to which call they belong. Where the
// same request is under way, or waits, they must not make a second one of it, with a second
// question. Where it is the first, the protocol has them ignored; the record says that they were.
bool Session::Impl::answers_nothing(const PendingPtr& entry, const Message& message) {
  const json::View responses = message.params["inputResponses"];
  if (!responses.exists() || message.params["requestState"].exists()) return false;
  if (responses.is_object() && responses.size() == 0) return false;
  const auto same = [&entry](const PendingPtr& one) {
    return one != entry && one->method == entry->method && one->params == entry->params;
  };
  const bool waits = request_states.wait_for(bound_of(*entry), loop.now()) ||
                     std::ranges::any_of(parked, same) ||
                     std::ranges::any_of(pending, same, [](const auto& one) { return one.second; });
  if (responses.is_object() && !waits) return false;
  const Settled settled =
      refuse(Code::ambiguous_request, entry->method,
             responses.is_object()
                 ? "`inputResponses` came without a `requestState`, so they belong to no question; "
                   "the same request waits already, and nothing was asked again"
                 : "`inputResponses` is not an object");
  settle(entry, {Reply::Kind::error, error_object(invalid_params, settled.text, settled.decision)});
  return true;
}

bool Session::Impl::repeats_truly(const PendingPtr& entry, const CatalogEntry& listed,
                                  json::View arguments) {
  if (!entry->modern || !listed.mirrored) return true;
  const Repeated* const repeated = transports.client->repeated(entry->id);
  if (repeated == nullptr) return true;
  const std::string wrong = disagreement(*repeated, *listed.mirrored, arguments);
  if (wrong.empty()) return true;
  const Settled settled = refuse(Code::ambiguous_request, "tools/call", wrong);
  settle(entry, {Reply::Kind::error, error_object(header_mismatch, wrong, settled.decision)});
  return false;
}

bool Session::Impl::hold(const PendingPtr& entry, const std::string& approval) {
  if (!entry->modern || entry->gone || approval.empty() || !has_legs(entry->method)) return false;
  if (entry->task) return true;
  if (entry->tasks && make_task(entry, approval)) return true;
  if (entry->round >= legs_of_a_call_max) return false;
  Continuation continuation;
  continuation.round = entry->round + 1;
  continuation.approval = approval;
  const std::string state = request_states.issue(spec.random(leg_name_bytes), bound_of(*entry),
                                                 std::move(continuation), loop.now());
  if (state.empty()) return false;
  pending.erase(entry->key);
  in_flight.erase(entry->server_id);
  to_client(result_line(entry->id, fmt::format(R"({{"resultType":"input_required",)"
                                               R"("requestState":"{}"}})",
                                               state)),
            entry->id);
  return true;
}

Task<void> Session::Impl::after_opening(PendingPtr entry, const Method& method,
                                        std::shared_ptr<json::Document> document,
                                        json::View params) {
  const auto self = shared_from_this();
  const Envelope seen = read_envelope(params);
  const json::View can = spec.shared ? everything_asked().root() : seen.capabilities;
  const Hello hello{newest_revision, can, seen.client};
  remember(hello);
  const bool ready = co_await open_server(true, hello);
  // What is to be told is that it came.
  const bool awaits = method.handling == Handling::listen && !ever_there;
  if (!ready && server_gone && spec.start_again && awaits) co_return co_await listen(entry, params);
  if (!ready && server_gone && spec.start_again) {
    const bool call = method.handling == Handling::call;
    refuse_absent(entry, call ? called_tool(params) : std::string(method.name), call);
    co_return;
  }
  if (!ready) {
    settle(entry, refusal_of_server());
    co_return;
  }
  if (server_era == Era::stateless) {
    std::string own =
        envelope_for_server(seen.capabilities, seen.client, *spec.policy, spec.server);
    if (entry->log_level >= 0 && granted(shown(), "mcp:logging/setLevel")) {
      own += fmt::format(R"(,"{}":"{}")", meta_log_level, seen.log_level);
    }
    entry->envelope =
        own == *envelope ? envelope : std::make_shared<const std::string>(std::move(own));
  }
  if (method.handling == Handling::discover) {
    settle(entry,
           {Reply::Kind::result, discover_result(said.root(), shown(), with_instructions())});
  } else if (method.handling == Handling::listen) {
    co_await listen(entry, params);
  } else {
    dispatch(std::move(entry), method, std::move(document), params);
  }
}

Task<void> Session::Impl::listen(PendingPtr entry, json::View params) {
  const auto self = shared_from_this();
  const json::View filter = params["notifications"];
  if (!filter.is_object()) {
    settle(entry,
           {Reply::Kind::error, error_object(invalid_params, "`notifications` is not an object")});
    co_return;
  }
  Subscription open{entry->id, entry->key};
  const bool awaited = server_gone && !ever_there;  // what it offers, nobody knows yet
  if (!awaited) open.uris = co_await hear_resources(entry, filter["resourceSubscriptions"]);
  const bool full = subscriptions.size() >= subscriptions_max;
  if (full || entry->gone) {
    for (const std::string& uri : open.uris) unsubscribe_at_server(uri);
    settle(entry, {Reply::Kind::error,
                   error_object(no_more_subscriptions, "too many subscriptions are open")});
    co_return;
  }
  const json::View offered = said.root()["capabilities"];
  const auto changes = [&](std::string_view list, std::string_view action) {
    const bool told = awaited || offered[list]["listChanged"].exists();
    return told && granted(shown(), action);
  };
  // Of tools pawl tells by itself too, when another policy shows others.
  open.tools = wants(filter, "toolsListChanged") && (has_tools || awaited);
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
  to_client(notification_line("notifications/subscriptions/acknowledged", tagged(open.id, members)),
            open.id);
  // The request stays open, and keeps its id, until it is cancelled or the session ends.
  subscriptions.push_back(std::move(open));
}

void Session::Impl::announce(std::string_view method) {
  if (client_era != Era::stateless) return to_client(notification_line(method, {}));
  for (const Subscription& open : subscriptions) {
    const bool wanted = method == "notifications/tools/list_changed"     ? open.tools
                        : method == "notifications/prompts/list_changed" ? open.prompts
                                                                         : open.resources;
    if (wanted) to_client(notification_line(method, tagged(open.id)), open.id);
  }
}

void Session::Impl::end_subscriptions() {
  for (const Subscription& open : std::exchange(subscriptions, {})) {
    pending.erase(open.key);
    to_client(result_line(open.id, R"({"resultType":"complete",)" + tagged(open.id).substr(1)),
              open.id);
  }
}

std::string Session::Impl::meta_of_call(const Pending& entry) {
  std::string meta;
  const auto add = [&meta](std::string_view members) {
    if (!meta.empty()) meta += ',';
    meta += members;
  };
  if (!entry.token.empty()) add(fmt::format(R"("progressToken":{})", at_server->next_id()));
  if (entry.trace) {
    add(fmt::format(R"("{}":"{}")", traceparent_name, to_string(entry.trace->for_server())));
  }
  if (server_era == Era::stateless) {
    add(entry.envelope ? *entry.envelope : *envelope);
    if (!entry.modern && !log_level.empty()) {
      add(fmt::format(R"("{}":"{}")", meta_log_level, log_level));
    }
  }
  return meta;
}

void Session::Impl::trace_call(const PendingPtr& entry, json::View params,
                               Proposal& proposal) const {
  if (!spec.trace) return;
  entry->trace = spec.trace(params["_meta"].text(traceparent_name).value_or(""));
  proposal.trace = entry->trace;
}

}  // namespace pawl::mcp
