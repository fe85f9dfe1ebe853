// Whether a client's certificate is an agent's, and whether a token is bound to it.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "io/http/message.h"
#include "kernel/deployment/agents.h"

namespace pawl::identity {

// The name or digest, letter for letter; DNS names in any case, and no wildcards.
bool fits(const AgentCertificate& wanted, const http::ClientCertificate& shown);

// Why a token with these claims does not count on a connection with this certificate (null: none);
// empty: it does. `cnf` (RFC 7800) says whose token it is: of a certificate (`x5t#S256`, RFC 8705)
// the connection has to have shown that one; of anything else nothing could be checked here, so
// that a thief could use it.
std::string unbound(json::View claims, const http::ClientCertificate* shown);

}  // namespace pawl::identity
