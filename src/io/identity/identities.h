// From a request to a principal, and from a run to its credential.
//
//   const auto who = co_await identities.authenticate(request, audience);
//   if (!who) return respond(refuse(who.error()));
//
// These proofs are known: a key of an agent that the deployment file names, the credential of a run
// that this node signed, a token of an issuer or a trust domain that the file names
// (identities.cpp), and the certificate of a client. A caller that presents anything else is
// unknown. A key counts as long as it stands in the file, a credential as long as its run is open,
// the agent that it goes back to is still in the file, and its time has not come. A token counts
// for the door that it is for, until its end, on the connection that it is bound to, and only where
// it is exactly one agent's. A caller who shows a certificate of one agent and a token of another
// is neither. Each refusal is told to `note`, which bounds how many are kept; what is said to the
// caller never tells one refusal of a token from another.
//
// Threads: the loop that owns the gate.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/http/message.h"
#include "io/identity/key_cache.h"
#include "io/identity/principal.h"
#include "kernel/deployment/deployment.h"
#include "kernel/state/state.h"
#include "lang/jose/key_set.h"
#include "lang/jose/run_credential.h"

namespace pawl::identity {

inline constexpr std::size_t credentials_known_max = 4096;  // whose signature is not checked twice
inline constexpr std::size_t tokens_known_max = 1024;       // of others; those that are not huge
inline constexpr std::size_t known_token_bytes_max = 4096;
inline constexpr Duration credential_life_default = Duration::seconds(3600);
inline constexpr Duration credential_life_max = Duration::seconds(24 * 3600);

struct IdentityPorts {
  std::function<Instant()> now;
  // The run that a credential names, or the one that it counts in; null: there is no such run.
  std::function<const Run*(std::string_view id)> run;
  // When the time of this run is used up, as far as anybody can tell now; absent: it has no end.
  std::function<std::optional<Instant>(std::string_view run)> deadline = {};
  std::function<void(const std::string& topic, const std::string& text)> note;
  std::function<std::string(std::size_t)> random;
  // Where others' keys are had from. Without it, no tokens count.
  std::function<Task<Result<FetchedKeys>>(KeyPlace place)> fetch = {};
};

// For whom a credential is made.
struct Bearer {
  std::string agent;     // who will act
  std::string run;       // an open run
  std::string audience;  // the one door
  Duration life = credential_life_default;
};

// A key of the node for credentials of runs.
struct RunSigner {
  jose::SigningKey key;
  std::optional<Instant> until = {};  // of one that only checks: that long
};

class Identities {
 public:
  // `keys`: newest first, at least one. `issuer`: how the node is reached from outside.
  Identities(IdentityPorts ports, std::vector<RunSigner> keys, std::string issuer);
  // Other keys from now on, after a rotation.
  void sign_with(std::vector<RunSigner> keys);

  // Who is known, from now on. Again whenever the file was read.
  void use(const Deployment& deployment);

  // `request` outlives the task. `audience`: the address of the door, below that of the issuer.
  Task<Proved<Principal>> authenticate(const http::Request& request, std::string audience);
  // The answer to a caller that was refused at this door, which wants the right `needs`.
  http::Response refusal(const Denied& denied, const std::string& audience,
                         std::string_view needs) const;
  // What a door says about itself to clients that have no token yet (RFC 9728), as JSON; `path` is
  // that of the door: `/mcp/ROLE`, `/v1`, empty for all of them. Empty: no issuer's tokens count.
  std::string metadata(std::string_view path) const;
  // Callers that wait for keys are told that none come. Before anything that a request uses goes.
  void finish() { foreign_keys_.finish(); }

  struct Issued {
    std::string token, id;
    Instant expires;
  };
  // No credential outlives its run: it ends with the time that the run has left, if that is
  // sooner. ErrorKind::missing: no such open run. ErrorKind::refused: it has no time left.
  Result<Issued> issue(const Bearer& bearer);
  // What their credential would say, before the time of the run is looked at.
  Result<jose::RunCredential> credential_of(const Bearer& bearer) const;
  // For a sub-agent: what `jose::delegate` made of the parent's; `root` is the run of the gate's
  // that its calls belong to.
  Result<Issued> issue(jose::RunCredential credential, const std::string& root);

  const std::string& issuer() const { return issuer_; }
  std::string new_id(std::string_view prefix) const;
  // The public keys that check our credentials (RFC 7517).
  std::string key_set();

 private:
  struct Agent {
    std::string name, role, sponsor;
    Rights rights;
    std::shared_ptr<const bool> stands;
  };
  // An agent, or a key, of the file as it was read last.
  struct Standing {
    std::string terms;  // its role and rights, and what else proves it
    std::shared_ptr<bool> mark;
  };
  // Still true where it stood before with the same terms.
  std::shared_ptr<const bool> stand(const std::string& who, const std::string& terms);
  std::shared_ptr<const bool> standing_of(std::string_view agent) const;
  // A foreign token whose signature fits.
  struct Foreign {
    std::string source;
    std::uint64_t generation = 0;  // of the keys that it was checked with
    std::shared_ptr<const jose::Claims> claims;
  };
  struct Asked {
    std::string audience;
    const http::ClientCertificate* certificate = nullptr;  // of a request that outlives the task
  };
  Task<Proved<Principal>> by_bearer(std::string token, Asked asked);
  Proved<Principal> by_key(std::string_view key) const;
  Proved<Principal> by_credential(const std::string& token, const std::string& digest,
                                  const std::string& audience);
  // identities.cpp
  std::string source_of(const std::string& token) const;
  Task<Proved<Principal>> by_token(std::string source, std::string token, std::string digest,
                                   Asked asked);
  Proved<Principal> judged(const Foreign& foreign, const Asked& asked) const;
  Proved<Principal> agent_of(const Foreign& foreign, const TokenSource& source) const;
  Proved<Principal> by_certificate(const http::ClientCertificate& certificate) const;
  Proved<Principal> same_agent(Principal who, const http::ClientCertificate& certificate) const;
  jose::Expected expected_of(const std::string& source, const Asked& asked) const;
  std::vector<const TokenSource*> issuers() const;
  std::string scope_of(std::string_view right, const std::string& issuer) const;
  Principal principal_of(const std::string& name, How how, std::string proof) const;
  Denied refused(std::string reason) const;
  void use_sources(const Deployment& deployment);
  // A key that is over neither checks nor is published.
  void drop_ended();

  IdentityPorts ports_;
  std::vector<RunSigner> signing_;
  jose::KeySet keys_;
  std::string issuer_;
  std::vector<jose::KeptKey> kept_;
  std::vector<Agent> agents_;                                 // of the kept keys, one each
  std::map<std::string, std::string, std::less<>> roles_of_;  // agent -> role; a role by itself too
  std::map<std::string, Standing, std::less<>> standing_;     // by agent, and by key and agent
  std::map<std::string, Standing, std::less<>> stood_;        // while a file is read
  std::map<std::string, jose::RunCredential> known_;  // digest of a token whose signature fits
  std::map<std::string, DeployedAgent, std::less<>> deployed_;
  std::map<std::string, TokenSource> sources_;  // by `issuer NAME` and `domain NAME`
  KeyCache foreign_keys_;
  std::map<std::string, Foreign> foreign_;  // by the digest of the token
};

// The key of a run that an agent opened: the same name is the same run.
std::string run_key(const Principal& principal, std::string_view name);
// Whether a run was opened by this agent, whatever door it came through.
bool opened_by(const Run& run, std::string_view agent);

}  // namespace pawl::identity
