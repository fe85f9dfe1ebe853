// What the header fields of a request say about the message in its body, and whether both agree.
//
// In revision 2026-07-28 a request carries its method and the name that it is about in its fields
// too, so that an intermediary can look at them without reading the body. The one that reads
// the body has to refuse a request in which the two differ: what is decided here is the body alone,
// and a field that says something else was meant for one that decides on that. Pure functions;
// views into the request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "doors/mcp/protocol/message.h"
#include "doors/mcp/transport/transport.h"
#include "io/http/message.h"

namespace pawl::mcp {

inline constexpr std::string_view session_field = "mcp-session-id";
inline constexpr std::string_view version_field = "mcp-protocol-version";
inline constexpr std::string_view method_field = "mcp-method";
inline constexpr std::string_view name_field = "mcp-name";
inline constexpr std::string_view last_event_field = "last-event-id";

// What a client can take as the answer of a request.
struct Taken {
  bool json = false, events = false;
};
// Nothing where the field says something that cannot be read. No field takes everything.
Taken taken_of(const http::Headers& headers);

// Whether the body is JSON: `application/json`, with or without a charset, which is UTF-8.
bool is_json(const http::Headers& headers);

// The one value of a field; nothing where it is not there. `twice`: it stands there several times.
struct Field {
  std::optional<std::string_view> value;
  bool twice = false;
};
Field field_of(const http::Headers& headers, std::string_view name);

// A value that may be written as `=?base64?…?=` where it has other characters than a field can
// have. Nothing: what is between the marks is no base64 of UTF-8.
std::optional<std::string> decoded(std::string_view value);

// The params of a call with the `traceparent` of its header fields in `_meta`, where the message
// does not say one itself; empty: they stay as they are.
std::string traced_params(const http::Headers& headers, const Message& message);

// The arguments that a request repeats in its fields (`Mcp-Param-…`).
Repeated repeated_arguments(const http::Headers& headers);

// What is wrong with the fields of a stateless request, as a sentence; empty: they agree with it.
std::string disagreement(const http::Headers& headers, const Message& message);

}  // namespace pawl::mcp
