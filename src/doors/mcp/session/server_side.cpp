#include "doors/mcp/session/server_side.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/response_filter.h"
#include "doors/mcp/protocol/unreadable.h"
#include "doors/mcp/session/session_impl.h"
#include "gate/gate.h"
#include "kernel/policy/policy.h"
#include "kernel/redact/scope.h"

namespace pawl::mcp {

void ServerSide::receive(std::string_view line) {
  if (session_.closed) return;
  std::string mended;
  const Result<Message> message =
      read_server_message(line, mended, session_.parser, server_document_);
  if (!message) return on_unreadable(line, message.error().message);
  switch (message->kind) {
    case MessageKind::request:
      on_request(*message, std::make_shared<json::Document>(server_document_));
      return;
    case MessageKind::notification:
      on_notification(*message);
      return;
    case MessageKind::result:
    case MessageKind::error: {
      const bool result = message->kind == MessageKind::result;
      Answer answer{
          result ? Answer::Kind::result : Answer::Kind::error,
          result ? filtered_result(*message) : filtered_error(std::string(message->error_text))};
      const bool waited = session_.server_requests->deliver(message->id, std::move(answer));
      if (!waited && spend_notice()) {
        (void)session_.gate.alerts.note(session_.spec.run, "answer dropped",
                                        "no request with its id is open");
      }
      return;
    }
  }
}

// Not a message: servers print to the wrong stream. Kept for people, never passed on; the request
// that it was meant for hears that there is no answer.
void ServerSide::on_unreadable(std::string_view line, const std::string& reason) {
  const MeantFor meant = meant_for(line);
  const bool lists = meant.answer && meant.ids.size() == 1 &&
                     session_.server_requests->method_of(meant.ids.front()) == "tools/list";
  if (const auto shortened = lists ? without_deep_tools(line) : std::nullopt) {
    for (const std::string& name : shortened->left_out) {
      note_first("tool left out", fmt::format("`{}`: it is {}", name, reason));
    }
    return receive(shortened->line);
  }
  if (spend_notice())
    (void)session_.gate.alerts.note(session_.spec.run, "server line dropped", reason);
  for (std::string_view id : meant.ids) {
    if (meant.question) session_.to_server(error_line(id, invalid_request, reason));
  }
  session_.server_requests->lose(meant, cannot_be_read(reason));
}

net::Timer ServerSide::answered_within(std::uint64_t id, Duration most) {
  const Duration within = std::min(most, session_.spec.call_deadline);
  return session_.loop.after(within, [self = session_.weak_from_this(), id] {
    const auto session = self.lock();
    if (!session) return;
    const std::string in_time = "the tool server did not answer in time";
    // The protocol has no end for `initialize` but its answer.
    const bool opens = session->server_requests->method_of(std::to_string(id)) == "initialize";
    if (!opens) session->server.cancel(id, in_time);
    // Last: the call that waits goes on inside.
    session->server_requests->give_up(id, in_time);
  });
}

std::string ServerSide::filtered_result(const Message& message) {
  std::string plain = without_lookalikes(message.result);
  if (plain.empty()) return std::string(message.result_text);
  note_first("member of a result dropped", "its name is one of the protocol's but for its case");
  return plain;
}

std::string ServerSide::filtered_error(std::string text) {
  FilteredError passed = filter_error(text);
  if (passed.forged && spend_notice()) {
    (void)session_.gate.alerts.note(
        session_.spec.run, "error shortened",
        "the server said in it what only pawl may, or asked for an address");
  }
  return passed.text.empty() ? text : std::move(passed.text);
}

bool ServerSide::spend_notice() {
  if (!notice_timer_.pending()) {
    notices_left_ = notices_per_second_max;
    std::weak_ptr<Session::Impl> self = session_.weak_from_this();
    notice_timer_ = session_.loop.after(Duration::seconds(1), [self] {
      auto session = self.lock();
      if (!session || session->server.notices_dropped_ == 0) return;
      const auto count = std::exchange(session->server.notices_dropped_, 0);
      (void)session->gate.alerts.note(session->spec.run, "notifications dropped",
                                      fmt::format("{} within a second", count));
    });
  }
  if (notices_left_ == 0) {
    ++notices_dropped_;
    return false;
  }
  --notices_left_;
  return true;
}

// What a server writes in words of its own, at any time, may hold what one of its tools found.
bool ServerSide::scoped() const {
  for (const ToolRule& entry : session_.spec.policy->tools) {
    if (!entry.scope) continue;
    for (const std::string& name : entry.names) {
      const std::size_t slash = name.find('/');
      const bool any = slash == std::string::npos || name.starts_with("mcp:");
      if (any || glob_match(fold(name.substr(0, slash)), fold(session_.spec.server))) return true;
    }
  }
  return false;
}

void ServerSide::on_request(const Message& message, std::shared_ptr<json::Document> document) {
  switch (server_request(message.method)) {
    case ServerAsks::ping:
      session_.to_server(result_line(message.id, "{}"));
      return;
    case ServerAsks::decide_before:
    case ServerAsks::decide_answer: {
      // A stateless server asks in its results, and not with requests.
      if (session_.handshake.server_era == Era::stateless) break;
      const json::View params = document->root()["params"];
      const PendingPtr about = session_.elicitation.call_of(params);
      const bool may = granted(session_.shown(), "mcp:" + std::string(message.method)) &&
                       !asks_for_secret(params) &&
                       !session_.elicitation.exceeds_scope(message.method);
      // A client of the stateful era has this session for itself, and can be asked at any time.
      const bool reached = about ? session_.elicitation.can_ask_in(*about, message.method, params)
                                 : session_.client.era != Era::stateless;
      if (may && reached && session_.elicitation.asked_client.size() < asked_client_max) {
        start(session_.shared_from_this(),
              session_.elicitation.handle_request(about, std::string(message.id),
                                                  std::string(message.method), document, params));
        return;
      }
      if (spend_notice()) {
        const bool which = may && !about && session_.calls.in_flight.size() > 1;
        (void)session_.gate.alerts.note(
            session_.spec.run, "server request refused",
            which ? fmt::format("{}: it does not say to which of several calls it belongs",
                                message.method)
                  : std::string(message.method));
      }
      break;
    }
    case ServerAsks::unknown:
      break;
  }
  session_.to_server(error_line(message.id, method_not_found, "method not found"));
}

void ServerSide::on_notification(const Message& message) {
  const ServerNotice notice = server_notice(message.method);
  if (!spend_notice()) {
    // A change must never be missed, however fast it is announced.
    if (notice == ServerNotice::tools_changed)
      start(session_.shared_from_this(), session_.lists.reload_tools(false));
    return;
  }
  switch (notice) {
    case ServerNotice::progress:
      return on_progress(message.params);
    case ServerNotice::message:
      return on_log(message);
    case ServerNotice::tools_changed:
      start(session_.shared_from_this(), session_.lists.reload_tools(true));
      return;
    case ServerNotice::list_changed:
      session_.subscriptions.announce(message.method);
      return;
    case ServerNotice::acknowledged:
      return session_.subscriptions.on_acknowledged(message.params);
    case ServerNotice::resource_updated:
      return session_.subscriptions.on_updated(message.params);
    case ServerNotice::elicitation_done:
      return session_.elicitation.on_elicitation_complete(message.params);
    case ServerNotice::cancelled: {
      const json::View id = message.params["requestId"];
      if (!id.is_string() && !id.is_integer()) return;
      const auto found = session_.elicitation.asked_client.find(json::write(id));
      if (found == session_.elicitation.asked_client.end()) return;
      if (session_.client.era == Era::stateless) return session_.elicitation.withdraw(found->first);
      session_.to_client(notification_line("notifications/cancelled",
                                           fmt::format(R"({{"requestId":{}}})", found->second)));
      return;
    }
    case ServerNotice::unknown:
      (void)session_.gate.alerts.note(
          session_.spec.run, "notification dropped",
          "`" + escape_untrusted(message.method.substr(0, 64)) + "` of the server");
      return;
  }
}

void ServerSide::on_progress(json::View params) {
  const json::View token = params["progressToken"];
  const auto named =
      token.is_integer() || token.is_string() ? own_id(json::write(token)) : std::nullopt;
  const auto found =
      named ? session_.calls.by_server_id.find(*named) : session_.calls.by_server_id.end();
  if (found == session_.calls.by_server_id.end()) return;
  Pending& entry = *found->second;
  const json::View progress = params["progress"];
  // Nothing is said of a request that was answered with a continuation.
  if (entry.token.empty() || entry.gone || entry.parked || !progress.is_number()) return;
  // A number holds as much as words do: under a scope it only counts.
  const bool scoped = session_.calls.withholds(entry);
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
  session_.to_client(notification_line("notifications/progress", text), entry.id);
}

// A stateless client hears what one of its open requests asked to hear, as part of that request:
// the oldest, where there are several.
PendingPtr ServerSide::log_listener(std::string_view level) const {
  const int grave = gravity(level);
  const PendingPtr about = session_.elicitation.call_of({});
  const auto hears = [grave](const Pending& one) {
    return !one.gone && !one.parked && one.log_level >= 0 && grave >= one.log_level;
  };
  if (about) return hears(*about) ? about : nullptr;
  for (const auto& [id, entry] : session_.calls.in_flight) {
    if (hears(*entry)) return entry;
  }
  return nullptr;
}

void ServerSide::on_log(const Message& message) {
  const std::string said_to_all = filter_log(message.params, scoped());
  if (said_to_all.empty()) {
    note_first("notification dropped",
               "a log message of the server has no level that the protocol knows");
    return;
  }
  const PendingPtr hearer = session_.client.era == Era::stateless
                                ? log_listener(message.params.text("level").value_or(""))
                                : nullptr;
  if (session_.client.era == Era::stateless && !hearer) return;
  const std::string_view request = hearer ? std::string_view(hearer->id) : std::string_view();
  const std::string clean = without_reserved(said_to_all);
  if (!clean.empty()) note_first(reserved_topic, reserved_text);
  session_.to_client(notification_line(message.method, clean.empty() ? said_to_all : clean),
                     request);
}

void ServerSide::note_reserved() {
  (void)session_.gate.alerts.note(session_.spec.run, reserved_topic, reserved_text);
}

void ServerSide::note_first(const std::string& topic, const std::string& text) {
  if (noted_first_[{topic, text}]++ == 0)
    (void)session_.gate.alerts.note(session_.spec.run, topic, text);
}

void ServerSide::note_counted() {
  for (const auto& [note, count] : noted_first_) {
    if (count < 2) continue;
    (void)session_.gate.alerts.note(session_.spec.run, note.first,
                                    fmt::format("{} more: {}", count - 1, note.second));
  }
}

void ServerSide::cancel(std::uint64_t id, std::string_view reason) {
  json::Writer params;
  params.object().key("requestId").natural(id).key("reason").string(reason).end();
  session_.to_server(notification_line("notifications/cancelled", params.text()));
}

}  // namespace pawl::mcp
