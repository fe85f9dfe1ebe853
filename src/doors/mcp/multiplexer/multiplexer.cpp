#include "doors/mcp/multiplexer/multiplexer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/unreadable.h"
#include "gate/gate.h"

namespace pawl::mcp {

void Multiplexer::open() {
  // Every callback holds the multiplexer weakly: the transport lives inside it.
  const std::weak_ptr<Multiplexer> self = weak_from_this();
  transport->open({
      .message =
          [self](std::string_view line) {
            if (auto multiplexer = self.lock()) multiplexer->client_line(line);
          },
      .too_long =
          [self](std::string_view head) {
            auto multiplexer = self.lock();
            if (!multiplexer) return;
            multiplexer->refuse_line(id_of_head(head), invalid_request,
                                     "the message is longer than the limit");
          },
      .crowded =
          [self](bool crowded) {
            auto multiplexer = self.lock();
            if (!multiplexer) return;
            for (UpstreamSession& server : multiplexer->upstreams) {
              if (!server.deaf && server.events.crowded) server.events.crowded(crowded);
            }
          },
      .ended =
          [self] {
            if (auto multiplexer = self.lock()) multiplexer->client_closed("the client closed");
          },
      .failed =
          [self] {
            if (auto multiplexer = self.lock()) multiplexer->client_closed("the client left");
          },
  });
}

void Multiplexer::client_closed(const std::string& reason) {
  if (client_gone) return;
  client_gone = true;
  if (why.empty()) why = reason;
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    if (!upstreams[i].deaf && upstreams[i].events.ended) upstreams[i].events.ended();
  }
  close_when_over();
}

void Multiplexer::finish(const std::string& reason) {
  if (why.empty()) why = reason;
  for (UpstreamSession& server : upstreams) {
    if (server.session) server.session->finish(reason);
  }
  close_when_over();
}

void Multiplexer::session_ended(std::size_t i, const SessionEnd& end) {
  UpstreamSession& server = upstreams[i];
  if (server.stage == UpstreamSession::Stage::gone) return;
  server.stage = UpstreamSession::Stage::gone;
  server.deaf = true;
  any_initialized = any_initialized || end.initialized;
  // Not from inside the session's own callback.
  const std::weak_ptr<Multiplexer> self = weak_from_this();
  loop.post([self, i, said = end.why] {
    auto multiplexer = self.lock();
    if (!multiplexer) return;
    multiplexer->upstreams[i].session.reset();
    multiplexer->upstreams[i].events = {};
    if (multiplexer->closed) return;
    multiplexer->give_up(i, fmt::format("server `{}` has ended", multiplexer->upstreams[i].name));
    if (multiplexer->why.empty()) {
      (void)multiplexer->gate.alerts.note(multiplexer->run, "server absent",
                                          multiplexer->upstreams[i].name + ": " + said);
      multiplexer->listeners.presence_changed(i);
    }
    multiplexer->close_when_over();
  });
}

// What was asked of this server has no answer.
void Multiplexer::give_up(std::size_t i, const std::string& reason) {
  upstreams[i].waiting.clear();
  upstreams[i].waiting_bytes = 0;
  questions.withdraw_all(i);
  std::vector<std::uint64_t> lost;
  for (const auto& [id, about] : forwarded) {
    if (about.server == i) lost.push_back(id);
  }
  std::ranges::sort(lost);
  for (std::uint64_t id : lost) {
    const auto found = forwarded.find(id);
    if (found == forwarded.end()) continue;
    const Forwarded about = std::move(found->second);
    forwarded.erase(found);
    if (about.gathering) {
      answered(about.gathering, about.place, Gathering::Piece::absent, {});
    } else {
      open_requests.erase(about.key);
      to_client(error_line(about.id, invalid_request, reason), about.id);
    }
  }
}

void Multiplexer::close_when_over() {
  if (closed || why.empty()) {
    const bool all = std::ranges::all_of(upstreams, [](const UpstreamSession& s) {
      return s.stage == UpstreamSession::Stage::gone;
    });
    if (closed || !all) return;
    why = "the server ended";
  }
  for (const UpstreamSession& server : upstreams) {
    if (server.stage != UpstreamSession::Stage::gone) return;
  }
  closed = true;
  // What was said last still leaves.
  spawn(
      [](std::shared_ptr<Multiplexer> multiplexer) -> Task<void> {
        if (!multiplexer->client_gone) co_await multiplexer->transport->drained();
      }(shared_from_this()),
      [multiplexer = shared_from_this()] { multiplexer->close_now(); });
}

