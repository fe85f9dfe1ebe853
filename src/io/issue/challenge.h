// What `WWW-Authenticate` of a 401 says to a client that has no token yet (RFC 9110, section
// 11.6.1; RFC 6750; RFC 9728, section 5.1). Pure. It is a stranger's text: its address is checked
// before it is used.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pawl::issue {

struct BearerChallenge {
  std::string metadata;  // the address of `resource_metadata`; empty: it names none
  std::string scope;     // what it would take, in the server's words; empty: it does not say
};

// The challenge of `Bearer` among those of a field. Nothing where there is none, or two, where one
// of these parameters stands twice, or where it cannot be read in one way alone.
std::optional<BearerChallenge> bearer_challenge(std::string_view field);

}  // namespace pawl::issue
