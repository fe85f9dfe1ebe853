// Every method of MCP up to revision 2026-07-28, and what this door does with it (rule 1).
//
// One table for both eras; a method of the other era is unknown in this one. What is not in it is
// unknown and refused in both directions. Methods with content are actions under the reserved name
// `mcp:METHOD`, decided by the same stages as tool calls.
#pragma once

#include <cstdint>
#include <string_view>

namespace pawl::mcp {

enum class Handling : std::uint8_t {
  handshake,  // initialize
  here,       // answered by pawl itself: ping
  discover,   // server/discover: answered by pawl from what the server said about itself
  listen,     // subscriptions/listen
  tool_list,  // tools/list: forwarded and filtered
  list,       // other lists: forwarded where their content action is granted, else empty
  call,       // tools/call
  task,       // of a task that pawl made of a call
  action,     // decided as `mcp:METHOD`
  unknown,
};

enum class Spoken : std::uint8_t { both, stateful, stateless };

struct Method {
  std::string_view name;
  Handling handling;
  Spoken spoken = Spoken::both;
  // For lists: the action whose grant shows the list, and the member that holds it.
  std::string_view shown_by = {};
  std::string_view member = {};
};

// What a client may ask.
const Method& client_method(std::string_view name);

// What a server may ask of a client.
enum class ServerAsks : std::uint8_t { ping, decide_before, decide_answer, unknown };
ServerAsks server_request(std::string_view name);

// What a client may notify of, and what a server may.
enum class ClientNotice : std::uint8_t { initialized, cancelled, roots_changed, unknown };
ClientNotice client_notice(std::string_view name);
enum class ServerNotice : std::uint8_t {
  cancelled,
  progress,
  message,
  tools_changed,
  list_changed,
  resource_updated,
  elicitation_done,
  acknowledged,
  unknown,
};
ServerNotice server_notice(std::string_view name);

// Revisions that are served with `initialize`; any other is answered with the newest of these.
inline constexpr std::string_view revisions[] = {"2024-11-05", "2025-03-26", "2025-06-18",
                                                 "2025-11-25"};
inline constexpr std::string_view newest_revision = "2025-11-25";

}  // namespace pawl::mcp
