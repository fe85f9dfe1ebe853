// JWT-SVID: the identity of a workload as SPIFFE spells it.
//
// The subject is `spiffe://TRUST-DOMAIN/PATH`; the keys are those of the trust domain's bundle
// (`KeySet::parse(text, KeyUse::jwt_svid)`); `aud` and `exp` have to be there, `iss` does not
// count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/jose/claims.h"

namespace pawl::jose {

inline constexpr std::size_t trust_domain_bytes_max = 255;
inline constexpr std::size_t spiffe_id_bytes_max = 2048;

struct SpiffeId {
  std::string trust_domain;
  std::string path;  // with its first slash; empty for the domain itself

  friend bool operator==(const SpiffeId&, const SpiffeId&) = default;
};

Checked<SpiffeId> parse_spiffe_id(std::string_view text);

// What such a token has to say for these doors; whose subject it is, `svid_subject` finds out.
Expected expected_svid(std::vector<std::string> audiences, Duration leeway);
// The subject of checked claims, which has to be of this trust domain.
Checked<SpiffeId> svid_subject(const Claims& claims, std::string_view trust_domain);

struct Svid {
  SpiffeId id;
  Claims claims;
};

// `trust_domain` is the one whose bundle `keys` are: another domain's subject is refused.
Checked<Svid> verify_svid(std::string_view token, const KeySet& keys, std::string_view trust_domain,
                          const std::string& audience, Instant now,
                          Duration leeway = leeway_default);

}  // namespace pawl::jose
