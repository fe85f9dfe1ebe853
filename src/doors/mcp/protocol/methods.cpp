#include "doors/mcp/protocol/methods.h"

#include <array>
#include <utility>

namespace pawl::mcp {
namespace {

constexpr Method kUnknown{"", Handling::unknown};

constexpr std::array kClientMethods = {
    Method{"initialize", Handling::handshake, Spoken::stateful},
    Method{"ping", Handling::here, Spoken::stateful},
    Method{"server/discover", Handling::discover, Spoken::stateless},
    Method{"subscriptions/listen", Handling::listen, Spoken::stateless},
    Method{"tools/list", Handling::tool_list},
    Method{"tools/call", Handling::call},
    Method{"resources/list", Handling::list, Spoken::both, "mcp:resources/read", "resources"},
    Method{"resources/templates/list", Handling::list, Spoken::both, "mcp:resources/read",
           "resourceTemplates"},
    Method{"prompts/list", Handling::list, Spoken::both, "mcp:prompts/get", "prompts"},
    Method{"resources/read", Handling::action},
    Method{"resources/subscribe", Handling::action, Spoken::stateful},
    Method{"resources/unsubscribe", Handling::action, Spoken::stateful},
    Method{"prompts/get", Handling::action},
    Method{"completion/complete", Handling::action},
    Method{"logging/setLevel", Handling::action, Spoken::stateful},
    Method{"tasks/get", Handling::task, Spoken::stateful},
    Method{"tasks/result", Handling::task, Spoken::stateful},
    Method{"tasks/cancel", Handling::task, Spoken::stateful},
};

constexpr std::array<std::pair<std::string_view, ServerAsks>, 4> kServerRequests = {{
    {"ping", ServerAsks::ping},
    {"sampling/createMessage", ServerAsks::decide_before},
    {"elicitation/create", ServerAsks::decide_answer},
    {"roots/list", ServerAsks::decide_answer},
}};

constexpr std::array<std::pair<std::string_view, ClientNotice>, 3> kClientNotices = {{
    {"notifications/initialized", ClientNotice::initialized},
    {"notifications/cancelled", ClientNotice::cancelled},
    {"notifications/roots/list_changed", ClientNotice::roots_changed},
}};

constexpr std::array<std::pair<std::string_view, ServerNotice>, 9> kServerNotices = {{
    {"notifications/cancelled", ServerNotice::cancelled},
    {"notifications/progress", ServerNotice::progress},
    {"notifications/message", ServerNotice::message},
    {"notifications/tools/list_changed", ServerNotice::tools_changed},
    {"notifications/prompts/list_changed", ServerNotice::list_changed},
    {"notifications/resources/list_changed", ServerNotice::list_changed},
    {"notifications/resources/updated", ServerNotice::resource_updated},
    {"notifications/elicitation/complete", ServerNotice::elicitation_done},
    {"notifications/subscriptions/acknowledged", ServerNotice::acknowledged},
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

ClientNotice client_notice(std::string_view name) {
  return look_up(kClientNotices, name, ClientNotice::unknown);
}

ServerNotice server_notice(std::string_view name) {
  return look_up(kServerNotices, name, ServerNotice::unknown);
}

}  // namespace pawl::mcp
