#include "doors/mcp/methods.h"

#include <array>
#include <utility>

namespace pawl::mcp {
namespace {

constexpr Method kUnknown{"", Handling::unknown};

constexpr std::array kClientMethods = {
    Method{"initialize", Handling::handshake},
    Method{"ping", Handling::here},
    Method{"server/discover", Handling::here},
    Method{"tools/list", Handling::tool_list},
    Method{"tools/call", Handling::call},
    Method{"resources/list", Handling::list, "mcp:resources/read", "resources"},
    Method{"resources/templates/list", Handling::list, "mcp:resources/read", "resourceTemplates"},
    Method{"prompts/list", Handling::list, "mcp:prompts/get", "prompts"},
    Method{"resources/read", Handling::action},
    Method{"resources/subscribe", Handling::action},
    Method{"resources/unsubscribe", Handling::action},
    Method{"prompts/get", Handling::action},
    Method{"completion/complete", Handling::action},
    Method{"logging/setLevel", Handling::action},
    Method{"tasks/get", Handling::action},
    Method{"tasks/result", Handling::action},
    Method{"tasks/list", Handling::action},
    Method{"tasks/cancel", Handling::action},
};

constexpr std::array<std::pair<std::string_view, ServerAsks>, 4> kServerRequests = {{
    {"ping", ServerAsks::ping},
    {"sampling/createMessage", ServerAsks::decide_before},
    {"elicitation/create", ServerAsks::decide_answer},
    {"roots/list", ServerAsks::decide_answer},
}};

constexpr std::array<std::pair<std::string_view, Notice>, 4> kClientNotices = {{
    {"notifications/initialized", Notice::initialized},
    {"notifications/cancelled", Notice::cancelled},
    {"notifications/progress", Notice::progress},
    {"notifications/roots/list_changed", Notice::roots_changed},
}};

constexpr std::array<std::pair<std::string_view, Notice>, 8> kServerNotices = {{
    {"notifications/cancelled", Notice::cancelled},
    {"notifications/progress", Notice::progress},
    {"notifications/message", Notice::message},
    {"notifications/tools/list_changed", Notice::tools_changed},
    {"notifications/prompts/list_changed", Notice::list_changed},
    {"notifications/resources/list_changed", Notice::list_changed},
    {"notifications/resources/updated", Notice::resource_updated},
    {"notifications/elicitation/complete", Notice::elicitation_done},
}};

template <class Table, class Value>
Value look_up(const Table& table, std::string_view name, Value missing) {
  for (const auto& [known, value] : table) {
    if (known == name) return value;
  }
  return missing;
}

}  // namespace

const Method& client_method(std::string_view name) {
  for (const Method& method : kClientMethods) {
    if (method.name == name) return method;
  }
  return kUnknown;
}

ServerAsks server_request(std::string_view name) {
  return look_up(kServerRequests, name, ServerAsks::unknown);
}

Notice client_notice(std::string_view name) {
  return look_up(kClientNotices, name, Notice::unknown);
}

Notice server_notice(std::string_view name) {
  return look_up(kServerNotices, name, Notice::unknown);
}

}  // namespace pawl::mcp
