// What the sessions say to the client.
#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/multiplexer/multiplexer.h"
#include "doors/mcp/protocol/unreadable.h"

namespace pawl::mcp {
namespace {

std::optional<std::uint64_t> our_id(std::string_view raw) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), id);
  if (raw.empty() || error != std::errc{} || end != raw.data() + raw.size()) return std::nullopt;
  return id;
}

// A result that asks for more, or is a task, says whose it is. Sessions write these members
// themselves.
std::string with_server(std::string_view result, std::string_view server) {
  const auto document = json::parse(result, as_it_came);
  const json::View root = document ? document->root() : json::View();
  Replacements own;
  for (std::string_view member : {"requestState", "taskId"}) {
    if (const auto text = root.text(member)) {
      own.emplace_back(member, quoted(state_of(server, *text)));
    }
  }
  return own.empty() ? std::string(result) : replaced(result, root, own);
}

json::Document as_it_was_sent(std::string_view text) {
  auto document = json::parse(text, as_it_came);
  return document ? std::move(*document) : json::Document();
}

// The same in the older era: a task that was made, its state, and the result of one.
std::string with_server_of_task(std::string_view result, std::string_view server) {
  const json::Document document = as_it_was_sent(result);
  const json::View root = document.root();
  if (root["task"].text("taskId")) {
    const std::string task = json::write(root["task"]);
    return replaced(result, root, {{"task", with_server(task, server)}});
  }
  const json::View meta = root["_meta"];
  if (meta[meta_related_task].text("taskId")) {
    const std::string related = with_server(json::write(meta[meta_related_task]), server);
    const std::string text = json::write(meta);
    const json::Document whole = as_it_was_sent(text);
    return replaced(result, root,
                    {{"_meta", replaced(text, whole.root(), {{meta_related_task, related}})}});
  }
  return with_server(result, server);
}

// A server's own result may have such members too, and means nothing by them.
bool names_a_server(const Forwarded& about, std::string_view result) {
  if (!about.request_states) return false;
  if (about.task) return true;
  if (!about.modern) return result.starts_with(R"({"task":{"taskId":")");
  const bool asks = result.starts_with(R"({"resultType":"input_required")");
  return asks || result.starts_with(R"({"resultType":"task")");
}

}  // namespace

const Repeated* Multiplexer::repeated(std::string_view request) const {
  const auto id = our_id(request);
  const auto found = id ? forwarded.find(*id) : forwarded.end();
  return found == forwarded.end() ? nullptr : transport->repeated(found->second.id);
}

// The client's request in which a session said something, by our id for it.
std::string Multiplexer::raw_id_of(std::string_view request) const {
  const auto id = our_id(request);
  const auto found = id ? forwarded.find(*id) : forwarded.end();
  return found == forwarded.end() ? std::string() : found->second.id;
}

void Multiplexer::session_line(std::size_t i, std::string_view line, std::string_view request) {
  json::Document document;
  const Result<Message> message = read_message(line, Side::server, parser, document);
  if (!message) {
    // Sessions write messages. If one did not, its request still gets an answer.
    (void)gate.note(run, "answer dropped", message.error().message);
    const MeantFor meant = meant_for(line);
    if (!meant.answer || meant.ids.empty()) return;
    const std::string own(meant.ids.front());
    return session_line(i, error_line(own, internal_error, cannot_be_read(message.error().message)),
                        request);
  }
  switch (message->kind) {
    case MessageKind::request:
      return ask_client(i, *message, request);
    case MessageKind::notification:
      return session_notification(i, *message, request);
    case MessageKind::result:
    case MessageKind::error:
      return session_answer(i, *message);
  }
}

void Multiplexer::session_answer(std::size_t i, const Message& message) {
  const auto id = our_id(message.id);
  const auto found = id ? forwarded.find(*id) : forwarded.end();
  if (found == forwarded.end() || found->second.server != i) return;
  const Forwarded about = std::move(found->second);
  forwarded.erase(found);
  const bool result = message.kind == MessageKind::result;
  // A server that was late is there after all.
  if (std::exchange(behind[i].late, false) && result) come_or_go(i);
  if (about.gathering && about.gathering->kind == Gathering::Kind::listen && result) {
    return stopped_listening(about.gathering, about.place);
  }
  if (about.gathering) {
    return answered(about.gathering, about.place,
                    result ? Gathering::Piece::result : Gathering::Piece::error,
                    std::string(result ? message.result_text : message.error_text));
  }
  open_requests.erase(about.key);
  if (!result) return to_client(raw_error_line(about.id, message.error_text), about.id);
  if (message.result_text.contains("resource_link")) places.links(i, message.result);
  if (!names_a_server(about, message.result_text)) {
    return to_client(result_line(about.id, message.result_text), about.id);
  }
  const auto named = about.modern ? with_server : with_server_of_task;
  to_client(result_line(about.id, named(message.result_text, behind[i].name)), about.id);
}

void Multiplexer::session_notification(std::size_t i, const Message& message,
                                       std::string_view request) {
  switch (server_notice(message.method)) {
    case ServerNotice::progress: {
      // Of a request that is over, nothing is said any more.
      const std::string id = raw_id_of(request);
      if (id.empty()) return;
      return to_client(notification_line(message.method, message.params_text), id);
    }
    case ServerNotice::message:
      return to_client(
          notification_line(message.method, with_logger(behind[i].name, message.params)),
          raw_id_of(request));
    case ServerNotice::tools_changed:
    case ServerNotice::list_changed:
      return changed(listener_of(message.params), message.method);
    case ServerNotice::resource_updated: {
      const auto listener = listener_of(message.params);
      if (!listener) {
        return to_client(notification_line(message.method, message.params_text));
      }
      return to_client(
          notification_line(message.method, with_subscription(message.params, listener->id)),
          listener->id);
    }
    case ServerNotice::elicitation_done:
      return to_client(notification_line(message.method, message.params_text));
    case ServerNotice::cancelled:
      return take_back(i, message.params);
    case ServerNotice::acknowledged:
      return acknowledged(message.params);
    case ServerNotice::unknown:
      return;
  }
}

}  // namespace pawl::mcp
