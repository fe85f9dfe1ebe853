// For the tests of this room: keys of every kind, and tokens with any header and payload.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "lang/jose/base64url.h"
#include "lang/jose/jws.h"
#include "lang/jose/key_set.h"
#include "lang/jose/openssl.h"

namespace pawl::jose::made {

inline constexpr Instant kNow{1'800'000'000LL * 1'000'000'000};

inline SigningKey signing_key(char byte = '\x07') {
  return *SigningKey::from_seed(std::string(32, byte));
}

inline KeySet set_of(std::string_view text) {
  auto set = KeySet::parse(text);
  if (!set) {
    std::fprintf(stderr, "no key set: %s\n", set.error().message.c_str());
    std::abort();
  }
  return *std::move(set);
}

inline KeySet set_of(const SigningKey& key) {
  const PublicKey keys[] = {key.public_key()};
  return KeySet::of(keys);
}

// A token of an Ed25519 key with exactly this header and payload.
inline std::string token_of(const SigningKey& key, std::string_view header,
                            std::string_view payload) {
  const std::string text = base64url(header) + "." + base64url(payload);
  return text + "." + base64url(key.sign(text));
}

// A private key of another kind, which only tests have.
class OtherKey {
 public:
  static OtherKey rsa(unsigned bits) { return OtherKey(EVP_RSA_gen(bits), 0); }
  static OtherKey ec(const char* curve, std::size_t side) {
    return OtherKey(EVP_EC_gen(curve), side);
  }

  std::string number(const char* name) const {
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(key_.get(), name, &value) != 1) std::abort();
    const OwnedNumber owned(value);
    const std::size_t least = side_ == 0 ? static_cast<std::size_t>(BN_num_bytes(value)) : side_;
    std::string bytes(least, '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(least));
    return base64url(bytes);
  }

  // The public half as a JWK; `more` begins with a comma.
  std::string jwk(std::string_view more) const {
    if (side_ == 0) {
      return fmt::format(R"({{"kty":"RSA","n":"{}","e":"{}"{}}})", number("n"), number("e"), more);
    }
    return fmt::format(R"({{"kty":"EC","crv":"{}","x":"{}","y":"{}"{}}})",
                       side_ == 32 ? "P-256" : "P-384", number("qx"), number("qy"), more);
  }

  std::string sign(std::string_view text, const char* digest, bool pss) const {
    const std::string signature = sign_in_der(text, digest, pss);
    return side_ == 0 ? signature : side_by_side(signature);
  }

  // As OpenSSL writes it, and authenticators do.
  std::string sign_in_der(std::string_view text, const char* digest, bool pss = false) const {
    const OwnedDigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* terms = nullptr;
    std::size_t size = 1024;
    std::string signature(size, '\0');
    if (EVP_DigestSignInit_ex(context.get(), &terms, digest, nullptr, nullptr, key_.get(),
                              nullptr) != 1 ||
        (pss && (EVP_PKEY_CTX_set_rsa_padding(terms, RSA_PKCS1_PSS_PADDING) != 1 ||
                 EVP_PKEY_CTX_set_rsa_pss_saltlen(terms, RSA_PSS_SALTLEN_DIGEST) != 1)) ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       raw(text), text.size()) != 1) {
      std::abort();
    }
    signature.resize(size);
    return signature;
  }

  std::string token(std::string_view header, std::string_view payload, const char* digest,
                    bool pss = false) const {
    const std::string text = base64url(header) + "." + base64url(payload);
    return text + "." + base64url(sign(text, digest, pss));
  }

 private:
  OtherKey(EVP_PKEY* key, std::size_t side) : key_(key, EVP_PKEY_free), side_(side) {}

  std::string side_by_side(const std::string& der) const {
    const unsigned char* at = raw(der);
    const OwnedEcSignature both(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    std::string out(2 * side_, '\0');
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), to, static_cast<int>(side_));
    BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), to + side_, static_cast<int>(side_));
    return out;
  }

  std::shared_ptr<EVP_PKEY> key_;
  std::size_t side_;
};

}  // namespace pawl::jose::made
