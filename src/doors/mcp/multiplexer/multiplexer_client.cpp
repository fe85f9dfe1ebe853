// What the client sends.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/multiplexer/multiplexer.h"
#include "doors/mcp/multiplexer/names.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/tasks.h"

namespace pawl::mcp {
namespace {

constexpr std::size_t shown_name_bytes_max = 256;

std::string shown_name(std::string_view name) {
  return escape_untrusted(name.substr(0, shown_name_bytes_max));
}

bool may_have_legs(std::string_view method) {
  return is_task_request(method) || method == "tools/call" || method == "resources/read" ||
         method == "prompts/get";
}

// The name that a reference of `completion/complete` has, with the server's own in its place.
std::string renamed_reference(json::View ref, std::string_view name) {
  json::Writer out;
  out.object();
  for (auto [key, value] : ref.members()) {
    out.key(key);
    key == "name" ? out.string(name) : out.value(value);
  }
  out.end();
  return out.take();
}

}  // namespace

void Multiplexer::client_line(std::string_view line) {
  if (closed || !why.empty()) return;
  json::Document document;
  const Result<Message> message = read_message(line, Side::client, parser, document);
  if (!message) {
    const std::string id = id_of(line);
    refuse_line(id, invalid_request, message.error().message, method_of(line));
    // A refused answer still ends what waits for it.
    const auto found = questions.find(std::strtoull(id.c_str(), nullptr, 10));
    if (found == questions.end() || std::to_string(found->first) != id) return;
    const Question asked = std::move(found->second);
    questions.erase(found);
    behind[asked.server].asked.erase(asked.id);
    say(asked.server, {0, error_line(asked.id, invalid_request, "its answer was ambiguous")});
    return;
  }
  switch (message->kind) {
    case MessageKind::request:
      return client_request(*message);
    case MessageKind::notification:
      return client_notification(*message);
    case MessageKind::result:
    case MessageKind::error:
      return answer_of_client(*message);
  }
}

void Multiplexer::refuse_line(std::string_view id, int code, const std::string& what,
                              std::string_view method) {
  const Settled settled =
      gate.refuse(run, Code::ambiguous_request, method.empty() ? "message" : std::string(method),
                  what, part.get());
  if (method == "tools/call" && id != "null") {
    return to_client(result_line(id, refused_result(settled)), id);
  }
  to_client(error_line(id, code, settled.text, settled.decision), id);
}

void Multiplexer::refuse_request(const Message& message, bool modern, Code code,
                                 const std::string& name, const std::string& sentence) {
  const Settled settled = gate.refuse(run, code, name, sentence, part.get());
  if (message.method != "tools/call") {
    return to_client(raw_error_line(message.id, refused_error(settled)), message.id);
  }
  std::string result = refused_result(settled);
  if (modern) result = result_for_modern(result, Cached::no);
  to_client(result_line(message.id, result), message.id);
}

void Multiplexer::client_request(const Message& message) {
  const Method& method = client_method(message.method);
  if (open_requests.contains(key_of(message.id))) {
    // An answer with this id would end the call that has it: this one is answered without an id.
    return refuse_line(
        "null", invalid_request,
        "a request with the id " + escape_untrusted(message.id.substr(0, 64)) + " is still open",
        message.method == "tools/call" ? std::string_view("tools/call") : "message");
  }
  const Envelope seen = read_envelope(message.params);
  const bool greeting = method.handling == Handling::handshake;
  const bool newer = era == Era::stateless || (era == Era::unknown && !greeting &&
                                               (seen.claimed || method.spoken == Spoken::modern));
  const bool unknown = method.handling == Handling::unknown;
  if (newer) {
    // What is wrong with it, a session says as it would alone.
    const bool fine = seen.supported && seen.wrong.empty();
    if (fine && is_task_request(message.method)) return of_task(message, true);
    const bool right = fine && method.spoken != Spoken::legacy;
    if (!right || unknown) return to_some_session(message);
    // Asking what there is commits a client to nothing: it may still go on with `initialize`.
    if (method.handling != Handling::discover) era = Era::stateless;
    return dispatch(message, method, true);
  }
  if (unknown || method.spoken == Spoken::modern) return to_some_session(message);
  if (method.handling == Handling::here) {
    return to_client(result_line(message.id, "{}"), message.id);
  }
  if (greeting && std::exchange(era, Era::stateful) == Era::stateful) {
    return to_client(error_line(message.id, invalid_request, "`initialize` was sent before"),
                     message.id);
  }
  if (era != Era::stateful) return to_some_session(message);
  dispatch(message, method, false);
}

void Multiplexer::dispatch(const Message& message, const Method& method, bool modern) {
  switch (method.handling) {
    case Handling::handshake:
      return fan_out(message, method, modern, Gathering::Kind::hello);
    case Handling::discover:
      return fan_out(message, method, modern, Gathering::Kind::discover);
    case Handling::listen:
      return fan_out(message, method, modern, Gathering::Kind::listen);
    case Handling::tool_list:
    case Handling::list:
      return page(message, method, modern);
    case Handling::call:
      return named(message, modern);
    case Handling::task:
      return of_task(message, modern);
    case Handling::action:
      break;
    case Handling::here:
    case Handling::unknown:
      return to_some_session(message);
  }
  if (method.name == "prompts/get") return named(message, modern);
  if (method.name == "completion/complete") return completion(message, modern);
  if (method.name == "logging/setLevel") {
    return fan_out(message, method, modern, Gathering::Kind::level);
  }
  if (method.name.starts_with("resources/")) return placed(message, modern);
  to_some_session(message);
}

void Multiplexer::to_some_session(const Message& message) {
  for (std::size_t i = 0; i < behind.size(); ++i) {
    if (behind[i].stage == UpstreamSession::Stage::gone) continue;
    return forward(message, false, i, {});
  }
  to_client(error_line(message.id, invalid_request, "every tool server has ended"), message.id);
}

std::optional<std::size_t> Multiplexer::find(std::string_view name) const {
  const auto found = std::ranges::find(behind, name, &UpstreamSession::name);
  if (found == behind.end()) return std::nullopt;
  return static_cast<std::size_t>(found - behind.begin());
}

void Multiplexer::named(const Message& message, bool modern) {
  const auto name = message.params.text("name");
  if (!name) {
    return refuse_request(message, modern, Code::ambiguous_request, std::string(message.method),
                          "`name` is not a text");
  }
  const auto split = split_name(*name);
  const auto server = split ? find(split->server) : std::nullopt;
  if (!server) {
    return refuse_request(message, modern, Code::not_granted, shown_name(*name),
                          "no server behind this endpoint has that name: names are `server/name`");
  }
  forward(message, modern, *server, {{"name", quoted(split->name)}});
}

void Multiplexer::completion(const Message& message, bool modern) {
  const json::View ref = message.params["ref"];
  const auto name = ref.text("name");
  const auto uri = ref.text("uri");
  if (ref.text("type") == "ref/prompt" && name) {
    const auto split = split_name(*name);
    if (const auto server = split ? find(split->server) : std::nullopt) {
      return forward(message, modern, *server, {{"ref", renamed_reference(ref, split->name)}});
    }
  }
  std::string sentence = "no server behind this endpoint offers what is to be completed";
  if (ref.text("type") == "ref/resource" && uri) {
    if (const auto server = one_of(places.of_template(*uri), sentence)) {
      return forward(message, modern, *server, {});
    }
  }
  refuse_request(message, modern, Code::not_granted, std::string(message.method), sentence);
}

std::optional<std::size_t> Multiplexer::one_of(const std::vector<std::size_t>& found,
                                               std::string& sentence) const {
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    sentence = fmt::format("servers `{}` and `{}` both offer it, so it is read from neither",
                           behind[found[0]].name, behind[found[1]].name);
    return std::nullopt;
  }
  std::optional<std::size_t> only;
  for (std::size_t i = 0; i < behind.size(); ++i) {
    if (!behind[i].resources || behind[i].stage == UpstreamSession::Stage::gone) continue;
    if (only) {
      sentence = "which of several servers offers it is not known: list the resources first";
      return std::nullopt;
    }
    only = i;
  }
  return only;
}

