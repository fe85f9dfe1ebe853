// Changes of lists, subscriptions, and the questions that servers ask.
#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/multiplexer/multiplexer.h"

namespace pawl::mcp {
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

}  // namespace

void Multiplexer::ask_client(std::size_t i, const Message& message, std::string_view request) {
  const std::uint64_t id = next_question++;
  std::string theirs(message.id);
  behind[i].asked[theirs] = id;
  questions.emplace(id, Question{i, std::move(theirs)});
  to_client(request_line(id, message.method, message.params_text), raw_id_of(request));
}

void Multiplexer::answer_of_client(const Message& message) {
  std::uint64_t id = 0;
  const std::string_view raw = message.id;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), id);
  if (error != std::errc{} || end != raw.data() + raw.size()) return;
  const auto found = questions.find(id);
  if (found == questions.end()) return;
  const Question asked = std::move(found->second);
  questions.erase(found);
  behind[asked.server].asked.erase(asked.id);
  const bool result = message.kind == MessageKind::result;
  say(asked.server, {0, result ? result_line(asked.id, message.result_text)
                               : raw_error_line(asked.id, message.error_text)});
}

void Multiplexer::take_back(std::size_t i, json::View params) {
  const json::View id = params["requestId"];
  const auto found = behind[i].asked.find(id.exists() ? json::write(id) : std::string());
  if (found == behind[i].asked.end()) return;
  to_client(notification_line("notifications/cancelled",
                              fmt::format(R"({{"requestId":{}}})", found->second)));
  questions.erase(found->second);
  behind[i].asked.erase(found);
}

void Multiplexer::changed(std::shared_ptr<Gathering> listener, std::string_view method) {
  if (era == Era::stateless && !listener) return;
  for (const Change& known : changes) {
    if (known.listener == listener && known.method == method) return;
  }
  changes.push_back({std::move(listener), std::string(method)});
  if (changes_timer.pending()) return;
  const std::weak_ptr<Multiplexer> self = weak_from_this();
  changes_timer = loop.after(list_changes_within, [self] {
    if (auto front = self.lock()) front->tell_changes();
  });
}

void Multiplexer::tell_changes() {
  for (const Change& change : std::exchange(changes, {})) {
    if (!change.listener) {
      to_client(notification_line(change.method, {}));
      continue;
    }
    // What comes before the acknowledgement waits for it; what comes after the end is not told.
    if (!change.listener->over) {
      changed(change.listener, change.method);
    } else if (std::ranges::find(listeners, change.listener) != listeners.end()) {
      to_client(
          notification_line(change.method, with_subscription(json::View(), change.listener->id)),
          change.listener->id);
    }
  }
}

void Multiplexer::come_or_go(std::size_t i) {
  const UpstreamSession& server = behind[i];
  const std::pair<bool, std::pair<std::string_view, std::string_view>> lists[] = {
      {true, {kTools, "toolsListChanged"}},
      {server.prompts, {kPrompts, "promptsListChanged"}},
      {server.resources, {kResources, "resourcesListChanged"}},
  };
  for (const auto& [offered, names] : lists) {
    if (!offered) continue;
    if (era == Era::stateful) changed(nullptr, names.first);
    for (const auto& listener : listeners) {
      if (hears(*listener, names.second)) changed(listener, names.first);
    }
  }
}

std::shared_ptr<Gathering> Multiplexer::listener_of(json::View params) const {
  const json::View id = params["_meta"][meta_subscription];
  if (!id.is_integer() || id.integer() < 0) return nullptr;
  const auto found = forwarded.find(id.natural());
  if (found == forwarded.end()) return nullptr;
  const auto& all = found->second.gathering;
  return all && all->kind == Gathering::Kind::listen ? all : nullptr;
}

void Multiplexer::acknowledged(json::View params) {
  const auto listener = listener_of(params);
  if (!listener) return;
  const std::size_t place = forwarded.at(params["_meta"][meta_subscription].natural()).place;
  const json::View heard = params["notifications"];
  std::string text = heard.exists() ? json::write(heard) : "{}";
  if (!listener->over) {
    return answered(listener, place, Gathering::Piece::result, std::move(text));
  }
  // The client was told without it; what it changes is told from now on.
  listener->answers[place].piece = Gathering::Piece::result;
  listener->answers[place].text = std::move(text);
}

// The acknowledgements of the servers as one: what any of them lets the client hear.
void Multiplexer::start_listening(const std::shared_ptr<Gathering>& all) {
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
    return reply_error(
        *all, refusal.empty() ? error_object(invalid_request, "no tool server answered") : refusal);
  }
  listeners.push_back(all);
  json::Writer params;
  params.object().key("_meta").object().key(meta_subscription).raw(all->id).end();
  params.key("notifications").raw(heard.text()).end();
  to_client(notification_line("notifications/subscriptions/acknowledged", params.text()), all->id);
}

void Multiplexer::stopped_listening(const std::shared_ptr<Gathering>& all, std::size_t place) {
  if (!all->over) return answered(all, place, Gathering::Piece::absent, {});
  all->answers[place].piece = Gathering::Piece::absent;
  all->answers[place].text.clear();
  const bool any = std::ranges::any_of(all->answers, [](const Gathering::Answered& answer) {
    return answer.piece == Gathering::Piece::result || answer.piece == Gathering::Piece::waiting;
  });
  if (any || std::erase(listeners, all) == 0) return;
  json::Writer meta;
  meta.object().key("_meta").object().key(meta_subscription).raw(all->id).end().end();
  reply(*all, meta.text(), Cached::no);
}

}  // namespace pawl::mcp
