// What a request says, read strictly and without anything behind it: pure functions over the bytes
// of a person who is not known yet.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "io/http/headers.h"
#include "io/secrets/credential.h"
#include "lang/jose/key.h"

namespace pawl::console {

// One answer to every wrong sign-in: a stranger does not learn who is a reviewer.
inline constexpr std::string_view wrong_sign_in = "name and passphrase are not those of a reviewer";

// The value of a cookie; empty where there is none, and where two of that name came, because which
// one counts differs from reader to reader.
std::string_view cookie_of(const http::Headers& headers, std::string_view name);

// A value of a query such as `run=r-1&tool=a%2Fb`, decoded; empty where there is none.
std::string query_value(std::string_view query, std::string_view name);

// What is asked of the control door for a path of the page below `/console/api/`, by whom.
std::string request_for(std::string_view path, std::string_view query,
                        std::string_view person = {});

struct SignIn {
  std::string person;
  jose::PublicKey key;  // on P-256
  secrets::Credential passphrase;
};
// `{"key":…,"person":…}`, a line break, and the passphrase as it is: so that only this text, which
// is wiped, ever holds it.
Result<SignIn> read_sign_in(std::string& body);

}  // namespace pawl::console
