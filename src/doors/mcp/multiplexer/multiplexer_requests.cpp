// What the client sends.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/multiplexer/multiplexer.h"
#include "doors/mcp/multiplexer/names.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/tasks.h"
#include "gate/gate.h"

namespace pawl::mcp {
namespace {

constexpr std::size_t shown_name_bytes_max = 256;

std::string shown_name(std::string_view name) {
  return escape_untrusted(name.substr(0, shown_name_bytes_max));
}

std::optional<std::size_t> server_called(const std::vector<UpstreamSession>& servers,
                                         std::string_view name) {
  const auto found = std::ranges::find(servers, name, &UpstreamSession::name);
  if (found == servers.end()) return std::nullopt;
  return static_cast<std::size_t>(found - servers.begin());
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
    return questions.ambiguous(id);
  }
  switch (message->kind) {
    case MessageKind::request:
      return client_request(*message);
    case MessageKind::notification:
      return client_notification(*message);
    case MessageKind::result:
    case MessageKind::error:
      return questions.answered(*message);
  }
}

void Multiplexer::refuse_line(std::string_view id, int code, const std::string& what,
                              std::string_view method) {
  const Settled settled =
      gate.calls.refuse(run, Code::ambiguous_request,
                        method.empty() ? "message" : std::string(method), what, part.get());
  if (method == "tools/call" && id != "null") {
    return to_client(result_line(id, refused_result(settled)), id);
  }
  to_client(error_line(id, code, settled.text, settled.decision), id);
}

void Multiplexer::refuse_request(const Message& message, bool stateless, Code code,
                                 const std::string& name, const std::string& sentence) {
  const Settled settled = gate.calls.refuse(run, code, name, sentence, part.get());
  if (message.method != "tools/call") {
    return to_client(raw_error_line(message.id, refused_error(settled)), message.id);
  }
  std::string result = refused_result(settled);
  if (stateless) result = result_for_stateless(result, Cached::no);
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
  const bool newer =
      era == Era::stateless ||
      (era == Era::unknown && !greeting && (seen.claimed || method.spoken == Spoken::stateless));
  const bool unknown = method.handling == Handling::unknown;
  if (newer) {
    // What is wrong with it, a session says as it would alone.
    const bool fine = seen.supported && seen.wrong.empty();
    if (fine && is_task_request(message.method)) return about_task(message, true);
    const bool right = fine && method.spoken != Spoken::stateful;
    if (!right || unknown) return to_any_session(message);
    // Asking what there is commits a client to nothing: it may still go on with `initialize`.
    if (method.handling != Handling::discover) era = Era::stateless;
    return dispatch(message, method, true);
  }
  if (unknown || method.spoken == Spoken::stateless) return to_any_session(message);
  if (method.handling == Handling::here) {
    return to_client(result_line(message.id, "{}"), message.id);
  }
  if (greeting && std::exchange(era, Era::stateful) == Era::stateful) {
    return to_client(error_line(message.id, invalid_request, "`initialize` was sent before"),
                     message.id);
  }
  if (era != Era::stateful) return to_any_session(message);
  dispatch(message, method, false);
}

void Multiplexer::dispatch(const Message& message, const Method& method, bool stateless) {
  switch (method.handling) {
    case Handling::handshake:
      return ask_all(message, method, stateless, Gathering::Kind::hello);
    case Handling::discover:
      return ask_all(message, method, stateless, Gathering::Kind::discover);
    case Handling::listen:
      return ask_all(message, method, stateless, Gathering::Kind::listen);
    case Handling::tool_list:
    case Handling::list:
      return page(message, method, stateless);
    case Handling::call:
      return named(message, stateless);
    case Handling::task:
      return about_task(message, stateless);
    case Handling::action:
      break;
    case Handling::here:
    case Handling::unknown:
      return to_any_session(message);
  }
  if (method.name == "prompts/get") return named(message, stateless);
  if (method.name == "completion/complete") return completion(message, stateless);
  if (method.name == "logging/setLevel") {
    return ask_all(message, method, stateless, Gathering::Kind::level);
  }
  if (method.name.starts_with("resources/")) return about_resource(message, stateless);
  to_any_session(message);
}

void Multiplexer::to_any_session(const Message& message) {
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    if (upstreams[i].stage == UpstreamSession::Stage::gone) continue;
    return forward(message, false, i, {});
  }
  to_client(error_line(message.id, invalid_request, "every tool server has ended"), message.id);
}

