// What the door writes in place of what was received: filtered lists, refused calls, rebuilt
// params. Pure functions over parsed messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "doors/mcp/shelf.h"
#include "gate/gate.h"
#include "kernel/policy/policy.h"

namespace pawl::mcp {

// `initialize` as it goes to the server: a known revision, the client's name, and of its
// capabilities those whose requests the policy grants to the server.
std::string initialize_params(json::View params, const Policy& policy, std::string_view server);

// The server's answer as it goes to the client: capabilities whose actions the policy does not
// grant are left out, and instructions that are not accepted.
std::string initialize_result(json::View result, const Policy& policy, std::string_view server,
                              bool with_instructions);

// True where the policy grants this name and does not block it.
bool granted(const Policy& policy, std::string_view server, std::string_view tool);

// One page of tools/list with what may be called. `changed` tells whether anything differs from
// what was received; if not, the received bytes pass.
struct FilteredList {
  std::string text;
  bool changed = false;
};
FilteredList filter_tools(json::View result, const Policy& policy, std::string_view server,
                          const Shelf& shelf);

// An empty list of a method, for lists whose content is not granted.
std::string empty_list(std::string_view member);

// A refused or pending tools/call: a result with isError, three lines of text, `pawl/decision`.
std::string refused_result(const Settled& settled);
// The same decision for every other method: data of a JSON-RPC error.
std::string refused_line(std::string_view id, const Settled& settled);

// A result without members of `_meta` that only pawl may write (threats S06); empty where nothing
// had to be taken out.
std::string without_reserved(std::string_view result_text);

// Canonical text of params without `_meta`; for actions.
std::string without_meta(json::View params);

// Params of a forwarded request: the members given (raw JSON), and our progress token if wanted.
std::string with_token(std::string_view params, std::uint64_t token);

// The members of `_meta` and of params that are not forwarded, as a note for the record.
std::string dropped(json::View params, const std::vector<std::string_view>& kept);

}  // namespace pawl::mcp
