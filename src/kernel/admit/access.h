// Access on request: whether a request stays within its line of `may_request`, and whether a grant
// covers a call. Pure; grants are part of the state.
//
// A grant lets calls of one tool through the stage that asks for an entry, and through no other:
// what the line says of arguments, what the file says of the server, classes, freezes, layers and
// ceilings hold as for every call, so what cannot be undone is still asked about call by call.
// A grant counts for its own run, until its time is over or its calls are used up, for calls with
// exactly the arguments that were asked for, and as long as the line is what it was.
#pragma once

#include <string>

#include "kernel/admit/admit.h"

namespace pawl {

class Policy;
struct Askable;
struct ToolRule;

// The line as it was compiled, with the entry that a server's defaults made of it.
std::string line_digest(const Policy& policy, const Askable& line, const ToolRule& entry);

// What stands for a value in a grant.
std::string granted_digest(std::string_view grant, std::string_view argument, json::View value);

// The grant that covers this call of a line's tool, or null with why there is none.
const Grant* grant_for(const Situation& situation, std::string& why);

// What a request comes to once people have said yes. Precondition: no stage objects to it.
struct AccessGiven {
  std::string tool;  // `server/tool`, or `tool`
  std::string line;
  Duration lasts{};
  std::uint64_t calls = 0;   // zero: no limit
  std::uint64_t before = 0;  // see GrantMade
  json::View arguments;      // nothing, or an object
};
AccessGiven access_given(const Situation& situation);

// `merge` (irreversible large) for 30m, at most 1 call: for people and for the agent.
std::string access_sentence(const Situation& situation);

// The first grants of a run whose time is not over.
std::size_t live_grants(const Run& run, Instant now);

}  // namespace pawl