void Multiplexer::named(const Message& message, bool stateless) {
  const auto name = message.params.text("name");
  if (!name) {
    return refuse_request(message, stateless, Code::ambiguous_request, std::string(message.method),
                          "`name` is not a text");
  }
  const auto split = split_name(*name);
  const auto server = split ? server_called(upstreams, split->server) : std::nullopt;
  if (!server) {
    return refuse_request(message, stateless, Code::not_granted, shown_name(*name),
                          "no server behind this endpoint has that name: names are `server/name`");
  }
  forward(message, stateless, *server, {{"name", quoted(split->name)}});
}

void Multiplexer::completion(const Message& message, bool stateless) {
  const json::View ref = message.params["ref"];
  const auto name = ref.text("name");
  const auto uri = ref.text("uri");
  if (ref.text("type") == "ref/prompt" && name) {
    const auto split = split_name(*name);
    if (const auto server = split ? server_called(upstreams, split->server) : std::nullopt) {
      return forward(message, stateless, *server, {{"ref", renamed_reference(ref, split->name)}});
    }
  }
  std::string sentence = "no server behind this endpoint offers what is to be completed";
  if (ref.text("type") == "ref/resource" && uri) {
    if (const auto server = one_of(owners.of_template(*uri), sentence)) {
      return forward(message, stateless, *server, {});
    }
  }
  refuse_request(message, stateless, Code::not_granted, std::string(message.method), sentence);
}

std::optional<std::size_t> Multiplexer::one_of(const std::vector<std::size_t>& found,
                                               std::string& sentence) const {
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    sentence = fmt::format("servers `{}` and `{}` both offer it, so it is read from neither",
                           upstreams[found[0]].name, upstreams[found[1]].name);
    return std::nullopt;
  }
  std::optional<std::size_t> only;
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    if (!upstreams[i].resources || upstreams[i].stage == UpstreamSession::Stage::gone) continue;
    if (only) {
      sentence = "which of several servers offers it is not known: list the resources first";
      return std::nullopt;
    }
    only = i;
  }
  return only;
}

void Multiplexer::about_resource(const Message& message, bool stateless) {
  const auto uri = message.params.text("uri");
  if (!uri) {
    return refuse_request(message, stateless, Code::ambiguous_request, std::string(message.method),
                          "`uri` is not a text");
  }
  // A state goes back to the server that gave it, whatever the lists say meanwhile. Whether it is
  // one, its session knows.
  if (const auto text = message.params.text("requestState")) {
    const auto state = read_state(*text);
    if (const auto server = state ? server_called(upstreams, state->server) : std::nullopt) {
      return forward(message, stateless, *server, {});
    }
  }
  std::string sentence = "no server has listed this resource: list the resources first";
  if (const auto server = one_of(owners.of_uri(*uri), sentence)) {
    return forward(message, stateless, *server, {});
  }
  refuse_request(message, stateless, Code::not_granted, std::string(message.method), sentence);
}

// A task is asked for where it is. Of one that is nowhere, a session says so.
void Multiplexer::about_task(const Message& message, bool stateless) {
  const auto id = message.params.text("taskId");
  const auto task = id ? read_state(*id) : std::nullopt;
  const auto server = task ? server_called(upstreams, task->server) : std::nullopt;
  if (!server) return to_any_session(message);
  forward(message, stateless, *server, {{"taskId", quoted(task->state)}});
}

