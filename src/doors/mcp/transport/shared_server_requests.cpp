// What sessions send to a process that they share.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/json_edit.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/transport/shared_impl.h"

namespace pawl::mcp {
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

// In nobody's name: what one client can be asked for the others cannot.
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
  if (message.method == "initialize") return open_older(client, std::string(message.id));
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

// The server goes on telling as long as anybody listens.
void SharedProcess::unsubscribe(const SharedClientPtr& client, const Message& message) {
  const std::string uri(message.params.text("uri").value_or(""));
  client->uris.erase(uri);
  const bool others = std::ranges::any_of(
      clients, [&uri](const auto& one) { return one.second->uris.contains(uri); });
  if (others) return answer(client->number, result_line(message.id, "{}"));
  forward(client, message, {});
}

void SharedProcess::open_older(const SharedClientPtr& client, std::string id) {
  // Whoever asks for the older era has given up asking for the newer one.
  give_up_probes(*client);
  switch (opening) {
    case Opening::older:
      return answer(client->number, result_line(id, hello));
    case Opening::newer:
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
    case Opening::older:
      return answer(client->number, error_line(message.id, method_not_found, "method not found"));
    case Opening::under_way:
      probers.emplace_back(client->number, std::string(message.id));
      return;
    case Opening::newer:
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

// Nobody waits for the answers to these any more, and they decide nothing when they come.
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
    if (const SharedClientPtr client = client_of(number)) open_older(client, std::move(id));
  }
}

void SharedProcess::refuse_probes() {
  for (const auto& [number, id] : std::exchange(probers, {})) {
    answer(number, error_line(id, method_not_found, "method not found"));
  }
}

}  // namespace pawl::mcp
