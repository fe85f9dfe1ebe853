// What the door writes in place of what was received: filtered lists, refused calls, rebuilt
// params. Pure functions over parsed messages.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "gate/state/sub_run.h"

namespace pawl {

struct Settled;
class Policy;
}  // namespace pawl

namespace pawl::mcp {

// What a client is shown of a server, and may be asked by it: what the policy grants, and where the
// client is a part of its run, what that was given.
struct Shown {
  const Policy& policy;
  std::string_view server;
  const SubRunLimits* part = nullptr;
};
// True where the policy grants this name and does not block it, and the part has it.
bool granted(const Shown& to, std::string_view tool);

// What a client says when it opens the way to a server. Views into its message.
struct Hello {
  std::string_view revision;  // of the stateful era: as asked for, or the newest that is served
  json::View capabilities, client;
};
Hello hello_of(json::View params);

// `initialize` as it goes to the server: a known revision, the client's name, and of its
// capabilities those whose requests the policy grants to the server.
std::string initialize_params(const Hello& hello, const Policy& policy, std::string_view server);
std::string client_name(json::View client);
std::string client_capabilities(json::View capabilities, const Policy& policy,
                                std::string_view server);

// The server's answer as it goes to the client, written from what pawl knows of it: capabilities
// whose actions the policy does not grant are left out, and instructions that are not accepted.
// `revision` where the client and the server do not speak the same one.
std::string initialize_result(json::View said, const Shown& to, bool with_instructions,
                              std::string_view revision = {});
// For a client of the stateless era changes come by subscription, and pawl itself tells of tools.
std::string server_capabilities(json::View capabilities, const Shown& to, bool stateless);

// How records call what a `tools/call` with these params asks for.
std::string called_tool(json::View params);

// An empty list of a method, for lists whose content is not granted; `_meta` says that it is so.
std::string empty_list(std::string_view member);

// A refused or pending tools/call: a result with isError, three lines of text, `pawl/decision`.
std::string refused_result(const Settled& settled);
// The same decision for every other method: a JSON-RPC error object with it as data.
std::string refused_error(const Settled& settled);

// A result of a task of the stateful era, which says whose it is.
std::string with_related_task(std::string_view result, std::string_view task);

// Canonical text of params without `_meta`; for actions. A stateless client's retry has two members
// of its own, which are not part of what is asked.
std::string without_meta(json::View params, bool stateless = false);

// Params of a forwarded request with members of their own added: `"a":1,"b":2`, raw JSON.
std::string with_members(std::string_view params, std::string_view members);
// The same for members of `_meta`, which the params do not have yet.
std::string with_meta(std::string_view params, std::string_view members);

// The members of `_meta` and of params that are not forwarded, as a note for the record.
// Of a call that is traced, its `traceparent` was read.
std::string dropped(json::View params, const std::vector<std::string_view>& kept, bool traced);
// The same where all params go on but `_meta`.
std::string dropped_meta(json::View params, bool traced);

// What an error of a server says, fit to be printed and cut short; empty where it says nothing.
std::string message_of(std::string_view error);

// Whether a `nextCursor` ends a list instead: an empty one, or one of those that it gave before.
// Remembers it otherwise.
bool ends_list(std::string_view next, std::set<std::string, std::less<>>& before);
inline constexpr std::string_view says_list_ends =
    "its `nextCursor` is empty or one that it gave before, so the list ends there";

}  // namespace pawl::mcp
