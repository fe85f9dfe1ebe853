// What a process says to the sessions that share it.
#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/json_edit.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/unreadable.h"
#include "doors/mcp/transport/shared_impl.h"

namespace pawl::mcp {
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
  const auto message = read_said(line, mended, parser, document);
  if (!message) return unreadable(line, message.error().message);
  switch (message->kind) {
    case MessageKind::request: {
      if (message->method == "ping") {
        (void)program.transport->send(result_line(message->id, "{}"), {});
        return;
      }
      (void)program.transport->send(error_line(message->id, method_not_found, "method not found"),
                                    {});
      tell(fmt::format("`{}` was refused: nobody can say which session it is for",
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

// Whoever it names looks at it, and ends its request or makes something of it.
void SharedProcess::unreadable(std::string_view line, const std::string& why) {
  if (unheard++ == 0) tell("it says what is no message: " + why);
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
    // As a session reads it: there are older servers that answer what they do not know with `{}`.
    const bool newer = result && !said_in_discover(message.result).empty();
    if (opening == Opening::probing && newer) opening = Opening::newer;
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
  opening = fine ? Opening::older : Opening::closed;
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
      if (unheard++ == 0) tell("what it says to nobody in particular is not passed on");
      return;
  }
}

// In the newer era it belongs to a subscription; in the older one, to all or to who subscribed.
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
