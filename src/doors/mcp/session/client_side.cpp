#include "doors/mcp/session/client_side.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/outgoing.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/response_filter.h"
#include "doors/mcp/session/session_impl.h"
#include "gate/gate.h"
#include "gate/state/proposal.h"
#include "model/trace.h"

namespace pawl::mcp {
namespace {

constexpr std::size_t kept_line_bytes_max = 64UL << 10;

constexpr std::size_t version_bytes_max = 64;

// What a client can be asked for at all.
const json::Document& everything_asked() {
  static const json::Document document =
      *json::parse(R"({"elicitation":{"form":{},"url":{}},"roots":{},"sampling":{}})");
  return document;
}

}  // namespace

std::shared_ptr<json::Document> ClientSide::document_for(std::string_view line) const {
  // A long message does not leave its memory behind.
  const bool free = client_document_.use_count() == 1 && line.size() <= kept_line_bytes_max;
  return free ? client_document_ : std::make_shared<json::Document>();
}

void ClientSide::receive(std::string_view line) {
  if (session_.closing) return;
  const ReadMessage* known = session_.transports.client->already_read(line);
  auto document = known == nullptr ? document_for(line) : known->document;
  const Result<Message> message = known == nullptr
                                      ? read_message(line, Side::client, session_.parser, *document)
                                      : known->message;
  if (!message) {
    const std::string id = id_of(line);
    refuse_line(id, invalid_request, message.error().message, method_of(line));
    // A refused answer still ends what waits for it.
    session_.client_requests->deliver(id, {Answer::Kind::lost, "its answer was ambiguous"});
    return;
  }
  switch (message->kind) {
    case MessageKind::request:
      on_request(*message, std::move(document));
      return;
    case MessageKind::notification:
      on_notification(*message);
      return;
    case MessageKind::result:
      session_.client_requests->deliver(message->id,
                                        {Answer::Kind::result, std::string(message->result_text)});
      return;
    case MessageKind::error:
      session_.client_requests->deliver(message->id,
                                        {Answer::Kind::error, std::string(message->error_text)});
      return;
  }
}

void ClientSide::refuse_line(std::string_view id, int code, const std::string& what,
                             std::string_view method) {
  const Settled settled = session_.refuse(Code::ambiguous_request,
                                          method.empty() ? "message" : std::string(method), what);
  if (method == "tools/call" && id != "null") {
    session_.to_client(result_line(id, refused_result(settled)), id);
    return;
  }
  session_.to_client(error_line(id, code, settled.text, settled.decision), id);
}

void ClientSide::on_request(const Message& message, std::shared_ptr<json::Document> document) {
  const Method& method = client_method(message.method);
  if (session_.calls.pending.contains(key_of(message.id))) {
    // An answer with this id would end the call that has it: this one is answered without an id.
    refuse_line(
        "null", invalid_request,
        "a request with the id " + escape_untrusted(message.id.substr(0, 64)) + " is still open",
        message.method == "tools/call" ? std::string_view("tools/call") : "message");
    return;
  }
  if (on_stateless_request(message, method, document)) return;
  if (method.spoken == Spoken::stateless || method.handling == Handling::unknown) {
    return refuse_unknown(message);
  }
  if (method.handling == Handling::here) {
    session_.to_client(result_line(message.id, "{}"), message.id);
    return;
  }
  if (method.handling == Handling::task && era == Era::stateful)
    return session_.tasks.on_request(message);
  if (method.handling == Handling::handshake) {
    if (std::exchange(era, Era::stateful) == Era::stateful) {
      session_.to_client(error_line(message.id, invalid_request, "`initialize` was sent before"),
                         message.id);
      return;
    }
    start(session_.shared_from_this(),
          session_.handshake.initialize(std::string(message.id), std::move(document),
                                        message.params));
    return;
  }
  if (era != Era::stateful) {
    session_.to_client(error_line(message.id, invalid_request, "`initialize` comes first"),
                       message.id);
    return;
  }
  PendingPtr entry = session_.calls.add(message);
  if (!entry) {
    refuse_line(message.id, invalid_request, "too many requests are open");
    return;
  }
  dispatch(std::move(entry), method, std::move(document), message.params);
}

void ClientSide::refuse_unknown(const Message& message) {
  // Both are asked by clients that want to find out what is spoken here, and mean no harm.
  const bool asking = message.method == "server/discover" || message.method == "ping";
  if (!asking) {
    (void)session_.refuse(Code::not_granted, std::string(message.method),
                          "this method is not known");
  }
  session_.to_client(error_line(message.id, method_not_found, "method not found"), message.id);
}

void ClientSide::dispatch(PendingPtr entry, const Method& method,
                          std::shared_ptr<json::Document> document, json::View params) {
  if (method.handling == Handling::call) {
    start(session_.shared_from_this(),
          session_.calls.tool_call(std::move(entry), std::move(document), params));
    return;
  }
  if (method.handling == Handling::action) {
    start(session_.shared_from_this(),
          session_.calls.action(std::move(entry), std::string(method.name), std::move(document),
                                params));
    return;
  }
  if (method.handling == Handling::tool_list) {
    const json::View cursor = params["cursor"];
    if (cursor.exists() && !cursor.is_string()) {
      session_.calls.settle(
          entry, {Reply::Kind::error, error_object(invalid_params, "`cursor` is not a text")});
      return;
    }
    start(session_.shared_from_this(),
          session_.lists.list_tools(std::move(entry),
                                    std::string(params.text("cursor").value_or(""))));
    return;
  }
  std::string forwarded;
  if (!session_.lists.cursor_params(params, forwarded)) {
    session_.calls.settle(
        entry, {Reply::Kind::error,
                error_object(invalid_params, "this cursor was not given by the server")});
    return;
  }
  if (!granted(session_.shown(), method.shown_by)) {
    session_.calls.settle(entry, {Reply::Kind::result, empty_list(method.member)});
    return;
  }
  start(session_.shared_from_this(), session_.lists.list(std::move(entry), method, forwarded));
}

void ClientSide::on_notification(const Message& message) {
  switch (client_notice(message.method)) {
    case ClientNotice::initialized:
      if (era == Era::stateful) session_.handshake.client_initialized();
      return;
    case ClientNotice::cancelled:
      on_cancelled(message.params);
      return;
    case ClientNotice::roots_changed:
      if (session_.handshake.server_era == Era::stateful &&
          granted(session_.shown(), "mcp:roots/list")) {
        session_.to_server(notification_line(message.method, {}));
      }
      return;
    case ClientNotice::unknown:
      (void)session_.gate.alerts.note(
          session_.spec.run, "notification dropped",
          "`" + escape_untrusted(message.method.substr(0, 64)) + "` of the client");
      return;
  }
}

void ClientSide::on_cancelled(json::View params) {
  const auto key = key_of_cancelled(params);
  const auto found = key ? session_.calls.pending.find(*key) : session_.calls.pending.end();
  if (found == session_.calls.pending.end()) return;
  const PendingPtr entry = found->second;
  const auto heard =
      std::ranges::find(session_.subscriptions.listening, entry->key, &Subscription::key);
  if (heard != session_.subscriptions.listening.end()) {
    const std::set<std::string> uris = std::move(heard->uris);
    session_.subscriptions.listening.erase(heard);
    session_.calls.pending.erase(found);
    for (const std::string& uri : uris) session_.subscriptions.unsubscribe(uri);
    return;
  }
  entry->gone = true;
  if (entry->caller != nullptr && entry->caller->on_gone) return entry->caller->on_gone();
  // A list has no caller in the gate: its server is told here.
  if (entry->caller != nullptr || entry->server_id == 0) return;
  session_.server.cancel(entry->server_id, "cancelled by the client");
}

bool ClientSide::on_stateless_request(const Message& message, const Method& method,
                                      std::shared_ptr<json::Document>& document) {
  if (era == Era::stateful) return false;
  const Envelope seen = read_envelope(message.params);
  if (era == Era::unknown && !seen.claimed && method.spoken != Spoken::stateless) return false;
  if (era == Era::unknown && method.handling == Handling::handshake) return false;
  if (!check_envelope(message, seen)) return true;
  if (is_task_request(message.method)) {
    session_.tasks.on_request(message);
    return true;
  }
  if (method.spoken == Spoken::stateful || method.handling == Handling::unknown) {
    refuse_unknown(message);
    return true;
  }
  // Asking what there is commits a client to nothing: it may still go on with `initialize`.
  if (method.handling != Handling::discover) era = Era::stateless;
  PendingPtr entry = session_.calls.add(message);
  if (!entry) {
    refuse_line(message.id, invalid_request, "too many requests are open");
    return true;
  }
  entry->stateless = true;
  entry->method = std::string(message.method);
  entry->offers = offers_of(seen.capabilities);
  entry->log_level = gravity(seen.log_level);
  entry->tasks = message.method == "tools/call" && declares_tasks(message.params);
  const bool cached = method.handling == Handling::list || method.handling == Handling::tool_list ||
                      method.handling == Handling::discover || message.method == "resources/read";
  entry->cached = cached ? Cached::yes : Cached::no;
  if (may_continue(message.method)) entry->params = without_meta(message.params, true);
  if (message.params["requestState"].exists() && !session_.continuations.redeem(entry, message))
    return true;
  if (session_.continuations.refuse_stray_answers(entry, message)) return true;
  start(session_.shared_from_this(),
        dispatch_opened(std::move(entry), method, std::move(document), message.params));
  return true;
}

bool ClientSide::check_envelope(const Message& message, const Envelope& seen) {
  if (message.method == "initialize") {
    // The connection speaks the stateless era by now, in which there is no such thing.
    const auto asked = message.params.text("protocolVersion").value_or("");
    session_.to_client(
        raw_error_line(message.id, unsupported_error(asked.substr(0, version_bytes_max))),
        message.id);
    return false;
  }
  if (!seen.version.empty() && !seen.supported) {
    session_.to_client(
        raw_error_line(message.id, unsupported_error(seen.version.substr(0, version_bytes_max))),
        message.id);
    return false;
  }
  if (seen.wrong.empty()) return true;
  session_.to_client(
      error_line(message.id, invalid_params, fmt::format("`_meta` lacks a valid `{}`", seen.wrong)),
      message.id);
  return false;
}

Task<void> ClientSide::dispatch_opened(PendingPtr entry, const Method& method,
                                       std::shared_ptr<json::Document> document,
                                       json::View params) {
  const auto self = session_.shared_from_this();
  const Envelope seen = read_envelope(params);
  const json::View can = session_.spec.shared ? everything_asked().root() : seen.capabilities;
  const Hello hello{newest_revision, can, seen.client};
  session_.restart.remember_hello(hello);
  const bool ready = co_await session_.handshake.ensure_open(true, hello);
  // What is to be told is that it came.
  const bool awaits = method.handling == Handling::listen && !session_.restart.ever_there;
  if (!ready && session_.server_gone && session_.spec.start_again && awaits)
    co_return co_await session_.subscriptions.listen(entry, params);
  if (!ready && session_.server_gone && session_.spec.start_again) {
    const bool call = method.handling == Handling::call;
    session_.restart.refuse_unavailable(
        entry, call ? called_tool(params) : std::string(method.name), call);
    co_return;
  }
  if (!ready) {
    session_.calls.settle(entry, session_.handshake.refusal());
    co_return;
  }
  if (session_.handshake.server_era == Era::stateless) {
    std::string own = envelope_for_server(seen.capabilities, seen.client, *session_.spec.policy,
                                          session_.spec.server);
    if (entry->log_level >= 0 && granted(session_.shown(), "mcp:logging/setLevel")) {
      own += fmt::format(R"(,"{}":"{}")", meta_log_level, seen.log_level);
    }
    entry->envelope = own == *session_.handshake.envelope
                          ? session_.handshake.envelope
                          : std::make_shared<const std::string>(std::move(own));
  }
  if (method.handling == Handling::discover) {
    session_.calls.settle(entry,
                          {Reply::Kind::result,
                           discover_result(session_.handshake.server_hello.root(), session_.shown(),
                                           session_.handshake.instructions_accepted())});
  } else if (method.handling == Handling::listen) {
    co_await session_.subscriptions.listen(entry, params);
  } else {
    dispatch(std::move(entry), method, std::move(document), params);
  }
}

}  // namespace pawl::mcp
