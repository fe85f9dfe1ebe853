// From a request to a principal, and from a run to its credential.
//
//   const auto who = co_await identities.authenticate(request, audience);
//   if (!who) return respond(refuse(who.error()));
//
// Two proofs are known: a key of an agent that the deployment file names, and the credential of a
// run that this node signed. Whoever presents anything else is nobody. A key counts as long as it
// stands in the file, a credential as long as its run is open, whoever it goes back to is still in
// the file, and its time has not come. Each refusal is told to `note`, which bounds how many are
// kept; what is said to the caller never tells one refusal of a token from another.
//
// Threads: the loop that owns the gate.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/http/message.h"
#include "io/identity/principal.h"
#include "kernel/policy/deployment.h"
#include "kernel/state/state.h"
#include "kernel/token/key_set.h"
#include "kernel/token/run_credential.h"

namespace pawl::identity {

inline constexpr std::size_t credentials_known_max = 4096;  // whose signature is not checked twice
inline constexpr Duration credential_life_default = Duration::seconds(3600);
inline constexpr Duration credential_life_max = Duration::seconds(24 * 3600);

struct IdentityPorts {
  std::function<Instant()> now;
  // The run that a credential names, or the one that it counts in; null: there is no such run.
  std::function<const Run*(std::string_view id)> run;
  std::function<void(const std::string& topic, const std::string& text)> note;
  std::function<std::string(std::size_t)> random;
};

// For whom a credential is made.
struct Bearer {
  std::string agent;     // who will act
  std::string run;       // an open run
  std::string audience;  // the one door
  Duration life = credential_life_default;
};

class Identities {
 public:
  // `keys`: newest first, at least one. `issuer`: how the node is reached from outside.
  Identities(IdentityPorts ports, std::vector<token::SigningKey> keys, std::string issuer);

  // Who is known, from now on. Again whenever the file was read.
  void use(const Deployment& deployment);

  // `request` outlives the task.
  Task<Proved<Principal>> authenticate(const http::Request& request, std::string audience);

  struct Issued {
    std::string token, id;
    Instant expires;
  };
  // Fault::missing: no such open run.
  Result<Issued> issue(const Bearer& bearer);
  // For a sub-agent: what `token::delegate` made of the parent's.
  Result<Issued> issue(token::RunCredential credential);

  const std::string& issuer() const { return issuer_; }
  std::string new_id(std::string_view prefix) const;
  // The public keys that check our credentials (RFC 7517).
  std::string key_set() const { return keys_.text(); }

 private:
  struct Agent {
    std::string name, role, sponsor;
    Rights rights;
  };
  Proved<Principal> by_key(std::string_view key) const;
  Proved<Principal> by_credential(const std::string& token, const std::string& audience);
  Denied refused(std::string reason) const;

  IdentityPorts ports_;
  std::vector<token::SigningKey> signing_;
  token::KeySet keys_;
  std::string issuer_;
  std::vector<token::KeptKey> kept_;
  std::vector<Agent> agents_;                                 // of the kept keys, one each
  std::map<std::string, std::string, std::less<>> roles_of_;  // agent -> role; a role by itself too
  std::map<std::string, token::RunCredential> known_;  // digest of a token whose signature fits
};

// The key of a run that an agent opened: the same name is the same run.
std::string run_key(const Principal& principal, std::string_view name);
// Whether a run was opened by this agent, whatever door it came through.
bool opened_by(const Run& run, std::string_view agent);

}  // namespace pawl::identity