void Multiplexer::forward(const Message& message, bool stateless, std::size_t i,
                          Replacements with) {
  UpstreamSession& server = upstreams[i];
  const bool full =
      server.waiting_bytes > waiting_bytes_max || server.waiting.size() > waiting_messages_max;
  if (server.stage == UpstreamSession::Stage::gone ||
      server.stage == UpstreamSession::Stage::failed || full) {
    const std::string_view what = server.stage == UpstreamSession::Stage::gone ? "has ended"
                                  : server.stage == UpstreamSession::Stage::failed
                                      ? "did not start"
                                      : "takes no more";
    return refuse_request(message, stateless, Code::upstream_failed, server.name,
                          fmt::format("server `{}` {}; nothing was sent", server.name, what));
  }
  if (const auto text = message.params.text("requestState"); text && stateless) {
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
  about.stateless = stateless;
  about.request_states = stateless
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
      for (std::size_t i = 0; i < upstreams.size(); ++i) {
        if (upstreams[i].stage != UpstreamSession::Stage::open ||
            std::exchange(upstreams[i].greeted, true)) {
          continue;
        }
        say(i, {0, notification_line(message.method, {})});
      }
      return;
    case ClientNotice::cancelled:
      return cancelled(message.params);
    case ClientNotice::roots_changed:
      for (std::size_t i = 0; i < upstreams.size(); ++i) {
        if (upstreams[i].stage != UpstreamSession::Stage::open) continue;
        say(i, {0, notification_line(message.method, {})});
      }
      return;
    case ClientNotice::unknown:
      (void)gate.alerts.note(
          run, "notification dropped",
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
      listeners.forget(about.gathering);
    }
    // A handshake is not taken back: what the server says of itself is still to be known.
    if (about.gathering && about.gathering->kind == Gathering::Kind::hello) continue;
    forwarded.erase(entry);
    auto& waiting = upstreams[about.server].waiting;
    const auto line = std::ranges::find(waiting, inner, &UpstreamSession::Line::id);
    if (line != waiting.end()) {
      upstreams[about.server].waiting_bytes -= line->text.size();
      waiting.erase(line);
      continue;
    }
    say(about.server, {0, notification_line("notifications/cancelled",
                                            fmt::format(R"({{"requestId":{}}})", inner))});
  }
}

void Multiplexer::reply(const Gathering& about, std::string_view result, Cached cached) {
  open_requests.erase(about.key);
  to_client(result_line(about.id, about.stateless ? result_for_stateless(result, cached)
                                                  : std::string(result)),
            about.id);
}

void Multiplexer::reply_error(const Gathering& about, std::string_view error) {
  open_requests.erase(about.key);
  to_client(raw_error_line(about.id, error), about.id);
}

namespace {

// A server without prompts says that it does not know the method: it has none.
bool has_no_such_list(const Gathering::Answered& answer) {
  if (answer.piece != Gathering::Piece::error) return false;
  const auto document = json::parse(answer.text, as_it_came);
  const json::View code = document ? document->root()["code"] : json::View();
  return code.is_integer() && code.integer() == method_not_found;
}

std::string first_error(const Gathering& all) {
  for (const auto& answer : all.answers) {
    if (answer.piece == Gathering::Piece::error) return answer.text;
  }
  return error_object(invalid_request, "no tool server answered");
}

}  // namespace

void Multiplexer::ask_all(const Message& message, const Method& method, bool stateless,
                          Gathering::Kind kind) {
  auto all = std::make_shared<Gathering>();
  all->kind = kind;
  all->id = std::string(message.id);
  all->key = key_of(message.id);
  all->stateless = stateless;
  all->method = &method;
  std::vector<Target> targets;
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    if (kind == Gathering::Kind::level && !upstreams[i].logging) continue;
    if (kind == Gathering::Kind::hello && upstreams[i].stage != UpstreamSession::Stage::gone) {
      upstreams[i].stage = UpstreamSession::Stage::opening;
    }
    targets.push_back({i, kind == Gathering::Kind::listen ? listeners.params_for(message, i)
                                                          : std::string(message.params_text)});
  }
  gather(all, targets, message.method);
}

