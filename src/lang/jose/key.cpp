// From a JSON Web Key to a key that can check, and back to its JSON.
#include "lang/jose/key.h"

#include <fmt/format.h>
#include <openssl/core_names.h>

#include <array>
#include <cstdlib>

#include "base/hash.h"
#include "base/text.h"
#include "lang/jose/base64url.h"
#include "lang/jose/openssl.h"

namespace pawl::jose {
namespace {

struct AlgorithmName {
  Algorithm algorithm;
  std::string_view name;
};
constexpr std::array<AlgorithmName, 6> algorithm_names = {{{Algorithm::EdDSA, "EdDSA"},
                                                           {Algorithm::ES256, "ES256"},
                                                           {Algorithm::ES384, "ES384"},
                                                           {Algorithm::RS256, "RS256"},
                                                           {Algorithm::PS256, "PS256"},
                                                           {Algorithm::EdDSA, "Ed25519"}}};

constexpr std::uint64_t rsa_exponent_min = 65537;
constexpr std::size_t rsa_exponent_bytes_max = 4;

// Members that only a private or symmetric key has.
constexpr std::array<std::string_view, 8> secret_members = {"d",  "p",  "q",   "dp",
                                                            "dq", "qi", "oth", "k"};

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorKind::invalid, std::move(message));
}

Result<std::string> bytes_of_member(json::View jwk, std::string_view name) {
  const auto text = jwk.text(name);
  std::string bytes;
  if (!text || text->empty() || !unbase64url(*text, bytes)) {
    return wrong(fmt::format("`{}` is not base64url", name));
  }
  return bytes;
}

// A whole number of RFC 7518: big-endian, in as few bytes as it needs.
Result<std::string> number_of_member(json::View jwk, std::string_view name) {
  auto bytes = bytes_of_member(jwk, name);
  if (bytes && bytes->front() == '\0') {
    return wrong(fmt::format("`{}` is not a number in its shortest form", name));
  }
  return bytes;
}

OwnedKey key_from(const char* type, OSSL_PARAM* params) {
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    return {};
  }
  return OwnedKey(key);
}

// True for a point of the curve, and for an RSA key without a gross mistake.
bool sound(EVP_PKEY* key) {
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context && EVP_PKEY_public_check(context.get()) == 1;
}

OwnedKey ec_key(const char* group, const std::string& point) {
  const OwnedBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return {};
  }
  const OwnedParams params(OSSL_PARAM_BLD_to_param(builder.get()));
  return params ? key_from("EC", params.get()) : OwnedKey();
}

OwnedKey rsa_key(const std::string& modulus, const std::string& exponent) {
  const OwnedNumber n(BN_bin2bn(raw(modulus), static_cast<int>(modulus.size()), nullptr));
  const OwnedNumber e(BN_bin2bn(raw(exponent), static_cast<int>(exponent.size()), nullptr));
  const OwnedBuilder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return {};
  }
  const OwnedParams params(OSSL_PARAM_BLD_to_param(builder.get()));
  return params ? key_from("RSA", params.get()) : OwnedKey();
}

std::size_t bits_of(std::string_view number) {
  std::size_t bits = number.size() * 8;
  for (auto top = static_cast<unsigned char>(number[0]); (top & 0x80U) == 0; top <<= 1) --bits;
  return bits;
}

bool good_exponent(std::string_view bytes) {
  if (bytes.size() > rsa_exponent_bytes_max) return false;
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value >= rsa_exponent_min && value % 2 == 1;
}

// `alg` of a key may be absent; a key that states another one is not for us.
Status states_only(json::View jwk, Algorithm algorithm) {
  const json::View stated = jwk["alg"];
  if (!stated.exists()) return {};
  if (stated.is_string() && algorithm_named(stated.string()) == algorithm) return {};
  return wrong(fmt::format("`alg` is not `{}`", name_of(algorithm)));
}

}  // namespace

std::string_view name_of(Algorithm algorithm) {
  for (const AlgorithmName& row : algorithm_names) {
    if (row.algorithm == algorithm) return row.name;
  }
  return {};
}

std::optional<Algorithm> algorithm_named(std::string_view name) {
  for (const AlgorithmName& row : algorithm_names) {
    if (row.name == name) return row.algorithm;
  }
  return std::nullopt;
}

PublicKey::PublicKey(Algorithm algorithm, Members members, std::shared_ptr<evp_pkey_st> key)
    : algorithm_(algorithm), members_(std::move(members)), key_(std::move(key)) {}

Result<PublicKey> PublicKey::ed25519(std::string_view bytes) {
  if (bytes.size() != ed25519_bytes) return wrong("an Ed25519 key has 32 bytes");
  OwnedKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(bytes), bytes.size()));
  if (!key) return wrong("this is not a point of Ed25519");
  return PublicKey(Algorithm::EdDSA, {{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", base64url(bytes)}},
                   std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free));
}

