// What the deployment file says of people besides their names: who else vouches for them, and how
// it is measured whether they read what they answer.
//
//   people:
//     idp: {issuer: "https://id.example", client: pawl, require: [mfa]}
//     groups: {leads: {oidc: platform-leads}}     everyone in that group there
//     ada: {oidc: ada@myco.example}               ada is whom the provider calls so
//   vigilance:
//     every: 7d
//     calls: [{role: support, server: crm, tool: send_mail, arguments: {…}, wrong: "why"}]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kernel/deployment/issued.h"

namespace pawl {

inline constexpr Duration provider_age_default = Duration::seconds(300);
inline constexpr Duration provider_age_max = Duration::seconds(12L * 3600);

// An OpenID provider through which people sign in to the console.
struct PersonProvider {
  ReachedHost at;  // its issuer
  std::string client;
  SecretSource client_secret;  // not given: the client is a public one
  std::string person_claim = "sub", groups_claim = "groups";
  std::vector<std::string> require;  // of `amr`, all of them
  // How long before a sign-in here a person may have signed in there; nothing: the provider does
  // not say when, and pawl does not ask.
  std::optional<Duration> max_age = provider_age_default;
  Position at_file;
};

// Calls that no reviewer ought to approve, asked for now and then. Nothing of them ever runs.
struct Vigilance {
  struct Seed {
    std::string role, server, tool;
    std::string arguments;  // JSON
    std::string wrong;      // why it ought to be denied: told to the reviewer who has answered
    Position at;
  };
  Duration every{};
  std::vector<Seed> calls;
  Position at;
};

}  // namespace pawl