void Multiplexer::placed(const Message& message, bool modern) {
  const auto uri = message.params.text("uri");
  if (!uri) {
    return refuse_request(message, modern, Code::ambiguous_request, std::string(message.method),
                          "`uri` is not a text");
  }
  // A state goes back to the server that gave it, whatever the lists say meanwhile. Whether it is
  // one, its session knows.
  if (const auto text = message.params.text("requestState")) {
    const auto state = read_state(*text);
    if (const auto server = state ? find(state->server) : std::nullopt) {
      return forward(message, modern, *server, {});
    }
  }
  std::string sentence = "no server has listed this resource: list the resources first";
  if (const auto server = one_of(places.of_uri(*uri), sentence)) {
    return forward(message, modern, *server, {});
  }
  refuse_request(message, modern, Code::not_granted, std::string(message.method), sentence);
}

// A task is asked for where it is. Of one that is nowhere, a session says so.
void Multiplexer::of_task(const Message& message, bool modern) {
  const auto id = message.params.text("taskId");
  const auto task = id ? read_state(*id) : std::nullopt;
  const auto server = task ? find(task->server) : std::nullopt;
  if (!server) return to_some_session(message);
  forward(message, modern, *server, {{"taskId", quoted(task->state)}});
}

void Multiplexer::forward(const Message& message, bool modern, std::size_t i, Replacements with) {
  UpstreamSession& server = behind[i];
  const bool full =
      server.waiting_bytes > waiting_bytes_max || server.waiting.size() > waiting_messages_max;
  if (server.stage == UpstreamSession::Stage::gone ||
      server.stage == UpstreamSession::Stage::failed || full) {
    const std::string_view what = server.stage == UpstreamSession::Stage::gone ? "has ended"
                                  : server.stage == UpstreamSession::Stage::failed
                                      ? "did not start"
                                      : "takes no more";
    return refuse_request(message, modern, Code::upstream_failed, server.name,
                          fmt::format("server `{}` {}; nothing was sent", server.name, what));
  }
  if (const auto text = message.params.text("requestState"); text && modern) {
    const auto state = read_state(*text);
    // A state of another server goes on as it is, and is refused there.
    if (state && state->server == server.name) {
      with.emplace_back("requestState", quoted(state->state));
    }
  }
  Forwarded about;
  about.server = i;
  about.id = std::string(message.id);
  about.key = key_of(message.id);
  about.modern = modern;
  about.request_states = modern
                             ? may_have_legs(message.method)
                             : is_task_request(message.method) || message.params["task"].exists();
  about.task = is_task_request(message.method);
  ask(std::move(about), message.method,
      with.empty() ? std::string(message.params_text)
                   : replaced(message.params_text, message.params, with));
}