Result<PublicKey> PublicKey::from_okp(json::View jwk) {
  if (jwk.text("crv") != "Ed25519") return wrong("`crv` is not `Ed25519`");
  PAWL_TRY(states_only(jwk, Algorithm::EdDSA));
  const auto x = bytes_of_member(jwk, "x");
  PAWL_TRY(x);
  return ed25519(*x);
}

Result<PublicKey> PublicKey::from_ec(json::View jwk) {
  const bool narrow = jwk.text("crv") == "P-256";
  if (!narrow && jwk.text("crv") != "P-384") return wrong("`crv` is neither `P-256` nor `P-384`");
  const Algorithm algorithm = narrow ? Algorithm::ES256 : Algorithm::ES384;
  PAWL_TRY(states_only(jwk, algorithm));
  const auto x = bytes_of_member(jwk, "x");
  PAWL_TRY(x);
  const auto y = bytes_of_member(jwk, "y");
  PAWL_TRY(y);
  const std::size_t side = narrow ? 32 : 48;
  if (x->size() != side || y->size() != side) {
    return wrong(fmt::format("a coordinate of this curve has {} bytes", side));
  }
  OwnedKey key = ec_key(narrow ? "prime256v1" : "secp384r1", "\x04" + *x + *y);
  if (!key || !sound(key.get())) return wrong("this is not a point of the curve");
  return PublicKey(algorithm,
                   {{"crv", narrow ? "P-256" : "P-384"},
                    {"kty", "EC"},
                    {"x", base64url(*x)},
                    {"y", base64url(*y)}},
                   std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free));
}

Result<PublicKey> PublicKey::from_rsa(json::View jwk) {
  const Algorithm algorithm = jwk.text("alg") == "PS256" ? Algorithm::PS256 : Algorithm::RS256;
  if (Status stated = states_only(jwk, algorithm); !stated) {
    return wrong("`alg` is neither `RS256` nor `PS256`");
  }
  const auto n = number_of_member(jwk, "n");
  PAWL_TRY(n);
  const auto e = number_of_member(jwk, "e");
  PAWL_TRY(e);
  const std::size_t bits = bits_of(*n);
  if (bits < rsa_bits_min || bits > rsa_bits_max) {
    return wrong(
        fmt::format("an RSA key of {} bits: expected {} to {}", bits, rsa_bits_min, rsa_bits_max));
  }
  if (!good_exponent(*e)) return wrong("`e` is not a public exponent from 65537 on");
  OwnedKey key = rsa_key(*n, *e);
  if (!key || !sound(key.get())) return wrong("this is not an RSA key");
  return PublicKey(algorithm, {{"e", base64url(*e)}, {"kty", "RSA"}, {"n", base64url(*n)}},
                   std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free));
}

Result<PublicKey> PublicKey::from_jwk(json::View jwk) {
  if (!jwk.is_object()) return wrong("a key is an object");
  for (const std::string_view name : secret_members) {
    // A reader of the set could sign with it.
    if (jwk[name].exists()) return wrong(fmt::format("`{}` makes it a secret key", name));
  }
  const auto type = jwk.text("kty");
  auto key = type == "OKP"   ? from_okp(jwk)
             : type == "EC"  ? from_ec(jwk)
             : type == "RSA" ? from_rsa(jwk)
                             : wrong("`kty` must be `OKP`, `EC` or `RSA`");
  if (!key) return key;
  const json::View kid = jwk["kid"];
  if (kid.exists() &&
      (!kid.is_string() || kid.string().empty() || kid.string().size() > kid_bytes_max)) {
    return wrong(fmt::format("`kid` is not a text of 1 to {} bytes", kid_bytes_max));
  }
  if (kid.exists()) key->kid_ = kid.string();
  return key;
}

std::string PublicKey::thumbprint() const {
  json::Writer out;
  out.object();
  for (const auto& [name, value] : members_) out.key(name).string(value);
  return base64url(bytes_of(sha256(out.end().text())));
}

std::string PublicKey::jwk() const {
  json::Writer out;
  out.object().key("alg").string(name_of(algorithm_));
  out.key("kid").string(kid_.empty() ? thumbprint() : kid_);
  for (const auto& [name, value] : members_) out.key(name).string(value);
  return out.key("use").string("sig").end().take();
}

SigningKey::SigningKey(PublicKey open, std::shared_ptr<evp_pkey_st> key)
    : public_(std::move(open)), key_(std::move(key)) {
  public_.kid_ = public_.thumbprint();
}

Result<SigningKey> SigningKey::from_seed(std::string_view seed) {
  if (seed.size() != ed25519_bytes) return fail(ErrorKind::internal, "a key needs 32 random bytes");
  OwnedKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw(seed), seed.size()));
  std::array<unsigned char, ed25519_bytes> open{};
  std::size_t count = open.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), open.data(), &count) != 1) {
    return fail(ErrorKind::internal, "the key could not be made");
  }
  auto made = PublicKey::ed25519({reinterpret_cast<const char*>(open.data()), open.size()});
  PAWL_TRY(made);
  return SigningKey(*std::move(made), std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free));
}

}  // namespace pawl::jose
