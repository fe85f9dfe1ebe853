// Access on request: the name under which an agent's request for a tool is judged, recorded and
// asked about.
//
// A request for `merge` is a call of the action `pawl:access:merge` on the same server. It goes
// through the gate like every call, so a person is asked in the same queue, on the same card, under
// the same rules of evidence; what it does is a record (GrantMade) and nothing else. Names that
// begin with `pawl:` are ours: no policy file grants them and no server may offer them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pawl {

inline constexpr std::string_view own_prefix = "pawl:";
inline constexpr std::string_view access_prefix = "pawl:access:";
// What an agent calls the tool with which it asks. It is in the list of tools where the policy has
// something to ask for.
inline constexpr std::string_view access_tool_name = "pawl_request_access";
inline constexpr std::size_t grants_per_run_max = 32;  // that have not ended yet

inline std::string access_name(std::string_view tool) {
  return std::string(access_prefix) + std::string(tool);
}

// The tool that is asked for, without its server; nothing where the action is no such request.
inline std::optional<std::string_view> asked_for(std::string_view action) {
  if (!action.starts_with(access_prefix)) return std::nullopt;
  return action.substr(access_prefix.size());
}

// True of `server/action` as well.
inline bool asks_for_access(std::string_view name) {
  const std::size_t at = name.find(access_prefix);
  return at == 0 || (at != std::string_view::npos && name.find('/') + 1 == at);
}

}  // namespace pawl