void Multiplexer::page(const Message& message, const Method& method, bool stateless) {
  auto all = std::make_shared<Gathering>();
  all->kind = Gathering::Kind::page;
  all->id = std::string(message.id);
  all->key = key_of(message.id);
  all->stateless = stateless;
  all->method = &method;
  std::vector<Target> targets;
  const json::View cursor = message.params["cursor"];
  if (!cursor.exists()) {
    for (std::size_t i = 0; i < upstreams.size(); ++i) {
      targets.push_back({i, std::string(message.params_text)});
    }
    return gather(all, targets, message.method);
  }
  all->first = false;
  const auto cursors = cursor.is_string() ? read_cursor(cursor.string()) : std::nullopt;
  bool known = cursors.has_value();
  for (const auto& [name, theirs] : cursors.value_or(Cursors())) {
    const auto server = server_called(upstreams, name);
    known = known && server.has_value();
    if (!server) continue;
    // Whether the server gave this cursor, its session knows.
    targets.push_back(
        {*server, replaced(message.params_text, message.params, {{"cursor", quoted(theirs)}})});
  }
  if (known) return gather(all, targets, message.method);
  to_client(error_line(message.id, invalid_params, "this cursor was not given by pawl"),
            message.id);
}

void Multiplexer::gather(const std::shared_ptr<Gathering>& all, const std::vector<Target>& targets,
                         std::string_view method) {
  open_requests[all->key];
  for (const Target& target : targets)
    all->answers.push_back({.server = target.server, .text = {}});
  // One more than there are: an answer may come while the others are still being asked.
  all->missing = targets.size() + 1;
  const std::weak_ptr<Multiplexer> self = weak_from_this();
  all->patience = loop.after(patience, [self, all] {
    if (auto multiplexer = self.lock()) multiplexer->out_of_patience(all);
  });
  const bool listening = all->kind == Gathering::Kind::listen;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const UpstreamSession& server = upstreams[targets[i].server];
    const bool over = server.stage == UpstreamSession::Stage::gone ||
                      server.stage == UpstreamSession::Stage::failed;
    // One that is late is waited for once. It hears subscriptions, for the time when it answers.
    if (over || server.late) answered(all, i, Gathering::Piece::absent, {});
    if (over || (server.late && !listening)) continue;
    Forwarded about;
    about.server = targets[i].server;
    about.id = all->id;
    about.key = all->key;
    about.stateless = all->stateless;
    about.gathering = all;
    about.place = i;
    ask(std::move(about), method, targets[i].params);
  }
  if (--all->missing == 0 && !std::exchange(all->over, true)) conclude(all);
}

void Multiplexer::answered(const std::shared_ptr<Gathering>& all, std::size_t place,
                           Gathering::Piece piece, std::string text) {
  Gathering::Answered& answer = all->answers[place];
  if (answer.piece != Gathering::Piece::waiting) return;
  answer.piece = piece;
  answer.text = std::move(text);
  learn(*all, answer);
  if (--all->missing == 0 && !std::exchange(all->over, true)) conclude(all);
}

