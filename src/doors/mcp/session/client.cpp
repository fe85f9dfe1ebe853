// What the client sends.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/response_filter.h"
#include "doors/mcp/session/session_impl.h"

namespace pawl::mcp {
namespace {

constexpr std::size_t kept_line_bytes_max = 64UL << 10;

}  // namespace

std::shared_ptr<json::Document> Session::Impl::document_for(std::string_view line) const {
  // A long message does not leave its memory behind.
  const bool free = client_document.use_count() == 1 && line.size() <= kept_line_bytes_max;
  return free ? client_document : std::make_shared<json::Document>();
}

void Session::Impl::client_line(std::string_view line) {
  if (closing) return;
  const ReadMessage* known = transports.client->already_read(line);
  auto document = known == nullptr ? document_for(line) : known->document;
  const Result<Message> message =
      known == nullptr ? read_message(line, Side::client, parser, *document) : known->message;
  if (!message) {
    const std::string id = id_of(line);
    refuse_line(id, invalid_request, message.error().message, method_of(line));
    // A refused answer still ends what waits for it.
    at_client->deliver(id, {Answer::Kind::lost, "its answer was ambiguous"});
    return;
  }
  switch (message->kind) {
    case MessageKind::request:
      client_request(*message, std::move(document));
      return;
    case MessageKind::notification:
      client_notification(*message);
      return;
    case MessageKind::result:
      at_client->deliver(message->id, {Answer::Kind::result, std::string(message->result_text)});
      return;
    case MessageKind::error:
      at_client->deliver(message->id, {Answer::Kind::error, std::string(message->error_text)});
      return;
  }
}

void Session::Impl::refuse_line(std::string_view id, int code, const std::string& what,
                                std::string_view method) {
  const Settled settled =
      refuse(Code::ambiguous_request, method.empty() ? "message" : std::string(method), what);
  if (method == "tools/call" && id != "null") {
    to_client(result_line(id, refused_result(settled)), id);
    return;
  }
  to_client(error_line(id, code, settled.text, settled.decision), id);
}

PendingPtr Session::Impl::pend(const Message& message) {
  auto entry = std::make_shared<Pending>();
  entry->id = std::string(message.id);
  const json::View token = message.params["_meta"]["progressToken"];
  if (token.is_string() || token.is_integer()) entry->token = json::write(token);
  entry->key = key_of(message.id);
  if (pending.size() >= requests_open_max || !pending.emplace(entry->key, entry).second) {
    return nullptr;
  }
  return entry;
}

void Session::Impl::settle(const PendingPtr& entry, Reply reply) {
  by_server_id.erase(entry->server_id);
  in_flight.erase(entry->server_id);
  if (entry->task) return end_task(entry->task, std::move(reply));
  if (entry->parked) {
    // The client will come back for it; nobody answers questions of a call that is over.
    entry->over = true;
    entry->kept = std::move(reply);
    return withdraw_questions(*entry, "the call is over");
  }
  pending.erase(entry->key);
  if (!entry->questions.empty()) withdraw_questions(*entry, "the call is over");
  if (!entry->gone) answer(*entry, reply);
}

namespace {

// A call that failed because its server asked what the client never said it could do ends as the
// modern era has it; where the server could do without, its result stands.
bool failed_without(const Pending& entry, const Reply& reply) {
  if (!entry.modern || entry.lacks.empty()) return false;
  if (reply.kind != Reply::Kind::result) return reply.kind == Reply::Kind::error;
  const auto document = json::parse(reply.text);
  if (!document || document->root()["_meta"]["pawl/decision"].exists()) return false;
  const json::View failed = document->root()["isError"];
  return failed.kind() == json::Kind::boolean && failed.boolean();
}

}  // namespace

void Session::Impl::answer(const Pending& entry, const Reply& reply) {
  if (failed_without(entry, reply)) {
    const std::string needed = R"({"requiredCapabilities":)" + entry.lacks + '}';
    const std::string error =
        error_object(missing_capability, "the tool server asks what this client cannot do", needed);
    return to_client(raw_error_line(entry.id, error), entry.id);
  }
  switch (reply.kind) {
    case Reply::Kind::none:
      return;
    case Reply::Kind::result:
      if (!entry.modern) return to_client(result_line(entry.id, reply.text), entry.id);
      return to_client(result_line(entry.id, result_for_modern(reply.text, entry.cached)),
                       entry.id);
    case Reply::Kind::error:
      if (!entry.modern) return to_client(raw_error_line(entry.id, reply.text), entry.id);
      return to_client(raw_error_line(entry.id, error_for_modern(reply.text)), entry.id);
  }
}

void Session::Impl::client_request(const Message& message,
                                   std::shared_ptr<json::Document> document) {
  const Method& method = client_method(message.method);
  if (pending.contains(key_of(message.id))) {
    // An answer with this id would end the call that has it: this one is answered without an id.
    refuse_line(
        "null", invalid_request,
        "a request with the id " + escape_untrusted(message.id.substr(0, 64)) + " is still open",
        message.method == "tools/call" ? std::string_view("tools/call") : "message");
    return;
  }
  if (modern_request(message, method, document)) return;
  if (method.spoken == Spoken::modern || method.handling == Handling::unknown) {
    return refuse_unknown(message);
  }
  if (method.handling == Handling::here) {
    to_client(result_line(message.id, "{}"), message.id);
    return;
  }
  if (method.handling == Handling::task && client_era == Era::stateful)
    return task_request(message);
  if (method.handling == Handling::handshake) {
    if (std::exchange(client_era, Era::stateful) == Era::stateful) {
      to_client(error_line(message.id, invalid_request, "`initialize` was sent before"),
                message.id);
      return;
    }
    start(shared_from_this(),
          initialize(std::string(message.id), std::move(document), message.params));
    return;
  }
  if (client_era != Era::stateful) {
    to_client(error_line(message.id, invalid_request, "`initialize` comes first"), message.id);
    return;
  }
  PendingPtr entry = pend(message);
  if (!entry) {
    refuse_line(message.id, invalid_request, "too many requests are open");
    return;
  }
  dispatch(std::move(entry), method, std::move(document), message.params);
}

void Session::Impl::refuse_unknown(const Message& message) {
  // Both are asked by clients that want to find out what is spoken here, and mean no harm.
  const bool asking = message.method == "server/discover" || message.method == "ping";
  if (!asking) {
    (void)refuse(Code::not_granted, std::string(message.method), "this method is not known");
  }
  to_client(error_line(message.id, method_not_found, "method not found"), message.id);
}

void Session::Impl::dispatch(PendingPtr entry, const Method& method,
                             std::shared_ptr<json::Document> document, json::View params) {
  if (method.handling == Handling::call) {
    start(shared_from_this(), tool_call(std::move(entry), std::move(document), params));
    return;
  }
  if (method.handling == Handling::action) {
    start(shared_from_this(),
          action(std::move(entry), std::string(method.name), std::move(document), params));
    return;
  }
  if (method.handling == Handling::tool_list) {
    const json::View cursor = params["cursor"];
    if (cursor.exists() && !cursor.is_string()) {
      settle(entry, {Reply::Kind::error, error_object(invalid_params, "`cursor` is not a text")});
      return;
    }
    start(shared_from_this(),
          list_tools(std::move(entry), std::string(params.text("cursor").value_or(""))));
    return;
  }
  std::string forwarded;
  if (!list_params(params, forwarded)) {
    settle(entry, {Reply::Kind::error,
                   error_object(invalid_params, "this cursor was not given by the server")});
    return;
  }
  if (!granted(shown(), method.shown_by)) {
    settle(entry, {Reply::Kind::result, empty_list(method.member)});
    return;
  }
  start(shared_from_this(), list(std::move(entry), method, forwarded));
}

void Session::Impl::client_notification(const Message& message) {
  switch (client_notice(message.method)) {
    case ClientNotice::initialized:
      if (client_era == Era::stateful) initialized_by_client();
      return;
    case ClientNotice::cancelled:
      cancel_of_client(message.params);
      return;
    case ClientNotice::roots_changed:
      if (server_era == Era::stateful && granted(shown(), "mcp:roots/list")) {
        to_server(notification_line(message.method, {}));
      }
      return;
    case ClientNotice::unknown:
      (void)gate.note(spec.run, "notification dropped",
                      "`" + escape_untrusted(message.method.substr(0, 64)) + "` of the client");
      return;
  }
}

void Session::Impl::initialized_by_client() {
  if (std::exchange(initialized, true)) return;
  if (server_era != Era::stateless) to_server(notification_line("notifications/initialized", {}));
  if (has_tools) start(shared_from_this(), reload(false));
}

void Session::Impl::cancel_of_client(json::View params) {
  const auto key = key_of_cancelled(params);
  const auto found = key ? pending.find(*key) : pending.end();
  if (found == pending.end()) return;
  const PendingPtr entry = found->second;
  const auto heard = std::ranges::find(subscriptions, entry->key, &Subscription::key);
  if (heard != subscriptions.end()) {
    const std::set<std::string> uris = std::move(heard->uris);
    subscriptions.erase(heard);
    pending.erase(found);
    for (const std::string& uri : uris) unsubscribe_at_server(uri);
    return;
  }
  entry->gone = true;
  if (entry->caller != nullptr && entry->caller->on_gone) return entry->caller->on_gone();
  // A list has no caller in the gate: its server is told here.
  if (entry->caller != nullptr || entry->server_id == 0) return;
  cancel_at_server(entry->server_id, "cancelled by the client");
}

Task<void> Session::Impl::initialize(std::string id, std::shared_ptr<json::Document> document,
                                     json::View params) {
  const Hello hello = hello_of(params);
  offers = offers_of(hello.capabilities);
  remember(hello);
  const bool ready = co_await open_server(false, hello);
  const std::string_view revision = hello.revision;  // a name of the table, not of the document
  document.reset();
  if (!ready) {
    to_client(raw_error_line(id, refusal_of_server().text), id);
    co_return;
  }
  const bool own = server_era == Era::stateless || spec.one_for_all;
  const std::string_view spoken = own ? revision : std::string_view();
  to_client(result_line(id, initialize_result(said.root(), shown(), with_instructions(), spoken)),
            id);
}

bool Session::Impl::list_params(json::View params, std::string& out) const {
  const json::View cursor = params["cursor"];
  if (!cursor.exists()) return true;
  if (!cursor.is_string()) return false;
  std::string_view known = cursor.string();
  const std::string given(known);
  if (!cursors.contains(given)) {
    // Under a scope the client got it under a name of ours.
    const auto named = cursor_names.find(given);
    if (named == cursor_names.end()) return false;
    known = named->second;
  }
  json::Writer writer;
  writer.object().key("cursor").string(known).end();
  out = writer.take();
  return true;
}

void Session::Impl::remember_cursor(json::View result) {
  const auto next = result.text("nextCursor");
  if (!next) return;
  if (cursors.size() < list_pages_max) cursors.emplace(*next);
  const auto known = cursors.find(std::string(*next));
  if (known == cursors.end() || !scoped_here()) return;
  cursor_names.insert_or_assign(cursor_under_scope(*next), std::string_view(*known));
}

Task<void> Session::Impl::list_tools(PendingPtr entry, std::string cursor) {
  const auto self = shared_from_this();
  if (server_gone && !co_await server_there()) co_return refuse_absent(entry, "tools/list", false);
  if (!has_tools) {
    settle(entry,
           {Reply::Kind::error, error_object(method_not_found, "the tool server has no tools")});
    co_return;
  }
  if (!co_await shelf_ready()) {
    const std::string why_not =
        list_refusal.empty()
            ? error_object(invalid_request, "the tool server did not say which tools it has")
            : list_refusal;
    settle(entry, {Reply::Kind::error, scoped_here() ? error_under_scope(why_not) : why_not});
    co_return;
  }
  const auto from = catalog.place_of(cursor);
  if (!from) {
    settle(entry,
           {Reply::Kind::error, error_object(invalid_params,
                                             "this cursor was not given by pawl, or the tools "
                                             "are others since")});
    co_return;
  }
  ToolsPage page = tools_page(shown(), catalog, *from);
  if (page.reserved) note_first(reserved_topic, reserved_text);
  settle(entry, {Reply::Kind::result, std::move(page.text)});
}

Task<void> Session::Impl::list(PendingPtr entry, const Method& method, std::string params) {
  const auto self = shared_from_this();
  if (server_gone && !co_await server_there()) {
    co_return refuse_absent(entry, std::string(method.name), false);
  }
  const bool own = entry->envelope != nullptr;
  auto ticket =
      at_server->send(method.name, own ? with_meta(params.empty() ? "{}" : params, *entry->envelope)
                                       : for_server(params));
  entry->server_id = ticket.id;
  const net::Timer patience = answered_within(ticket.id, listed_within);
  Answer answer = co_await ticket.answer;
  if (answer.kind == Answer::Kind::error) {
    settle(entry, {Reply::Kind::error,
                   scoped_here() ? error_under_scope(answer.text) : std::move(answer.text)});
    co_return;
  }
  if (std::string clean = without_reserved(answer.text); !clean.empty()) {
    note_reserved();
    answer.text = std::move(clean);
  }
  const auto result =
      json::parse(answer.kind == Answer::Kind::result ? answer.text : "", as_it_came);
  const bool modern = server_era == Era::stateless;
  const bool listed = result && result->root().is_object() &&
                      (!modern || from_modern(answer.text).kind == FromModern::Kind::complete);
  if (!listed) {
    const bool lost = answer.kind == Answer::Kind::lost || !result;
    settle(entry, {Reply::Kind::error,
                   error_object(invalid_request, lost ? "the tool server did not answer"
                                                      : "the tool server's answer is not a list")});
    co_return;
  }
  remember_cursor(result->root());
  // Written anew from what was read: what else the server said beside it, nobody has looked at.
  settle(entry, {Reply::Kind::result, list_said(result->root(), method.member, scoped_here())});
}

}  // namespace pawl::mcp
