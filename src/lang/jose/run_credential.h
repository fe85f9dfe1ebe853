// The credential of a run: who acts, for whom, under which policy, until when.
//
// A JWT that the node signs with Ed25519, of the type `pawl-run+jwt`, so that no other token of the
// node or of an issuer can stand in for it:
//
//   iss  the node                    aud  the one door it is for (RFC 8707)
//   sub  the sponsor, a person       act  {"sub": agent}, and who it acts for inside (RFC 8693)
//   run  the run's id                parent_run  the run that started it, if one did
//   policy_sha256                    attenuation  see attenuation.h
//   jti, iat, nbf, and exp, which is never behind the run's deadline
//
// A credential with a claim that is not in this list is refused: it says something that this
// version would not enforce. The run it names still has to be open; that is the gate's to know.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/time.h"
#include "lang/jose/attenuation.h"
#include "lang/jose/claims.h"

namespace pawl::jose {

inline constexpr std::string_view run_type = "pawl-run+jwt";
inline constexpr std::size_t actors_max = 8;

struct RunCredential {
  std::string issuer, audience, sponsor;
  std::vector<std::string> actors;  // the agent that acts, then the one that started it, and so on
  std::string run;
  std::string parent_run;  // empty: started by the sponsor
  Digest policy{};
  Attenuation attenuation;
  Instant issued, not_before, expires;  // whole seconds
  std::string id;

  const std::string& agent() const { return actors.front(); }
  friend bool operator==(const RunCredential&, const RunCredential&) = default;
};

// Times are cut to whole seconds, the end downwards. ErrorKind::invalid: a name is missing, or the
// credential would end before it begins, or behind `deadline`.
Result<std::string> issue(const SigningKey& key, RunCredential credential, Instant deadline);

struct RunDoor {
  std::string issuer;
  std::string audience;
  Duration leeway = {};  // our own clock signed it
};

Checked<RunCredential> verify_run(std::string_view token, const KeySet& keys, const RunDoor& door,
                                  Instant now);

// What a run asks for on behalf of a sub-agent.
struct Delegation {
  std::string agent;
  std::string run;
  std::string id;
  Instant expires;
  Attenuation attenuation;
  std::string audience = {};  // another door than the parent's; empty: the same
};

// The credential of the sub-agent's run: the same sponsor, policy and issuer, the parent recorded,
// and at most the parent's tools, ceilings and time. Flaw::wider where more is asked.
Checked<RunCredential> delegate(const RunCredential& parent, const Delegation& wanted, Instant now);

}  // namespace pawl::jose
