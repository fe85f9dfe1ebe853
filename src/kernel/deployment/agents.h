// Who may call over the network: `agents` of the deployment file.
//
//   agents:
//     nightly:                                     who acts, in records and credentials
//       role: support-agent-v2                     exactly one
//       sponsor: first.lastname                    the person who answers for its runs
//       keys: ["AbCdEfGh:9f86d0…"]                 what is kept of a key, never the key
//       rights: [propose, watch]
//     deployer:
//       role: deployer
//       jwt: {issuer: corp, subject: ci-deploy}    tokens of an issuer; or `claims: {NAME: VALUE}`
//       certificate: {dns: deploy.example}         of a client, by a name in it or its SHA-256
//       spiffe: spiffe://prod.example/sa/deploy    JWT-SVIDs of a trust domain
//
// Each of them proves the agent. Every identity belongs to one agent and every agent to one role:
// two that share a key, a token or a certificate would be one and the same at the door, so such a
// file does not load. That no token fits two agents can be seen in the file: two agents of one
// issuer name a claim that differs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lang/jose/api_key.h"

namespace pawl {

// What an agent may do at the decision API and at the door of MCP.
struct Rights {
  bool propose = false;  // start runs of its own, and ask for calls in them
  bool settle = false;   // say how a call of its role ended: only who executes may
  bool watch = false;    // read runs of its role, and their events
  bool speak = false;    // hand over the words of the sponsor, and name the sponsor

  friend bool operator==(const Rights&, const Rights&) = default;
};
// `propose settle`, in the order above.
std::string to_string(const Rights& rights);

// The rights that are left where a right needs a scope: `scopes` says which, and `held` has them.
Rights within_scopes(Rights rights, const std::map<std::string, std::string, std::less<>>& scopes,
                     const std::vector<std::string>& held);

// What stands in the place of a kept key that must not open anything any more.
inline constexpr std::string_view revoked_mark = "revoked";

// The tokens of an issuer that are an agent's: each of these claims has exactly this value.
struct AgentToken {
  std::string issuer;                                      // a name of `issuers`
  std::map<std::string, std::string, std::less<>> claims;  // `sub` among them; values as JSON
  Position at;
};

// What a client's certificate has to say.
struct AgentCertificate {
  enum class By : std::uint8_t { subject, dns, uri, email, sha256 };
  By by = By::subject;
  std::string value;
  Position at;
};

struct DeployedAgent {
  std::string role;
  std::string sponsor;  // empty: the agent itself
  std::vector<jose::KeptKey> keys;
  std::vector<std::string> revoked;  // prefixes of keys that were taken back
  std::optional<AgentToken> jwt;
  std::optional<AgentCertificate> certificate;
  std::string spiffe;  // `spiffe://DOMAIN/PATH`; empty: none
  Rights rights{.propose = true, .watch = true};
  Position at;
};

}  // namespace pawl
