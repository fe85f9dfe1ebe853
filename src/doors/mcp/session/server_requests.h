// Requests of a server that go the other way: sampling, elicitation, roots.
//
// A server may ask only what the policy grants under `mcp:METHOD`. A sampling request is decided
// before the client sees it, and so is an elicitation that sends the person to an address, with the
// arguments `{request}`; of its answer only the `action` is passed on. For forms and roots it is
// the client's answer that carries something to the server: it is decided like arguments before a
// byte of it is passed on, as the action `mcp:METHOD` with the arguments `{request, answer}` (rule
// 1; threats D06, D07). What a person is shown begins with the server's name. Whether the server
// asks in a request of its own or with a result that says `input_required`, it is decided alike.
#pragma once

#include <cstddef>

#include "base/json.h"

namespace pawl::mcp {

inline constexpr std::size_t asked_client_max = 64;

// True where a form asks for something that looks like a secret: in the name, title or description
// of a field, or in its message where a field takes free text.
bool asks_for_secret(json::View params);

}  // namespace pawl::mcp
