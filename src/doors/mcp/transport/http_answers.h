// Messages of a session on their way into HTTP: which of them end an exchange, whose id they have,
// and with which status they are sent. Pure, but for `refuse`, which sends.
#pragma once

#include <string>
#include <string_view>

#include "doors/mcp/protocol/message.h"
#include "io/http/responder.h"

namespace pawl::mcp {

// Whether a message is the answer of a request: a result or an error.
bool is_answer(std::string_view message);

// Whether a stateful client expects it in the exchange of an open call: requests of
// the server, what it logs, what becomes of its requests.
bool belongs_to_a_call(std::string_view message);

// The id of a request, and the tag of a subscription, in the client's own words again. `key` is a
// number of ours; the tag only in what is said of a `subscriptions/listen`, which we wrote.
std::string with_id_of_client(std::string_view message, std::string_view key, std::string_view id);
std::string tagged_for_client(std::string_view message, std::string_view key, std::string_view id);

// The status of an answer in the revisions since 2026-07-28.
int status_of(std::string_view answer);

// An error for a request that a session did not answer.
std::string ended_line(std::string_view id);
void refuse(http::Responder responder, int status, std::string_view id, std::string_view why,
            int code = internal_error);

}  // namespace pawl::mcp
