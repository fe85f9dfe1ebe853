// Access on request (`may_request`): the tool with which an agent asks, and what a request says.
//
// A request names the tool in its action (model/access.h). Its arguments narrow what the policy's
// line would let people grant, and never widen it:
//   why        in the agent's words; the reviewer reads them as such
//   minutes    how long; without it as long as the line says
//   calls      how many calls at most; without it as many as the line says
//   arguments  what every call will have: each of these arguments exactly so
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "kernel/policy/policy.h"

namespace pawl {

inline constexpr std::size_t access_why_characters_max = 500;

struct AccessWanted {
  std::string_view why;
  std::optional<Duration> lasts;
  std::optional<std::uint64_t> calls;
  json::View arguments;  // nothing, or an object
};
Result<AccessWanted> read_access(json::View arguments);

// Of a request as it is judged: our own, so nothing of it is pinned.
std::shared_ptr<const ToolDefinition> access_definition();

// The lines that are about tools of this server, and the tool with which an agent asks for them, as
// the list of tools has it; empty where there are none. `names` are those that the server offers.
std::string access_tool(const Policy& policy, std::string_view server,
                        const std::vector<std::string>& names);

// For the loader: the entry of requests for a line.
ToolRule access_entry(const ToolRule& what);

}  // namespace pawl
