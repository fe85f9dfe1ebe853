// What a request presents to prove who sends it: one `Authorization: Bearer …`.
#pragma once

#include <string>
#include <string_view>

#include "io/http/message.h"
#include "io/identity/principal.h"

namespace pawl::identity {

// The text behind `Bearer`. Refused: no such field, two of them, another scheme, several words, a
// token in the query (RFC 6750, section 2.3: it would end in logs), more than a token can have.
// Views into the request.
Proved<std::string_view> bearer_of(const http::Request& request);

// What stands in `WWW-Authenticate` and in the body of the refusal.
struct ChallengeTerms {
  std::string metadata = {};  // address of the resource's metadata (RFC 9728); empty: none
  std::string scope = {};     // that would do, as the issuer calls it; empty: the right itself
};
http::Response refuse(const Denied& denied, const ChallengeTerms& terms = {});

}  // namespace pawl::identity
