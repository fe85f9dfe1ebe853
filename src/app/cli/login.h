// What a tool server says of who logs people in for it (RFC 9728).
//
//   const auto said = co_await ask_about_logins(client, server.url);
//
// It is asked without any token. A 401 that names its metadata is followed, at the server's own
// origin and nowhere else; where it names none, the metadata is looked for where the standard has
// it. What is found there is told and compared: no issuer that it names is asked for anything
// before the deployment file names it too.
// Threads: one loop.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "io/http/client.h"

namespace pawl::app {

struct SaidOfLogins {
  bool said = false;                 // it has metadata
  std::vector<std::string> issuers;  // of its authorization servers; they can be shown
  std::string scope;                 // what it would take, in its own words
};

// The first of these places that has something; ErrorKind::missing where none has.
Task<Result<std::string>> read_first(http::Client& client, std::vector<std::string> places);

// `client` reaches that server alone. ErrorKind::refused: what it says cannot count.
Task<Result<SaidOfLogins>> ask_about_logins(http::Client& client, std::string url);

}  // namespace pawl::app
