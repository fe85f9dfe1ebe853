// What a server says that is not passed on as it came: words that only pawl writes (threats S06),
// and what a `scope` keeps back of the little that passes besides results (rule 18). Pure functions
// over raw JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace pawl::mcp {

// True for a name that only pawl writes, in any spelling: `pawl/…`.
bool reserved_name(std::string_view name);

// A result, or the params of a notification, without members of `_meta` that only pawl may write,
// at any depth but in structured content; empty where nothing had to be taken out.
std::string without_reserved(std::string_view text);

// An error object of a server. A denial is known by pawl's own code and by the decision in `data`,
// so neither comes from a server; an error that asks for addresses to be opened asks past the
// policy. These codes become that of an internal error, and what is not pawl's to say is left out;
// so is what two readers could read in two ways.
struct ErrorSaid {
  std::string text;     // empty: it passes as it came
  bool forged = false;  // something that only pawl writes was taken out
};
ErrorSaid error_said(std::string_view error);

// Under a scope: a code of the protocol, and no word of the server's.
std::string error_under_scope(std::string_view error);

// A page of a list under a scope: its elements, a name for its cursor, and what pawl wrote itself.
std::string cursor_under_scope(std::string_view cursor);
std::string list_under_scope(std::string_view result, std::string_view member, bool by_pawl);

// The params of a log message whose level is one of the protocol's; empty: it is none. Under a
// scope nothing but that level passes.
std::string log_said(json::View params, std::string_view text, bool scoped);

}  // namespace pawl::mcp
