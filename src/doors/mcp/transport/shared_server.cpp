#include "doors/mcp/transport/shared_server.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/json_edit.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/unreadable.h"
#include "doors/mcp/transport/shared_server_impl.h"

namespace pawl::mcp {

SharedClient::SharedClient(std::shared_ptr<SharedProcess> p, std::uint64_t n, std::string c)
    : TransportOf(p->loop), process(std::move(p)), number(n), caller(std::move(c)) {}

void SharedClient::open(TransportEvents wanted) {
  events = std::move(wanted);
  if (!process->over) return;
  loop.post([self = shared_from_this()] { self->process->let_go(self); });
}

bool SharedClient::send(std::string message, std::string_view /*request*/) {
  return process->send(number, message, std::exchange(next_pass, nullptr));
}

void SharedClient::on_resume() {
  const auto self = shared_from_this();
  leaving ? process->let_go(self) : process->look_whether_over(self);
}

Task<bool> SharedClient::drained() {
  if (process->over) co_return false;
  co_return co_await process->program.transport->drained();
}

void SharedClient::finish_sending() {
  sending = false;
  process->look_whether_over(shared_from_this());
}

void SharedClient::stop_hearing() {
  hearing = false;
  sending = false;
  waiting.clear();
  process->leave(number);
}

SharedServer::SharedServer(net::Loop& loop, Program program,
                           std::function<void(const std::string&)> tell)
    : process_(std::make_shared<SharedProcess>(loop, std::move(program), std::move(tell))) {
  process_->open();
}

SharedServer::~SharedServer() {
  process_->over = true;
  if (process_->program.transport) process_->program.transport->stop_hearing();
  // In a later turn: one of its own events may be what brought us here.
  process_->loop.post(
      [program = std::make_shared<Program>(std::exchange(process_->program, {}))] {});
}

bool SharedServer::over() const {
  return process_->over;
}

std::size_t SharedServer::sessions() const {
  return process_->clients.size();
}

Result<std::unique_ptr<Transport>> SharedServer::attach(const std::shared_ptr<SharedServer>& server,
                                                        const std::string& caller) {
  auto client = server->process_->add(caller);
  PAWL_TRY(client);
  return TransportBase::handle(*std::move(client), server);
}

Result<SharedClientPtr> SharedProcess::add(const std::string& caller) {
  if (clients.size() >= sessions_of_a_process_max) {
    return fail(ErrorKind::environment, "too many sessions share its process");
  }
  const auto theirs = std::ranges::count_if(
      clients, [&caller](const auto& row) { return row.second->caller == caller; });
  if (!caller.empty() && static_cast<std::size_t>(theirs) >= sessions_of_one_caller_max) {
    return fail(ErrorKind::environment, "too many sessions of this caller share its process");
  }
  auto client = std::make_shared<SharedClient>(shared_from_this(), next_client++, caller);
  clients.emplace(client->number, client);
  return client;
}

void SharedProcess::open() {
  const std::weak_ptr<SharedProcess> self = weak_from_this();
  program.transport->open({
      .message =
          [self](std::string_view line) {
            if (auto process = self.lock()) process->said(line);
          },
      .too_long =
          [self](std::string_view head) {
            if (auto process = self.lock()) process->too_long(head);
          },
      .crowded =
          [self](bool full) {
            auto process = self.lock();
            if (!process) return;
            process->crowded = full;
            for (const auto& [number, client] : std::map(process->clients)) {
              if (client->hearing && client->events.crowded) client->events.crowded(full);
            }
          },
      .ended =
          [self] {
            if (auto process = self.lock()) process->ended();
          },
      .failed = {},
      .lost = {},
  });
}

SharedClientPtr SharedProcess::client_of(std::uint64_t number) const {
  const auto found = clients.find(number);
  return found == clients.end() ? nullptr : found->second;
}

// It ends for all that share it.
void SharedProcess::ended() {
  if (std::exchange(over, true)) return;
  const auto self = shared_from_this();
  loop.post([ended = std::make_shared<Program>(std::exchange(program, {}))] {});
  asked.clear();
  for (const auto& [number, client] : std::map(clients)) let_go(client);
}

// For this session the server has ended, once it has taken what was said before that.
void SharedProcess::let_go(const SharedClientPtr& client) {
  if (!client->hearing || client->told_end) return;
  client->sending = false;
  client->leaving = true;
  if (!client->waiting.empty()) return;
  client->told_end = true;
  if (client->events.ended) client->events.ended();
}

// What it had asked is no longer waited for; the server need not go on with that.
void SharedProcess::leave(std::uint64_t number) {
  const SharedClientPtr client = client_of(number);
  if (!client) return;
  clients.erase(number);
  std::erase_if(openers, [number](const auto& one) { return one.first == number; });
  std::erase_if(probers, [number](const auto& one) { return one.first == number; });
  if (over) return;
  // A server that does not answer the only probe must not leave the others waiting for it.
  give_up_probes(*client);
  go_on_opening();
  for (const auto& [id, ours] : client->asked) {
    asked[ours].client = 0;
    (void)program.transport->send(
        notification_line("notifications/cancelled", fmt::format(R"({{"requestId":{}}})", ours)),
        {});
  }
  for (const std::string& uri : client->uris) {
    const bool others = std::ranges::any_of(
        clients, [&uri](const auto& one) { return one.second->uris.contains(uri); });
    if (others) continue;
    json::Writer params;
    params.object().key("uri").string(uri).end();
    const std::uint64_t id = next_id++;
    asked[id] = {};
    (void)program.transport->send(request_line(id, "resources/unsubscribe", params.text()), {});
  }
}

void SharedProcess::deliver(const SharedClientPtr& client, std::string text) {
  if (!client->hearing || client->leaving) return;
  const bool waits = client->must_wait();
  client->TransportBase::deliver({.text = std::move(text)});
  if (!waits) return look_whether_over(client);
  if (client->waiting_bytes <= untaken_bytes_max) return;
  tell("a session takes nothing of what its shared server says, and is let go");
  client->waiting.clear();
  client->leaving = true;
  loop.post([self = shared_from_this(), client] { self->let_go(client); });
}

void SharedProcess::answer(std::uint64_t number, std::string line) {
  loop.post([weak = weak_from_this(), number, text = std::move(line)] {
    const auto self = weak.lock();
    const SharedClientPtr client = self ? self->client_of(number) : nullptr;
    if (client) self->deliver(client, text);
  });
}

// One that says nothing more and waits for nothing has seen the end of its server.
void SharedProcess::look_whether_over(const SharedClientPtr& client) {
  if (client->sending || !client->hearing || client->told_end) return;
  if (!client->asked.empty() || !client->waiting.empty()) return;
  loop.post([self = shared_from_this(), client] { self->let_go(client); });
}

namespace {

// Params with another progress token; the others keep their bytes.
std::string with_token(const Message& message, std::uint64_t token) {
  const json::View meta = message.params["_meta"];
  if (!meta["progressToken"].exists()) return std::string(message.params_text);
  json::Writer out;
  out.object();
  for (auto [key, value] : meta.members()) {
    out.key(key);
    key == "progressToken" ? out.natural(token) : out.value(value);
  }
  out.end();
  return replaced(message.params_text, message.params, {{"_meta", out.take()}});
}

// In no client's name: what one client can be asked for the others cannot.
std::string own_hello() {
  json::Writer out;
  out.object().key("protocolVersion").string(newest_revision);
  out.key("capabilities").object().end();
  out.key("clientInfo").object().key("name").string("pawl").key("version").string("1").end();
  out.end();
  return out.take();
}

}  // namespace

bool SharedProcess::send(std::uint64_t number, const std::string& message,
                         const std::shared_ptr<Pass>& pass) {
  const SharedClientPtr client = client_of(number);
  if (!client || !client->sending || over) return false;
  json::Document document;
  const auto read = read_message(message, Side::server, parser, document);
  if (!read) return false;
  switch (read->kind) {
    case MessageKind::request:
      if (pass && !pass->credential.empty()) {
        answer(number, error_line(read->id, refused_by_policy,
                                  "a shared server gets no credential; nothing was sent"));
      } else {
        ask(client, *read);
      }
      return true;
    case MessageKind::notification:
      if (read->method == "notifications/cancelled") cancel(client, read->params);
      if (read->method == "notifications/initialized" && !std::exchange(ready, true)) {
        return program.transport->send(notification_line(read->method, {}), {});
      }
      // Whatever else a client says of itself is not said for the others.
      return true;
    case MessageKind::result:
    case MessageKind::error:
      // It was asked nothing.
      return true;
  }
  return true;
}

void SharedProcess::ask(const SharedClientPtr& client, const Message& message) {
  if (client->asked.size() >= requests_of_a_session_max ||
      asked.size() >= requests_of_a_process_max) {
    return answer(client->number, error_line(message.id, refused_by_policy,
                                             "too many requests are open at the shared server"));
  }
  if (message.method == "initialize") return open_stateful(client, std::string(message.id));
  if (message.method == "server/discover") return discover(client, message);
  if (message.method == "logging/setLevel") {
    return answer(client->number, error_line(message.id, method_not_found,
                                             "a shared server has no level of its log"));
  }
  if (message.method == "resources/unsubscribe") return unsubscribe(client, message);
  AskedOfShared request;
  if (message.method == "resources/subscribe") {
    request.subscribes = message.params.text("uri").value_or("");
    if (client->uris.size() >= subscriptions_of_a_session_max) {
      return answer(client->number,
                    error_line(message.id, refused_by_policy, "too many subscriptions"));
    }
  }
  forward(client, message, std::move(request));
}

void SharedProcess::forward(const SharedClientPtr& client, const Message& message,
                            AskedOfShared request) {
  const std::uint64_t id = next_id++;
  request.client = client->number;
  request.id = std::string(message.id);
  const json::View token = message.params["_meta"]["progressToken"];
  if (token.exists()) request.token = json::write(token);
  client->asked[request.id] = id;
  asked.emplace(id, std::move(request));
  (void)program.transport->send(request_line(id, message.method, with_token(message, id)), {});
}

// Its own request, or none.
void SharedProcess::cancel(const SharedClientPtr& client, json::View params) {
  const json::View id = params["requestId"];
  const auto found = client->asked.find(id.exists() ? json::write(id) : std::string());
  if (found == client->asked.end()) return;
  json::Writer out;
  out.object().key("requestId").natural(found->second);
  if (const auto reason = params.text("reason")) out.key("reason").string(*reason);
  out.end();
  (void)program.transport->send(notification_line("notifications/cancelled", out.text()), {});
  // It need not be answered any more, and counts no longer; an answer still finds its way.
  client->asked.erase(found);
}

// The server goes on telling as long as one session listens.
void SharedProcess::unsubscribe(const SharedClientPtr& client, const Message& message) {
  const std::string uri(message.params.text("uri").value_or(""));
  client->uris.erase(uri);
  const bool others = std::ranges::any_of(
      clients, [&uri](const auto& one) { return one.second->uris.contains(uri); });
  if (others) return answer(client->number, result_line(message.id, "{}"));
  forward(client, message, {});
}

void SharedProcess::open_stateful(const SharedClientPtr& client, std::string id) {
  // The one that asks for the stateful era has given up asking for the newer one.
  give_up_probes(*client);
  switch (opening) {
    case Opening::stateful:
      return answer(client->number, result_line(id, hello));
    case Opening::stateless:
      return answer(client->number,
                    error_line(id, unsupported_version, "Unsupported protocol version",
                               R"({"supported":["2026-07-28"]})"));
    case Opening::probing:
    case Opening::under_way:
      openers.emplace_back(client->number, std::move(id));
      return;
    case Opening::closed:
      break;
  }
  openers.emplace_back(client->number, std::move(id));
  opening = Opening::under_way;
  opening_id = next_id++;
  (void)program.transport->send(request_line(opening_id, "initialize", own_hello()), {});
}

void SharedProcess::discover(const SharedClientPtr& client, const Message& message) {
  switch (opening) {
    case Opening::stateful:
      return answer(client->number, error_line(message.id, method_not_found, "method not found"));
    case Opening::under_way:
      probers.emplace_back(client->number, std::string(message.id));
      return;
    case Opening::stateless:
      return forward(client, message, {});
    case Opening::closed:
    case Opening::probing:
      break;
  }
  opening = Opening::probing;
  ++probes;
  AskedOfShared request;
  request.probes = true;
  forward(client, message, std::move(request));
}

// The answers to these are no longer waited for, and they decide nothing when they come.
void SharedProcess::give_up_probes(SharedClient& client) {
  for (auto& [ours, request] : asked) {
    if (request.client != client.number || !std::exchange(request.probes, false)) continue;
    client.asked.erase(request.id);
    request.client = 0;
    probe_over();
  }
}

void SharedProcess::probe_over() {
  --probes;
  if (opening == Opening::probing && probes == 0) opening = Opening::closed;
}

// The era is known, or is still to be found out: those who waited go on.
void SharedProcess::go_on_opening() {
  if (opening == Opening::probing || opening == Opening::under_way) return;
  auto waiting = std::exchange(openers, {});
  for (auto& [number, id] : waiting) {
    if (const SharedClientPtr client = client_of(number)) open_stateful(client, std::move(id));
  }
}

void SharedProcess::refuse_probes() {
  for (const auto& [number, id] : std::exchange(probers, {})) {
    answer(number, error_line(id, method_not_found, "method not found"));
  }
}

namespace {

constexpr std::size_t shown_method_bytes_max = 64;

// The line with another id in its place.
std::string renamed_line(std::string_view line, std::string_view old_id, std::string_view id) {
  const auto at = static_cast<std::size_t>(old_id.data() - line.data());
  std::string out(line.substr(0, at));
  out += id;
  out += line.substr(at + old_id.size());
  return out;
}

// What is told of a part of a resource is told to who subscribed to the whole.
bool part_of(std::string_view uri, std::string_view whole) {
  if (!uri.starts_with(whole)) return false;
  return uri.size() == whole.size() || whole.ends_with('/') || uri[whole.size()] == '/';
}

// What the server said of itself, without what it cannot do for several.
std::string shared_hello(const Message& message) {
  const json::View offered = message.result["capabilities"];
  json::Writer out;
  out.object();
  for (auto [name, value] : offered.members()) {
    if (name != "logging") out.key(name).value(value);
  }
  out.end();
  return replaced(message.result_text, message.result, {{"capabilities", out.take()}});
}

}  // namespace

void SharedProcess::said(std::string_view line) {
  if (over) return;
  const auto self = shared_from_this();
  json::Document document;
  std::string mended;
  const auto message = read_server_message(line, mended, parser, document);
  if (!message) return unreadable(line, message.error().message);
  switch (message->kind) {
    case MessageKind::request: {
      if (message->method == "ping") {
        (void)program.transport->send(result_line(message->id, "{}"), {});
        return;
      }
      (void)program.transport->send(error_line(message->id, method_not_found, "method not found"),
                                    {});
      tell(fmt::format("`{}` was refused: the session that it is for is not known",
                       escape_untrusted(message->method.substr(0, shown_method_bytes_max))));
      return;
    }
    case MessageKind::notification:
      return noticed(*message, line);
    case MessageKind::result:
    case MessageKind::error:
      return answered(*message, line);
  }
}

// The one that it names looks at it, and ends its request or makes something of it.
void SharedProcess::unreadable(std::string_view line, const std::string& why) {
  if (unheard++ == 0) tell("it sends what is not a message: " + why);
  const MeantFor meant = meant_for(line);
  for (std::string_view id : meant.ids) {
    if (meant.question) (void)program.transport->send(error_line(id, invalid_request, why), {});
  }
  if (!meant.answer) return;
  if (meant.ids.size() == 1) {
    Message none;
    none.kind = MessageKind::error;
    none.id = meant.ids.front();
    return answered(none, line);
  }
  for (std::string_view id : meant.ids) lost(id, cannot_be_read(why));
}

void SharedProcess::answered(const Message& message, std::string_view line) {
  const auto id = own_id(message.id);
  if (id && *id == opening_id && opening == Opening::under_way) return opened(message);
  const auto found = id ? asked.find(*id) : asked.end();
  if (found == asked.end()) return;
  const AskedOfShared request = std::move(found->second);
  asked.erase(found);
  const bool result = message.kind == MessageKind::result;
  if (request.probes) {
    // As a session reads it: there are stateful servers that answer what they do not know with
    // `{}`.
    const bool newer = result && !said_in_discover(message.result).empty();
    if (opening == Opening::probing && newer) opening = Opening::stateless;
    probe_over();
  }
  if (const SharedClientPtr client = client_of(request.client)) {
    client->asked.erase(request.id);
    if (result && !request.subscribes.empty()) client->uris.insert(request.subscribes);
    deliver(client, renamed_line(line, message.id, request.id));
  }
  go_on_opening();
}

void SharedProcess::opened(const Message& message) {
  const bool fine = message.kind == MessageKind::result && message.result.is_object();
  opening = fine ? Opening::stateful : Opening::closed;
  if (fine) hello = shared_hello(message);
  const std::string error = fine ? std::string() : std::string(message.error_text);
  const auto waiting = std::exchange(openers, {});
  for (const auto& [number, id] : waiting) {
    answer(number,
           fine ? result_line(id, hello)
                : raw_error_line(
                      id, error.empty() ? error_object(invalid_request, "no answer") : error));
  }
  refuse_probes();
}

void SharedProcess::noticed(const Message& message, std::string_view line) {
  switch (server_notice(message.method)) {
    case ServerNotice::progress: {
      const json::View token = message.params["progressToken"];
      const auto ours =
          token.is_integer() || token.is_string() ? own_id(json::write(token)) : std::nullopt;
      const auto found = ours ? asked.find(*ours) : asked.end();
      if (found == asked.end() || found->second.token.empty()) return;
      const SharedClientPtr client = client_of(found->second.client);
      if (!client) return;
      return deliver(client, notification_line(message.method,
                                               replaced(message.params_text, message.params,
                                                        {{"progressToken", found->second.token}})));
    }
    case ServerNotice::tools_changed:
    case ServerNotice::list_changed:
    case ServerNotice::acknowledged:
    case ServerNotice::resource_updated:
      return updated(message, line);
    case ServerNotice::message:
    case ServerNotice::elicitation_done:
    case ServerNotice::cancelled:
    case ServerNotice::unknown:
      if (unheard++ == 0) tell("a message without a receiver is not passed on");
      return;
  }
}

// In the stateless era it belongs to a subscription; in the stateful one, to all or to who
// subscribed.
void SharedProcess::updated(const Message& message, std::string_view line) {
  const json::View subscription = message.params["_meta"][meta_subscription];
  if (subscription.exists()) {
    const bool ours = subscription.is_integer() && subscription.integer() >= 0;
    const auto found = ours ? asked.find(subscription.natural()) : asked.end();
    const SharedClientPtr client = found == asked.end() ? nullptr : client_of(found->second.client);
    if (!client) return;
    return deliver(client, notification_line(message.method,
                                             with_subscription(message.params, found->second.id)));
  }
  const bool one = server_notice(message.method) == ServerNotice::resource_updated;
  const std::string uri(message.params.text("uri").value_or(""));
  const std::string text(line);
  for (const auto& [number, client] : std::map(clients)) {
    const bool heard = !one || std::ranges::any_of(client->uris, [&uri](const std::string& whole) {
      return part_of(uri, whole);
    });
    if (heard) deliver(client, text);
  }
}

void SharedProcess::too_long(std::string_view head) {
  const MeantFor meant = meant_for(head, OfLine::beginning);
  const std::string why = "its answer is too long";
  for (std::string_view id : meant.ids) {
    if (meant.answer) lost(id, why);
  }
  // Its id stands behind what is too long.
  const bool only = meant.answer && meant.ids.empty() && asked.size() == 1;
  if (only) lost(std::to_string(asked.begin()->first), why);
}

void SharedProcess::lost(std::string_view raw, const std::string& why) {
  const auto id = own_id(raw);
  if (id && *id == opening_id && opening == Opening::under_way) {
    Message none;
    none.kind = MessageKind::error;
    return opened(none);
  }
  const auto found = id ? asked.find(*id) : asked.end();
  if (found == asked.end()) return;
  const AskedOfShared request = std::move(found->second);
  asked.erase(found);
  if (request.probes) probe_over();
  if (const SharedClientPtr client = client_of(request.client)) {
    client->asked.erase(request.id);
    if (client->hearing && client->events.lost) client->events.lost(request.id, why);
  }
  go_on_opening();
}

}  // namespace pawl::mcp