void Multiplexer::close_now() {
  closed = true;
  client_gone = true;
  listeners.close();
  for (auto& [id, about] : forwarded) {
    if (about.gathering) about.gathering->patience.reset();
  }
  transport->stop_hearing();
  transport->finish_sending();
  for (UpstreamSession& server : upstreams) server.session.reset();
  if (auto done = std::exchange(ended, {})) {
    done(SessionEnd{why, why == "the server ended", any_initialized});
  }
}

void Multiplexer::to_client(std::string line, std::string_view request) {
  if (!client_gone) (void)transport->send(std::move(line), request);
}

bool UpstreamSession::takes(const Line& next) const {
  if (deaf || paused || !events.message) return false;
  // In the stateful era a server is asked for nothing before it said what it is.
  return next.first || next.id == 0 || stage != Stage::opening;
}

void Multiplexer::say(std::size_t i, UpstreamSession::Line line) {
  UpstreamSession& server = upstreams[i];
  server.waiting_bytes += line.text.size();
  server.waiting.push_back(std::move(line));
  if (inside == 0) return flush(i);
  // A session that is speaking is not spoken to.
  const std::weak_ptr<Multiplexer> self = weak_from_this();
  loop.post([self, i] {
    if (auto multiplexer = self.lock()) multiplexer->flush(i);
  });
}

void Multiplexer::flush(std::size_t i) {
  UpstreamSession& server = upstreams[i];
  if (server.flushing) return;
  server.flushing = true;
  while (!server.waiting.empty() && server.takes(server.waiting.front())) {
    const UpstreamSession::Line line = std::move(server.waiting.front());
    server.waiting.pop_front();
    server.waiting_bytes -= line.text.size();
    server.events.message(line.text);
  }
  server.flushing = false;
}

void Multiplexer::ask(Forwarded about, std::string_view method, std::string_view params) {
  const std::uint64_t id = next_id++;
  const std::size_t server = about.server;
  const bool first = about.gathering && about.gathering->kind == Gathering::Kind::hello;
  open_requests[about.key].push_back(id);
  forwarded.emplace(id, std::move(about));
  say(server, {id, request_line(id, method, params), first});
}

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

// The same in the stateful era: a task that was made, its state, and the result of one.
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
  if (!about.stateless) return result.starts_with(R"({"task":{"taskId":")");
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
    (void)gate.alerts.note(run, "answer dropped", message.error().message);
    const MeantFor meant = meant_for(line);
    if (!meant.answer || meant.ids.empty()) return;
    const std::string own(meant.ids.front());
    return session_line(i, error_line(own, internal_error, cannot_be_read(message.error().message)),
                        request);
  }
  switch (message->kind) {
    case MessageKind::request:
      return questions.ask(i, *message, request);
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
  if (std::exchange(upstreams[i].late, false) && result) listeners.presence_changed(i);
  if (about.gathering && about.gathering->kind == Gathering::Kind::listen && result) {
    return listeners.stopped(about.gathering, about.place);
  }
  if (about.gathering) {
    return answered(about.gathering, about.place,
                    result ? Gathering::Piece::result : Gathering::Piece::error,
                    std::string(result ? message.result_text : message.error_text));
  }
  open_requests.erase(about.key);
  if (!result) return to_client(raw_error_line(about.id, message.error_text), about.id);
  if (message.result_text.contains("resource_link")) owners.links(i, message.result);
  if (!names_a_server(about, message.result_text)) {
    return to_client(result_line(about.id, message.result_text), about.id);
  }
  const auto named = about.stateless ? with_server : with_server_of_task;
  to_client(result_line(about.id, named(message.result_text, upstreams[i].name)), about.id);
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
          notification_line(message.method, with_logger(upstreams[i].name, message.params)),
          raw_id_of(request));
    case ServerNotice::tools_changed:
    case ServerNotice::list_changed:
      return listeners.changed(listeners.of(message.params), message.method);
    case ServerNotice::resource_updated: {
      const auto listener = listeners.of(message.params);
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
      return questions.withdraw(i, message.params);
    case ServerNotice::acknowledged:
      return listeners.acknowledged(message.params);
    case ServerNotice::unknown:
      return;
  }
}