// What a server says about itself, for all that wait for it.
void Multiplexer::learn(const Gathering& all, const Gathering::Answered& answer) {
  UpstreamSession& server = upstreams[answer.server];
  const bool hello = all.kind == Gathering::Kind::hello;
  if (!hello && all.kind != Gathering::Kind::discover) return;
  if (answer.piece != Gathering::Piece::result) {
    const bool waited = hello && server.stage == UpstreamSession::Stage::opening;
    if (waited)
      server.stage = server.returns ? UpstreamSession::Stage::open : UpstreamSession::Stage::failed;
  } else {
    const auto said = json::parse(answer.text, as_it_came);
    const json::View offers = said ? said->root()["capabilities"] : json::View();
    server.prompts = offers["prompts"].exists();
    server.resources = offers["resources"].exists();
    server.logging = offers["logging"].exists();
    if (hello) server.stage = UpstreamSession::Stage::open;
    if (hello && greeted && !std::exchange(server.greeted, true)) {
      // Before everything that waits for it.
      UpstreamSession::Line line{0, notification_line("notifications/initialized", {}), true};
      server.waiting_bytes += line.text.size();
      server.waiting.push_front(std::move(line));
    }
  }
  if (hello && server.stage == UpstreamSession::Stage::failed) {
    // What waited for it is told so.
    const std::weak_ptr<Multiplexer> self = weak_from_this();
    loop.post([self, i = answer.server] {
      auto multiplexer = self.lock();
      if (multiplexer && multiplexer->upstreams[i].stage == UpstreamSession::Stage::failed) {
        multiplexer->give_up(
            i, fmt::format("server `{}` did not start", multiplexer->upstreams[i].name));
      }
    });
    return;
  }
  // What waited for it goes on, after the answer that is being heard.
  const std::weak_ptr<Multiplexer> self = weak_from_this();
  loop.post([self, i = answer.server] {
    if (auto multiplexer = self.lock()) multiplexer->flush(i);
  });
}

void Multiplexer::out_of_patience(const std::shared_ptr<Gathering>& all) {
  if (std::exchange(all->over, true)) return;
  for (const Gathering::Answered& answer : all->answers) {
    if (answer.piece == Gathering::Piece::waiting) upstreams[answer.server].late = true;
  }
  conclude(all);
}

void Multiplexer::conclude(const std::shared_ptr<Gathering>& all) {
  all->patience.reset();
  std::vector<json::Document> documents(all->answers.size());
  std::vector<Part> parts;
  std::size_t results = 0;
  for (std::size_t i = 0; i < all->answers.size(); ++i) {
    const Gathering::Answered& answer = all->answers[i];
    if (all->kind == Gathering::Kind::page && has_no_such_list(answer)) continue;
    Part one{upstreams[answer.server].name, {}};
    if (answer.piece == Gathering::Piece::result) {
      auto parsed = json::parse(answer.text, as_it_came);
      if (parsed && parsed->root().is_object()) {
        documents[i] = std::move(*parsed);
        one.result = documents[i].root();
        ++results;
      }
    }
    parts.push_back(one);
  }
  if (all->kind == Gathering::Kind::listen) return listeners.start(all);
  const bool greeting = all->kind != Gathering::Kind::page && all->kind != Gathering::Kind::level;
  for (const Part& one : parts) {
    if (one.result.exists() || all->kind == Gathering::Kind::level) continue;
    (void)gate.alerts.note(run, "server absent",
                           fmt::format("{} did not answer `{}`", one.server, all->method->name));
  }
  if (results == 0) return reply_error(*all, first_error(*all));
  if (greeting) return reply(*all, merged_hello(parts, all->stateless), Cached::yes);
  if (all->kind == Gathering::Kind::level) return reply(*all, "{}", Cached::no);
  for (std::size_t i = 0; i < all->answers.size(); ++i) {
    const std::size_t server = all->answers[i].server;
    if (!documents[i].root().is_object()) continue;
    if (all->method->member == "resources") {
      if (documents[i].root()["resources"].size() > 0) upstreams[server].resources = true;
      owners.resources(server, documents[i].root(), all->first);
    } else if (all->method->member == "resourceTemplates") {
      owners.templates(server, documents[i].root(), all->first);
    }
  }
  const std::string_view member =
      all->method->handling == Handling::tool_list ? "tools" : all->method->member;
  const bool named_elements = member == "tools" || member == "prompts";
  reply(*all, merged_page(member, named_elements, parts), Cached::yes);
}

}  // namespace pawl::mcp