void Multiplexer::client_notification(const Message& message) {
  switch (client_notice(message.method)) {
    case ClientNotice::initialized:
      if (era != Era::stateful) return;
      greeted = true;
      for (std::size_t i = 0; i < behind.size(); ++i) {
        if (behind[i].stage != UpstreamSession::Stage::open ||
            std::exchange(behind[i].greeted, true)) {
          continue;
        }
        say(i, {0, notification_line(message.method, {})});
      }
      return;
    case ClientNotice::cancelled:
      return cancelled(message.params);
    case ClientNotice::roots_changed:
      for (std::size_t i = 0; i < behind.size(); ++i) {
        if (behind[i].stage != UpstreamSession::Stage::open) continue;
        say(i, {0, notification_line(message.method, {})});
      }
      return;
    case ClientNotice::unknown:
      (void)gate.note(run, "notification dropped",
                      "`" + escape_untrusted(message.method.substr(0, 64)) + "` of the client");
      return;
  }
}

// One that all servers were asked is cancelled at each of them.
void Multiplexer::cancelled(json::View params) {
  const auto key = key_of_cancelled(params);
  const auto found = key ? open_requests.find(*key) : open_requests.end();
  if (found == open_requests.end()) return;
  const std::vector<std::uint64_t> ids = std::move(found->second);
  open_requests.erase(found);
  for (std::uint64_t inner : ids) {
    const auto entry = forwarded.find(inner);
    if (entry == forwarded.end()) continue;
    const Forwarded about = entry->second;
    if (about.gathering) {
      about.gathering->over = true;
      about.gathering->patience.reset();
      std::erase(listeners, about.gathering);
    }
    // A handshake is not taken back: what the server says of itself is still to be known.
    if (about.gathering && about.gathering->kind == Gathering::Kind::hello) continue;
    forwarded.erase(entry);
    auto& waiting = behind[about.server].waiting;
    const auto line = std::ranges::find(waiting, inner, &UpstreamSession::Line::id);
    if (line != waiting.end()) {
      behind[about.server].waiting_bytes -= line->text.size();
      waiting.erase(line);
      continue;
    }
    say(about.server, {0, notification_line("notifications/cancelled",
                                            fmt::format(R"({{"requestId":{}}})", inner))});
  }
}

void Multiplexer::reply(const Gathering& about, std::string_view result, Cached cached) {
  open_requests.erase(about.key);
  to_client(
      result_line(about.id, about.modern ? result_for_modern(result, cached) : std::string(result)),
      about.id);
}

void Multiplexer::reply_error(const Gathering& about, std::string_view error) {
  open_requests.erase(about.key);
  to_client(raw_error_line(about.id, error), about.id);
}

}  // namespace pawl::mcp