namespace {

constexpr std::string_view kTools = "notifications/tools/list_changed";
constexpr std::string_view kPrompts = "notifications/prompts/list_changed";
constexpr std::string_view kResources = "notifications/resources/list_changed";

// What a server lets a client hear is in its acknowledgement, which its session wrote.
bool hears(const Gathering& listener, std::string_view member) {
  return std::ranges::any_of(listener.answers, [&](const Gathering::Answered& answer) {
    const auto document = json::parse(answer.text.empty() ? "{}" : answer.text);
    return document && document->root()[member].exists();
  });
}

std::vector<std::string> resources_of(const Gathering& listener) {
  std::vector<std::string> uris;
  for (const Gathering::Answered& answer : listener.answers) {
    const auto document = json::parse(answer.text.empty() ? "{}" : answer.text);
    if (!document) continue;
    for (json::View uri : document->root()["resourceSubscriptions"].elements()) {
      if (uri.is_string()) uris.emplace_back(uri.string());
    }
  }
  return uris;
}

std::string cancelled_line(std::uint64_t question) {
  return notification_line("notifications/cancelled",
                           fmt::format(R"({{"requestId":{}}})", question));
}

}  // namespace

void ClientQuestions::ask(std::size_t server, const Message& message, std::string_view request) {
  const std::uint64_t id = next_++;
  std::string theirs(message.id);
  multiplexer_.upstreams[server].asked[theirs] = id;
  questions_.emplace(id, Question{server, std::move(theirs)});
  multiplexer_.to_client(request_line(id, message.method, message.params_text),
                         multiplexer_.raw_id_of(request));
}

ClientQuestions::Question ClientQuestions::take(Questions::iterator question) {
  Question asked = std::move(question->second);
  questions_.erase(question);
  multiplexer_.upstreams[asked.server].asked.erase(asked.id);
  return asked;
}

void ClientQuestions::answered(const Message& message) {
  const auto id = our_id(message.id);
  const auto found = id ? questions_.find(*id) : questions_.end();
  if (found == questions_.end()) return;
  const Question asked = take(found);
  const bool result = message.kind == MessageKind::result;
  multiplexer_.say(asked.server, {0, result ? result_line(asked.id, message.result_text)
                                            : raw_error_line(asked.id, message.error_text)});
}

void ClientQuestions::ambiguous(const std::string& id) {
  const auto found = questions_.find(std::strtoull(id.c_str(), nullptr, 10));
  if (found == questions_.end() || std::to_string(found->first) != id) return;
  const Question asked = take(found);
  multiplexer_.say(asked.server,
                   {0, error_line(asked.id, invalid_request, "its answer was ambiguous")});
}

void ClientQuestions::withdraw(std::size_t server, json::View params) {
  auto& asked = multiplexer_.upstreams[server].asked;
  const json::View id = params["requestId"];
  const auto found = asked.find(id.exists() ? json::write(id) : std::string());
  if (found == asked.end()) return;
  multiplexer_.to_client(cancelled_line(found->second));
  questions_.erase(found->second);
  asked.erase(found);
}

void ClientQuestions::withdraw_all(std::size_t server) {
  auto& asked = multiplexer_.upstreams[server].asked;
  for (const auto& [inner, outer] : asked) {
    questions_.erase(outer);
    multiplexer_.to_client(cancelled_line(outer));
  }
  asked.clear();
}

void ChangeListeners::changed(std::shared_ptr<Gathering> listener, std::string_view method) {
  if (multiplexer_.era == Era::stateless && !listener) return;
  for (const Change& known : changes_) {
    if (known.listener == listener && known.method == method) return;
  }
  changes_.push_back({std::move(listener), std::string(method)});
  if (timer_.pending()) return;
  const std::weak_ptr<Multiplexer> self = multiplexer_.weak_from_this();
  timer_ = multiplexer_.loop.after(list_changes_within, [self] {
    if (auto multiplexer = self.lock()) multiplexer->listeners.announce();
  });
}

void ChangeListeners::announce() {
  for (const Change& change : std::exchange(changes_, {})) {
    if (!change.listener) {
      multiplexer_.to_client(notification_line(change.method, {}));
      continue;
    }
    // What comes before the acknowledgement waits for it; what comes after the end is not told.
    if (!change.listener->over) {
      changed(change.listener, change.method);
    } else if (std::ranges::find(listeners_, change.listener) != listeners_.end()) {
      multiplexer_.to_client(
          notification_line(change.method, with_subscription(json::View(), change.listener->id)),
          change.listener->id);
    }
  }
}

