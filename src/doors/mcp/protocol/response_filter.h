// What a server says that is not passed on as it came: words that only pawl writes (threats S06),
// what a `scope` keeps back of the little that passes besides results (rule 18), and all of which
// pawl judged a part: that is written again from the part that was judged, so that no client reads
// another one in it. Pure functions over raw JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace pawl::mcp {

// How it is noted that something was taken out.
inline constexpr const char* reserved_topic = "reserved key stripped";
inline constexpr const char* reserved_text =
    "the server wrote a key of `_meta` that only pawl may write";

// True for a name that only pawl writes, in any spelling: `pawl/…`.
bool reserved_name(std::string_view name);

// A result, or the params of a notification, without members of `_meta` that only pawl may write,
// at any depth but in structured content; empty where nothing had to be taken out.
std::string without_reserved(std::string_view text);

// An error object of a server. A denial is known by pawl's own code and by the decision in `data`,
// so neither comes from a server; an error that asks for addresses to be opened asks past the
// policy. These codes become that of an internal error, and what is not pawl's to say is left out;
// so is what two readers could read in two ways.
struct FilteredError {
  std::string text;     // empty: it passes as it came
  bool forged = false;  // something that only pawl writes was taken out
};
FilteredError filter_error(std::string_view error);

// Under a scope: a code of the protocol, and no word of the server's.
std::string error_under_scope(std::string_view error);

// A result without members whose names are those of the protocol but for their case, which some
// readers take for them; empty where there is none.
std::string without_lookalikes(json::View result);

// A page of a list: its elements, its cursor and its `_meta`. Under a scope the cursor has a name
// of pawl's, and `_meta` stays behind.
std::string cursor_under_scope(std::string_view cursor);
std::string filter_list(json::View result, std::string_view member, bool scoped);
// One element of a list, without such lookalikes.
void write_element(json::View element, json::Writer& out);

// The params of a log message whose level is one of the protocol's; empty: it is not. Under a
// scope nothing but that level passes.
std::string filter_log(json::View params, bool scoped);

// The params of a question of a server, of those that a client is asked: the members that the
// protocol has for it, and nothing else is decided on or shown. Canonical.
std::string filter_question(std::string_view method, json::View params);

// Who a server says that it is.
std::string filter_implementation(json::View server);

}  // namespace pawl::mcp
