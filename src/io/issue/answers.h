// What those who issue secrets answer, read strictly: a secret that is not there as documented is
// none.
//
// Errors say which part of an answer is missing, or the code that the other side gave, and never a
// text of it: that could hold the secret. The reader of an answer wipes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "io/secrets/credential.h"

namespace pawl::issue {

// What is said of a secret with an unknown end.
inline constexpr Duration unsaid_end = Duration::seconds(30);
inline constexpr Duration end_max = Duration::seconds(24L * 3600);

struct Answered {
  // By the variable it belongs in; empty: it goes wherever credentials go.
  std::vector<std::pair<std::string, secrets::Credential>> values;
  Duration lasts = unsaid_end;  // from now
  std::string version, principal;
  std::string resource;         // of a login: the server that it is for
  secrets::Credential refresh;  // of a login: what the next question asks with, where it is new
};

// `status` is that of HTTP. `now` where an answer names an instant.
Result<Answered> read_vault_login(int status, std::string_view body);
Result<Answered> read_vault(int status, std::string_view body, std::string_view field);
Result<Answered> read_oauth(int status, std::string_view body);
// The same, and the refresh token where there is one.
Result<Answered> read_login_tokens(int status, std::string_view body);
Result<Answered> read_github(int status, std::string_view body, Instant now);
Result<Answered> read_aws(int status, std::string_view body, Instant now);

}  // namespace pawl::issue
