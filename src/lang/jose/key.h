// Keys that check tokens, and the one kind of key that signs ours.
//
// A key has exactly one algorithm. It follows from the key (its type, its curve, its `alg`), never
// from a token: a token that names another is refused before anything is computed. There are no
// symmetric keys, so that a public key can never be taken for a shared secret.
//
// Threads: immutable after they are made; copies share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

struct evp_pkey_st;

namespace pawl::jose {

enum class Algorithm : std::uint8_t { EdDSA, ES256, ES384, RS256, PS256 };

std::string_view name_of(Algorithm algorithm);
// `Ed25519` is the newer name of what an Ed25519 key does under `EdDSA` (RFC 9864).
std::optional<Algorithm> algorithm_named(std::string_view name);

inline constexpr std::size_t rsa_bits_min = 2048;
inline constexpr std::size_t rsa_bits_max = 8192;  // above it a check costs more than it is worth
inline constexpr std::size_t ed25519_bytes = 32;
inline constexpr std::size_t kid_bytes_max = 256;

class PublicKey {
 public:
  // A JSON Web Key (RFC 7517, 7518, 8037): Ed25519, P-256, P-384, or RSA. An RSA key that does not
  // state its `alg` is for RS256. ErrorKind::invalid: not such a key, too weak, or a private one.
  static Result<PublicKey> from_jwk(json::View jwk);
  static Result<PublicKey> ed25519(std::string_view bytes);

  Algorithm algorithm() const { return algorithm_; }
  // The name that the set gives it; empty where it gives none.
  const std::string& kid() const { return kid_; }
  // Base64url of the SHA-256 of RFC 7638: the name that follows from the key itself.
  std::string thumbprint() const;
  // As JSON, with `kid` (the thumbprint where there is none), `alg` and `use`.
  std::string jwk() const;

  bool verifies(std::string_view message, std::string_view signature) const;

 private:
  friend class SigningKey;
  using Members = std::vector<std::pair<std::string, std::string>>;
  PublicKey(Algorithm algorithm, Members members, std::shared_ptr<evp_pkey_st> key);
  static Result<PublicKey> from_okp(json::View jwk);
  static Result<PublicKey> from_ec(json::View jwk);
  static Result<PublicKey> from_rsa(json::View jwk);

  Algorithm algorithm_;
  std::string kid_;
  Members members_;  // what RFC 7638 hashes, in its order
  std::shared_ptr<evp_pkey_st> key_;
};

// An Ed25519 key. The seed is the caller's to keep and to wipe; OpenSSL wipes its own copy.
class SigningKey {
 public:
  static Result<SigningKey> from_seed(std::string_view seed);

  const PublicKey& public_key() const { return public_; }
  // The thumbprint.
  const std::string& kid() const { return public_.kid(); }
  std::string sign(std::string_view message) const;

 private:
  SigningKey(PublicKey open, std::shared_ptr<evp_pkey_st> key);

  PublicKey public_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace pawl::jose
