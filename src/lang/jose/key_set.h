// A set of public keys (JWKS, RFC 7517, section 5): an issuer's, or ours.
//
// Sets of others hold keys for other purposes. What cannot check one of our algorithms is left out
// and named in `skipped`; a set without any key that can is an error, and so is one in which two
// keys have one name, because a token could mean either.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lang/jose/key.h"
#include "lang/jose/refusal.h"

namespace pawl::jose {

inline constexpr std::size_t key_set_bytes_max = 256UL << 10;
inline constexpr std::size_t keys_max = 64;

// What the keys of a set are for: `use` is `sig` or absent, or, in the bundle of a SPIFFE trust
// domain, `jwt-svid`.
enum class KeyUse : std::uint8_t { signature, jwt_svid };

class KeySet {
 public:
  struct Skipped {
    std::string kid;
    std::string why;
  };

  KeySet() = default;
  static Result<KeySet> parse(std::string_view text, KeyUse use = KeyUse::signature);
  // Ours: the key in force first, then those that signed before. Precondition: different keys.
  static KeySet of(std::span<const PublicKey> keys);

  // The key for a token that names `kid` and `algorithm` in its header. Without a name there has
  // to be exactly one key of that algorithm.
  Checked<const PublicKey*> find(const std::optional<std::string>& kid, Algorithm algorithm) const;

  const std::vector<PublicKey>& keys() const { return keys_; }
  const std::vector<Skipped>& skipped() const { return skipped_; }
  std::string text() const;  // the set as JSON

 private:
  Status take(json::View jwk, KeyUse use);

  std::vector<PublicKey> keys_;
  std::vector<Skipped> skipped_;
};

}  // namespace pawl::jose
