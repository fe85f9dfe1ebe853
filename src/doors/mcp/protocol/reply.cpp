#include "doors/mcp/protocol/reply.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/response_filter.h"
#include "doors/mcp/protocol/tasks.h"
#include "gate/state/proposal.h"
#include "kernel/policy/access.h"
#include "model/trace.h"

namespace pawl::mcp {

std::string message_of(std::string_view error) {
  constexpr std::size_t shown_bytes_max = 200;
  const auto document = json::parse(error, as_it_came);
  const auto said = document ? document->root().text("message") : std::nullopt;
  return said ? utf8::shortened(escape_untrusted(*said), shown_bytes_max) : std::string();
}

bool ends_list(std::string_view next, std::set<std::string, std::less<>>& before) {
  return next.empty() || !before.emplace(next).second;
}
namespace {

constexpr std::size_t dropped_names_max = 8;
constexpr std::size_t dropped_name_bytes_max = 64;
constexpr std::size_t called_name_bytes_max = 256;

// Which action's grant shows a capability. A capability that is not here is never passed on.
struct Capability {
  std::string_view capability;
  std::string_view action;
};
constexpr Capability kClientCapabilities[] = {
    {"roots", "mcp:roots/list"},
    {"sampling", "mcp:sampling/createMessage"},
    {"elicitation", "mcp:elicitation/create"},
};
constexpr Capability kServerCapabilities[] = {
    {"tools", ""},
    {"resources", "mcp:resources/read"},
    {"prompts", "mcp:prompts/get"},
    {"completions", "mcp:completion/complete"},
    {"logging", "mcp:logging/setLevel"},
};

// Switches of a server's capabilities; the rest of what they hold is not passed on.
constexpr std::string_view kServerSwitches[] = {"listChanged", "subscribe"};

template <std::size_t N>
const Capability* shown_capability(std::string_view name, const Capability (&table)[N],
                                   const Shown& to) {
  const auto* gate = std::find_if(std::begin(table), std::end(table),
                                  [&](const Capability& g) { return g.capability == name; });
  if (gate == std::end(table)) return nullptr;
  return gate->action.empty() || granted(to, gate->action) ? gate : nullptr;
}

std::string stateful_capabilities(json::View offered, const Shown& to) {
  json::Writer out;
  out.object();
  for (auto [key, value] : offered.members()) {
    if (shown_capability(key, kServerCapabilities, to) == nullptr || !value.is_object()) continue;
    out.key(key).object();
    for (std::string_view name : kServerSwitches) {
      const json::View on = value[name];
      if (on.exists() && on.kind() == json::Kind::boolean) out.key(name).boolean(on.boolean());
    }
    out.end();
  }
  out.end();
  return out.take();
}

}  // namespace

std::string called_tool(json::View params) {
  const std::string_view name = params.text("name").value_or("tools/call");
  return escape_untrusted(name.substr(0, called_name_bytes_max));
}

bool granted(const Shown& to, std::string_view tool) {
  return to.policy.find(to.server, tool) != nullptr &&
         to.policy.blocks(to.server, tool) == nullptr &&
         (to.part == nullptr || to.part->covers(to.server, tool));
}

Hello hello_of(json::View params) {
  Hello hello{newest_revision, params["capabilities"], params["clientInfo"]};
  const auto asked = params.text("protocolVersion");
  for (std::string_view revision : revisions) {
    if (asked == revision) hello.revision = revision;
  }
  return hello;
}

std::string client_name(json::View client) {
  json::Writer out;
  out.object();
  // A stateless client need not say who it is, and every server of the stateful era refuses one
  // that has no name and no version.
  out.key("name").string(client.text("name").value_or("unnamed"));
  if (const auto title = client.text("title")) out.key("title").string(*title);
  out.key("version").string(client.text("version").value_or("0"));
  out.end();
  return out.take();
}

std::string client_capabilities(json::View offered, const Policy& policy, std::string_view server) {
  const Shown to{policy, server};
  json::Writer out;
  out.object();
  for (auto [key, value] : offered.members()) {
    if (shown_capability(key, kClientCapabilities, to) != nullptr) out.key(key).value(value);
  }
  out.end();
  return out.take();
}

std::string initialize_params(const Hello& hello, const Policy& policy, std::string_view server) {
  json::Writer out;
  out.object();
  out.key("protocolVersion").string(hello.revision);
  out.key("capabilities").raw(client_capabilities(hello.capabilities, policy, server));
  out.key("clientInfo").raw(client_name(hello.client));
  out.end();
  return out.take();
}

std::string server_capabilities(json::View offered, const Shown& to, bool stateless) {
  const std::string kept = stateful_capabilities(offered, to);
  if (!stateless) {
    // Of its tools: which of them, their definitions say.
    const bool tasks = offered["tasks"]["requests"]["tools"]["call"].exists();
    return tasks ? with_members(kept, R"("tasks":{"cancel":{},"requests":{"tools":{"call":{}}}})")
                 : kept;
  }
  const auto document = json::parse(kept);
  json::Writer out;
  out.object();
  for (auto [name, value] : document ? document->root().members() : json::View().members()) {
    out.key(name).object();
    if (name == "tools") {
      out.key("listChanged").boolean(true);
    } else if (value["listChanged"].exists()) {
      out.key("listChanged").value(value["listChanged"]);
    }
    const bool hears = granted(to, "mcp:resources/subscribe");
    if (name == "resources" && value["subscribe"].exists() && hears) {
      out.key("subscribe").value(value["subscribe"]);
    }
    out.end();
  }
  // Calls that wait for a person are tasks for clients that know them.
  if (offered["tools"].exists()) {
    out.key("extensions").object().key(tasks_extension).object().end().end();
  }
  out.end();
  return out.take();
}

std::string initialize_result(json::View said, const Shown& to, bool with_instructions,
                              std::string_view revision) {
  json::Writer out;
  out.object();
  const auto spoken = said.text("protocolVersion");
  if (spoken || !revision.empty()) {
    out.key("protocolVersion").string(revision.empty() ? *spoken : revision);
  }
  out.key("capabilities").raw(server_capabilities(said["capabilities"], to, false));
  if (said["serverInfo"].is_object()) {
    out.key("serverInfo").raw(filter_implementation(said["serverInfo"]));
  }
  if (const auto text = said.text("instructions"); text && with_instructions) {
    out.key("instructions").string(*text);
  }
  out.end();
  return out.take();
}

std::string empty_list(std::string_view member) {
  return fmt::format(R"({{"{}":[],"_meta":{{"pawl/list":{{"granted":0,"hidden":true}}}}}})",
                     member);
}

std::string refused_result(const Settled& settled) {
  json::Writer out;
  out.object();
  out.key("content").array().object();
  out.key("type").string("text").key("text").string(settled.text);
  out.end().end();
  out.key("isError").boolean(true);
  out.key("_meta").object().key("pawl/decision").raw(settled.decision).end();
  out.end();
  return out.take();
}

std::string refused_error(const Settled& settled) {
  return error_object(refused_by_policy, settled.text, settled.decision);
}

std::string with_related_task(std::string_view result, std::string_view task) {
  const auto document = json::parse(result, as_it_came);
  if (!document || !document->root().is_object()) return std::string(result);
  json::Writer out;
  out.object();
  for (auto [key, value] : document->root().members()) {
    if (key != "_meta") out.key(key).value(value);
  }
  out.key("_meta").object();
  for (auto [name, inner] : document->root()["_meta"].members()) {
    if (name != meta_related_task) out.key(name).value(inner);
  }
  out.key(meta_related_task).object().key("taskId").string(task).end();
  out.end().end();
  return out.take();
}

std::string without_meta(json::View params, bool stateless) {
  json::Writer out;
  out.object();
  for (auto [key, value] : params.members()) {
    if (stateless && (key == "requestState" || key == "inputResponses")) continue;
    if (key != "_meta") out.key(key).value(value);
  }
  out.end();
  return out.take();
}

std::string with_members(std::string_view params, std::string_view members) {
  std::string text(params.empty() ? "{}" : params);
  if (members.empty()) return text;
  const bool first = text == "{}";
  text.pop_back();
  if (!first) text += ',';
  text += members;
  text += '}';
  return text;
}

std::string with_meta(std::string_view params, std::string_view members) {
  if (members.empty()) return std::string(params);
  return with_members(params, fmt::format(R"("_meta":{{{}}})", members));
}

namespace {

// The first of them by name; the others are counted.
struct Dropped {
  std::vector<std::string> names;
  std::size_t more = 0;

