// Whose word about a caller counts: `issuers` and `trust_domains` of the deployment file.
//
//   issuers:
//     corp:
//       issuer: https://id.example                 `iss`, letter for letter; its keys by discovery
//       scopes: {propose: agents.call}             what a token must hold for a right
//   trust_domains:
//     prod.example: {keys_file: bundle.json}       the keys of a SPIFFE trust domain
//
// Where the keys are is decided here and by nothing that a token says. They are reached at public
// addresses, or at others where that is written.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "lang/jose/claims.h"

namespace pawl {

// Where public keys are: by discovery from `issuer`, at `url`, or in `file`.
struct KeyPlace {
  std::string issuer;        // empty: a trust domain, which has `url` or `file`
  std::string url;           // empty: by discovery
  std::string file;          // as written
  std::string ca;            // certificates to trust instead of the system's; as written
  bool own_network = false;  // it may lie in a private network or on this machine

  friend bool operator==(const KeyPlace&, const KeyPlace&) = default;
};

// What signs tokens about agents: an issuer, or a trust domain.
struct TokenSource {
  KeyPlace keys;
  // Besides the address of the door that is asked.
  std::vector<std::string> audiences;
  // Empty: each algorithm with a public key that is known here.
  std::vector<jose::Algorithm> algorithms;
  std::vector<std::string> clients;  // `azp` or `client_id`; empty: not looked at
  // The word of `rights` -> the scope that a token needs for it. Empty: scopes do not count;
  // otherwise a right that is not here cannot be had with these tokens.
  std::map<std::string, std::string, std::less<>> scopes;
  Duration clock_skew = jose::leeway_default;
  Position at;
};

}  // namespace pawl
