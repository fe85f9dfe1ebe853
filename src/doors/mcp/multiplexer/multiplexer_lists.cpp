// What all servers are asked, and their answers as one.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/multiplexer/multiplexer.h"
#include "doors/mcp/protocol/reply.h"

namespace pawl::mcp {
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

void Multiplexer::fan_out(const Message& message, const Method& method, bool modern,
                          Gathering::Kind kind) {
  auto all = std::make_shared<Gathering>();
  all->kind = kind;
  all->id = std::string(message.id);
  all->key = key_of(message.id);
  all->modern = modern;
  all->method = &method;
  std::vector<Target> targets;
  for (std::size_t i = 0; i < behind.size(); ++i) {
    if (kind == Gathering::Kind::level && !behind[i].logging) continue;
    if (kind == Gathering::Kind::hello && behind[i].stage != UpstreamSession::Stage::gone) {
      behind[i].stage = UpstreamSession::Stage::opening;
    }
    targets.push_back({i, kind == Gathering::Kind::listen ? heard_from(message, i)
                                                          : std::string(message.params_text)});
  }
  gather(all, targets, message.method);
}

std::string Multiplexer::heard_from(const Message& message, std::size_t server) const {
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
    if (uri.is_string() && one_of(places.of_uri(uri.string()), ignored) == server) {
      own.value(uri);
    }
  }
  own.end().end();
  return replaced(message.params_text, message.params, {{"notifications", own.take()}});
}

void Multiplexer::page(const Message& message, const Method& method, bool modern) {
  auto all = std::make_shared<Gathering>();
  all->kind = Gathering::Kind::page;
  all->id = std::string(message.id);
  all->key = key_of(message.id);
  all->modern = modern;
  all->method = &method;
  std::vector<Target> targets;
  const json::View cursor = message.params["cursor"];
  if (!cursor.exists()) {
    for (std::size_t i = 0; i < behind.size(); ++i) {
      targets.push_back({i, std::string(message.params_text)});
    }
    return gather(all, targets, message.method);
  }
  all->first = false;
  const auto cursors = cursor.is_string() ? read_cursor(cursor.string()) : std::nullopt;
  bool known = cursors.has_value();
  for (const auto& [name, theirs] : cursors.value_or(Cursors())) {
    const auto server = find(name);
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
    if (auto front = self.lock()) front->out_of_patience(all);
  });
  const bool listening = all->kind == Gathering::Kind::listen;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const UpstreamSession& server = behind[targets[i].server];
    const bool over = server.stage == UpstreamSession::Stage::gone ||
                      server.stage == UpstreamSession::Stage::failed;
    // One that is late is waited for once. It hears subscriptions, for the time when it answers.
    if (over || server.late) answered(all, i, Gathering::Piece::absent, {});
    if (over || (server.late && !listening)) continue;
    Forwarded about;
    about.server = targets[i].server;
    about.id = all->id;
    about.key = all->key;
    about.modern = all->modern;
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

// What a server says about itself, whoever waits for it.
void Multiplexer::learn(const Gathering& all, const Gathering::Answered& answer) {
  UpstreamSession& server = behind[answer.server];
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
      auto front = self.lock();
      if (front && front->behind[i].stage == UpstreamSession::Stage::failed) {
        front->give_up(i, fmt::format("server `{}` did not start", front->behind[i].name));
      }
    });
    return;
  }
  // What waited for it goes on, after the answer that is being heard.
  const std::weak_ptr<Multiplexer> self = weak_from_this();
  loop.post([self, i = answer.server] {
    if (auto front = self.lock()) front->flush(i);
  });
}

void Multiplexer::out_of_patience(const std::shared_ptr<Gathering>& all) {
  if (std::exchange(all->over, true)) return;
  for (const Gathering::Answered& answer : all->answers) {
    if (answer.piece == Gathering::Piece::waiting) behind[answer.server].late = true;
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
    Part one{behind[answer.server].name, {}};
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
  if (all->kind == Gathering::Kind::listen) return start_listening(all);
  const bool greeting = all->kind != Gathering::Kind::page && all->kind != Gathering::Kind::level;
  for (const Part& one : parts) {
    if (one.result.exists() || all->kind == Gathering::Kind::level) continue;
    (void)gate.note(run, "server absent",
                    fmt::format("{} did not answer `{}`", one.server, all->method->name));
  }
  if (results == 0) return reply_error(*all, first_error(*all));
  if (greeting) return reply(*all, merged_hello(parts, all->modern), Cached::yes);
  if (all->kind == Gathering::Kind::level) return reply(*all, "{}", Cached::no);
  for (std::size_t i = 0; i < all->answers.size(); ++i) {
    const std::size_t server = all->answers[i].server;
    if (!documents[i].root().is_object()) continue;
    if (all->method->member == "resources") {
      if (documents[i].root()["resources"].size() > 0) behind[server].resources = true;
      places.resources(server, documents[i].root(), all->first);
    } else if (all->method->member == "resourceTemplates") {
      places.templates(server, documents[i].root(), all->first);
    }
  }
  const std::string_view member =
      all->method->handling == Handling::tool_list ? "tools" : all->method->member;
  const bool named_elements = member == "tools" || member == "prompts";
  reply(*all, merged_page(member, named_elements, parts), Cached::yes);
}

}  // namespace pawl::mcp
