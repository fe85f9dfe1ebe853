// What the server sends.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/response_filter.h"
#include "doors/mcp/protocol/unreadable.h"
#include "doors/mcp/session/server_requests.h"
#include "doors/mcp/session/session_impl.h"
#include "kernel/redact/scope.h"

namespace pawl::mcp {

void Session::Impl::server_line(std::string_view line) {
  if (closed) return;
  std::string mended;
  const Result<Message> message = read_said(line, mended, parser, server_document);
  if (!message) return unreadable(line, message.error().message);
  switch (message->kind) {
    case MessageKind::request:
      server_request_arrived(*message, std::make_shared<json::Document>(server_document));
      return;
    case MessageKind::notification:
      server_notification(*message);
      return;
    case MessageKind::result:
    case MessageKind::error: {
      const bool result = message->kind == MessageKind::result;
      Answer answer{
          result ? Answer::Kind::result : Answer::Kind::error,
          result ? result_of_server(*message) : error_of_server(std::string(message->error_text))};
      const bool waited = at_server->deliver(message->id, std::move(answer));
      if (!waited && spend_notice()) {
        (void)gate.note(spec.run, "answer dropped", "nobody waits for an answer with its id");
      }
      return;
    }
  }
}

// Not a message: servers print to the wrong stream. Kept for people, never passed on; whoever it
// was meant for hears that there is no answer.
void Session::Impl::unreadable(std::string_view line, const std::string& reason) {
  const MeantFor meant = meant_for(line);
  const bool lists = meant.answer && meant.ids.size() == 1 &&
                     at_server->method_of(meant.ids.front()) == "tools/list";
  if (const auto shortened = lists ? without_deep_tools(line) : std::nullopt) {
    for (const std::string& name : shortened->left_out) {
      note_first("tool left out", fmt::format("`{}`: it is {}", name, reason));
    }
    return server_line(shortened->line);
  }
  if (spend_notice()) (void)gate.note(spec.run, "server line dropped", reason);
  for (std::string_view id : meant.ids) {
    if (meant.question) to_server(error_line(id, invalid_request, reason));
  }
  at_server->lose(meant, cannot_be_read(reason));
}

net::Timer Session::Impl::answered_within(std::uint64_t id, Duration most) {
  const Duration within = std::min(most, spec.call_deadline);
  return loop.after(within, [self = weak_from_this(), id] {
    const auto room = self.lock();
    if (!room) return;
    const std::string in_time = "the tool server did not answer in time";
    // The protocol has no end for `initialize` but its answer.
    const bool opens = room->at_server->method_of(std::to_string(id)) == "initialize";
    if (!opens) room->cancel_at_server(id, in_time);
    // Last: whoever waits goes on inside.
    room->at_server->give_up(id, in_time);
  });
}

std::string Session::Impl::result_of_server(const Message& message) {
  std::string plain = without_lookalikes(message.result);
  if (plain.empty()) return std::string(message.result_text);
  note_first("member of a result dropped", "its name is one of the protocol's but for its case");
  return plain;
}

std::string Session::Impl::error_of_server(std::string text) {
  ErrorSaid passed = error_said(text);
  if (passed.forged && spend_notice()) {
    (void)gate.note(spec.run, "error shortened",
                    "the server said in it what only pawl may, or asked for an address");
  }
  return passed.text.empty() ? text : std::move(passed.text);
}

bool Session::Impl::spend_notice() {
  if (!notice_timer.pending()) {
    notices_left = notices_per_second_max;
    std::weak_ptr<Impl> self = weak_from_this();
    notice_timer = loop.after(Duration::seconds(1), [self] {
      auto room = self.lock();
      if (!room || room->notices_dropped == 0) return;
      const auto count = std::exchange(room->notices_dropped, 0);
      (void)room->gate.note(room->spec.run, "notifications dropped",
                            fmt::format("{} within a second", count));
    });
  }
  if (notices_left == 0) {
    ++notices_dropped;
    return false;
  }
  --notices_left;
  return true;
}

// What a server writes in words of its own, at any time, may hold what one of its tools found.
bool Session::Impl::scoped_here() const {
  for (const ToolRule& entry : spec.policy->tools) {
    if (!entry.scope) continue;
    for (const std::string& name : entry.names) {
      const std::size_t slash = name.find('/');
      const bool any = slash == std::string::npos || name.starts_with("mcp:");
      if (any || glob_match(fold(name.substr(0, slash)), fold(spec.server))) return true;
    }
  }
  return false;
}

bool Session::Impl::withholds(const Pending& entry) const {
  if (entry.scoped) return true;
  const auto now = gate.policy_of(spec.run);
  const bool decided = now && !entry.action.empty();
  const ToolRule* rule = decided ? now->find(spec.server, entry.action) : nullptr;
  return rule != nullptr && rule->scope != nullptr;
}

void Session::Impl::server_request_arrived(const Message& message,
                                           std::shared_ptr<json::Document> document) {
  switch (server_request(message.method)) {
    case ServerAsks::ping:
      to_server(result_line(message.id, "{}"));
      return;
    case ServerAsks::decide_before:
    case ServerAsks::decide_answer: {
      // A modern server asks in its results, and not with requests.
      if (server_era == Era::stateless) break;
      const json::View params = document->root()["params"];
      const PendingPtr about = belongs_to(params);
      const bool may = granted(shown(), "mcp:" + std::string(message.method)) &&
                       !asks_for_secret(params) && !speaks_past_scope(message.method);
      // A client of the older era has this session for itself, and can be asked at any time.
      const bool reached =
          about ? carries(*about, message.method, params) : client_era != Era::stateless;
      if (may && reached && asked_client.size() < asked_client_max) {
        start(shared_from_this(), ask_client(about, std::string(message.id),
                                             std::string(message.method), document, params));
        return;
      }
      if (spend_notice()) {
        const bool which = may && !about && in_flight.size() > 1;
        (void)gate.note(spec.run, "server request refused",
                        which ? fmt::format("{}: which of several calls it belongs to, nobody says",
                                            message.method)
                              : std::string(message.method));
      }
      break;
    }
    case ServerAsks::unknown:
      break;
  }
  to_server(error_line(message.id, method_not_found, "method not found"));
}

void Session::Impl::server_notification(const Message& message) {
  const ServerNotice notice = server_notice(message.method);
  if (!spend_notice()) {
    // A change must never be missed, however fast it is announced.
    if (notice == ServerNotice::tools_changed) start(shared_from_this(), reload(false));
    return;
  }
  switch (notice) {
    case ServerNotice::progress:
      return server_progress(message.params);
    case ServerNotice::message:
      return server_log(message);
    case ServerNotice::tools_changed:
      start(shared_from_this(), reload(true));
      return;
    case ServerNotice::list_changed:
      announce(message.method);
      return;
    case ServerNotice::acknowledged:
      return server_acknowledged(message.params);
    case ServerNotice::resource_updated:
      return resource_updated(message.params);
    case ServerNotice::elicitation_done:
      return server_elicited(message.params);
    case ServerNotice::cancelled: {
      const json::View id = message.params["requestId"];
      if (!id.is_string() && !id.is_integer()) return;
      const auto found = asked_client.find(json::write(id));
      if (found == asked_client.end()) return;
      if (client_era == Era::stateless) return withdraw_question(found->first);
      to_client(notification_line("notifications/cancelled",
                                  fmt::format(R"({{"requestId":{}}})", found->second)));
      return;
    }
    case ServerNotice::unknown:
      (void)gate.note(spec.run, "notification dropped",
                      "`" + escape_untrusted(message.method.substr(0, 64)) + "` of the server");
      return;
  }
}

void Session::Impl::server_progress(json::View params) {
  const json::View token = params["progressToken"];
  const auto named =
      token.is_integer() || token.is_string() ? own_id(json::write(token)) : std::nullopt;
  const auto found = named ? by_server_id.find(*named) : by_server_id.end();
  if (found == by_server_id.end()) return;
  Pending& entry = *found->second;
  const json::View progress = params["progress"];
  // Nothing is said of a request that was answered with a continuation.
  if (entry.token.empty() || entry.gone || entry.parked || !progress.is_number()) return;
  // A number holds as much as words do: under a scope it only counts.
  const bool scoped = withholds(entry);
  const double value =
      scoped ? std::max(entry.last_progress, 0.0) + 1 : progress.number() + entry.shift;
  if (value <= entry.last_progress) return;
  entry.last_progress = value;
  std::string text = R"({"progressToken":)" + entry.token + R"(,"progress":)";
  json::write_number(value, text);
  if (params["total"].is_number() && !scoped) {
    text += R"(,"total":)";
    json::write_number(params["total"].number() + entry.shift, text);
  }
  if (const auto words = params.text("message")) {
    text += R"(,"message":)";
    json::write_string(scoped ? withheld_notice() : std::string(*words), text);
  }
  text += '}';
  to_client(notification_line("notifications/progress", text), entry.id);
}

// A modern client hears what one of its open requests asked to hear, as part of that request: the
// oldest, where there are several.
PendingPtr Session::Impl::hears_log(std::string_view level) const {
  const int grave = gravity(level);
  const PendingPtr about = belongs_to({});
  const auto hears = [grave](const Pending& one) {
    return !one.gone && !one.parked && one.log_level >= 0 && grave >= one.log_level;
  };
  if (about) return hears(*about) ? about : nullptr;
  for (const auto& [id, entry] : in_flight) {
    if (hears(*entry)) return entry;
  }
  return nullptr;
}

void Session::Impl::server_log(const Message& message) {
  const std::string said_to_all = log_said(message.params, scoped_here());
  if (said_to_all.empty()) {
    note_first("notification dropped",
               "a log message of the server has no level that the protocol knows");
    return;
  }
  const PendingPtr hearer =
      client_era == Era::stateless ? hears_log(message.params.text("level").value_or("")) : nullptr;
  if (client_era == Era::stateless && !hearer) return;
  const std::string_view request = hearer ? std::string_view(hearer->id) : std::string_view();
  const std::string clean = without_reserved(said_to_all);
  if (!clean.empty()) note_first(reserved_topic, reserved_text);
  to_client(notification_line(message.method, clean.empty() ? said_to_all : clean), request);
}

void Session::Impl::note_reserved() {
  (void)gate.note(spec.run, reserved_topic, reserved_text);
}

void Session::Impl::note_first(const std::string& topic, const std::string& text) {
  if (noted_first[{topic, text}]++ == 0) (void)gate.note(spec.run, topic, text);
}

void Session::Impl::note_counted() {
  for (const auto& [note, count] : noted_first) {
    if (count < 2) continue;
    (void)gate.note(spec.run, note.first, fmt::format("{} more: {}", count - 1, note.second));
  }
}

// A client hears the end of what it was shown, in its own session, and once.
void Session::Impl::server_elicited(json::View params) {
  const auto id = params.text("elicitationId");
  if (!id || addresses_shown.erase(std::string(*id)) == 0) {
    note_first("notification dropped",
               "the server told of the end of what this client was not shown");
    return;
  }
  if (client_era == Era::stateless || scoped_here()) return;
  if (!granted(shown(), "mcp:elicitation/create")) return;
  json::Writer told;
  told.object().key("elicitationId").string(*id).end();
  to_client(notification_line("notifications/elicitation/complete", told.text()));
}

Task<bool> Session::Impl::shelf_ready() {
  if (!has_tools || server_gone) co_return catalog.read();
  if (catalog.read() && !reloading) co_return true;
  Completion<bool> ready;
  waiting_for_shelf.push_back(ready);
  if (!reloading) start(shared_from_this(), reload(false));
  co_return co_await ready;
}

Task<void> Session::Impl::reload(bool tell) {
  if (reloading) {
    reload_again = true;
    co_return;
  }
  reloading = true;
  do {
    reload_again = false;
    if (loop.now().ns - opened.ns > first_use_within.ns) catalog.met();
    catalog.begin();
    std::string params;
    bool complete = false;
    list_refusal.clear();
    for (std::size_t page = 0; page < list_pages_max && !complete; ++page) {
      auto ticket = at_server->send("tools/list", for_server(params));
      const net::Timer patience = answered_within(ticket.id, listed_within);
      const Answer answer = co_await ticket.answer;
      if (answer.kind == Answer::Kind::error) list_refusal = answer.text;
      const auto result =
          json::parse(answer.kind == Answer::Kind::result ? answer.text : "", as_it_came);
      if (!result || !catalog.add_page(result->root())) break;
      const auto next = result->root().text("nextCursor");
      complete = !next;
      if (next) {
        json::Writer cursor;
        cursor.object().key("cursor").string(*next).end();
        params = cursor.take();
      }
    }
    // An incomplete reading shows nothing: a list that was cut is not a list that was compared. Who
    // asks next has it read again.
    complete ? catalog.finish() : catalog.forget();
    if (reload_again) co_await loop.sleep(reload_interval_min);
  } while (reload_again && !server_gone);
  reloading = false;
  if (tell) announce("notifications/tools/list_changed");
  for (auto& waiting : std::exchange(waiting_for_shelf, {})) waiting.deliver(catalog.read());
}

}  // namespace pawl::mcp