  void add(std::string_view before, std::string_view name) {
    if (names.size() == dropped_names_max) {
      ++more;
    } else {
      names.push_back(std::string(before) + std::string(name.substr(0, dropped_name_bytes_max)));
    }
  }
};

void add_meta(json::View params, bool traced, Dropped& dropped) {
  for (auto [key, value] : params["_meta"].members()) {
    const bool read = key == meta_version || key == meta_client || key == meta_capabilities ||
                      key == meta_log_level;
    const bool known = key == "progressToken" || (traced && key == traceparent_name);
    if (!known && !read) dropped.add("_meta.", key);
  }
}

std::string noted(const Dropped& dropped) {
  if (dropped.names.empty()) return {};
  std::string note = "not forwarded:";
  for (const std::string& name : dropped.names) {
    note += " `" + escape_untrusted(std::string_view(name).substr(0, dropped_name_bytes_max)) + "`";
  }
  if (dropped.more > 0) note += fmt::format(" and {} more", dropped.more);
  return note;
}

}  // namespace

std::string dropped(json::View params, const std::vector<std::string_view>& kept, bool traced) {
  Dropped dropped;
  for (auto [key, value] : params.members()) {
    if (key != "_meta" && std::find(kept.begin(), kept.end(), key) == kept.end()) {
      dropped.add("", key);
    }
  }
  add_meta(params, traced, dropped);
  return noted(dropped);
}

std::string dropped_meta(json::View params, bool traced) {
  Dropped dropped;
  add_meta(params, traced, dropped);
  return noted(dropped);
}

}  // namespace pawl::mcp