void ChangeListeners::presence_changed(std::size_t i) {
  const UpstreamSession& server = multiplexer_.upstreams[i];
  const std::pair<bool, std::pair<std::string_view, std::string_view>> lists[] = {
      {true, {kTools, "toolsListChanged"}},
      {server.prompts, {kPrompts, "promptsListChanged"}},
      {server.resources, {kResources, "resourcesListChanged"}},
  };
  for (const auto& [offered, names] : lists) {
    if (!offered) continue;
    if (multiplexer_.era == Era::stateful) changed(nullptr, names.first);
    for (const auto& listener : listeners_) {
      if (hears(*listener, names.second)) changed(listener, names.first);
    }
  }
}

std::shared_ptr<Gathering> ChangeListeners::of(json::View params) const {
  const json::View id = params["_meta"][meta_subscription];
  if (!id.is_integer() || id.integer() < 0) return nullptr;
  const auto found = multiplexer_.forwarded.find(id.natural());
  if (found == multiplexer_.forwarded.end()) return nullptr;
  const auto& all = found->second.gathering;
  return all && all->kind == Gathering::Kind::listen ? all : nullptr;
}

void ChangeListeners::acknowledged(json::View params) {
  const auto listener = of(params);
  if (!listener) return;
  const std::size_t place =
      multiplexer_.forwarded.at(params["_meta"][meta_subscription].natural()).place;
  const json::View heard = params["notifications"];
  std::string text = heard.exists() ? json::write(heard) : "{}";
  if (!listener->over) {
    return multiplexer_.answered(listener, place, Gathering::Piece::result, std::move(text));
  }
  // The client was told without it; what it changes is told from now on.
  listener->answers[place].piece = Gathering::Piece::result;
  listener->answers[place].text = std::move(text);
}

// The acknowledgements of the servers as one: what any of them lets the client hear.
void ChangeListeners::start(const std::shared_ptr<Gathering>& all) {
  json::Writer heard;
  heard.object();
  bool any = false;
  for (std::string_view member :
       {"toolsListChanged", "promptsListChanged", "resourcesListChanged"}) {
    if (hears(*all, member)) heard.key(member).boolean(true);
  }
  const std::vector<std::string> resources = resources_of(*all);
  if (!resources.empty()) heard.key("resourceSubscriptions").array();
  for (const std::string& uri : resources) heard.string(uri);
  if (!resources.empty()) heard.end();
  heard.end();
  std::string refusal;
  for (const auto& answer : all->answers) {
    any = any || answer.piece == Gathering::Piece::result;
    if (answer.piece == Gathering::Piece::error && refusal.empty()) refusal = answer.text;
  }
  if (!any) {
    return multiplexer_.reply_error(
        *all, refusal.empty() ? error_object(invalid_request, "no tool server answered") : refusal);
  }
  listeners_.push_back(all);
  json::Writer params;
  params.object().key("_meta").object().key(meta_subscription).raw(all->id).end();
  params.key("notifications").raw(heard.text()).end();
  multiplexer_.to_client(
      notification_line("notifications/subscriptions/acknowledged", params.text()), all->id);
}

void ChangeListeners::stopped(const std::shared_ptr<Gathering>& all, std::size_t place) {
  if (!all->over) return multiplexer_.answered(all, place, Gathering::Piece::absent, {});
  all->answers[place].piece = Gathering::Piece::absent;
  all->answers[place].text.clear();
  const bool any = std::ranges::any_of(all->answers, [](const Gathering::Answered& answer) {
    return answer.piece == Gathering::Piece::result || answer.piece == Gathering::Piece::waiting;
  });
  if (any || std::erase(listeners_, all) == 0) return;
  json::Writer meta;
  meta.object().key("_meta").object().key(meta_subscription).raw(all->id).end().end();
  multiplexer_.reply(*all, meta.text(), Cached::no);
}

std::string ChangeListeners::params_for(const Message& message, std::size_t server) const {
  const json::View filter = message.params["notifications"];
  if (!filter["resourceSubscriptions"].is_array()) return std::string(message.params_text);
  json::Writer own;
  own.object();
  for (auto [key, value] : filter.members()) {
    if (key != "resourceSubscriptions") own.key(key).value(value);
  }
  own.key("resourceSubscriptions").array();
  std::string ignored;
  for (json::View uri : filter["resourceSubscriptions"].elements()) {
    if (uri.is_string() &&
        multiplexer_.one_of(multiplexer_.owners.of_uri(uri.string()), ignored) == server) {
      own.value(uri);
    }
  }
  own.end().end();
  return replaced(message.params_text, message.params, {{"notifications", own.take()}});
}

}  // namespace pawl::mcp
