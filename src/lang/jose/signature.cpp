// Signatures: how each algorithm of RFC 7518 spells one, and whether it fits.
#include <array>
#include <cstdlib>

#include "lang/jose/key.h"
#include "lang/jose/openssl.h"

namespace pawl::jose {
namespace {

constexpr std::size_t ed25519_signature_bytes = 64;

enum class Padding : std::uint8_t { none, pss };

bool fits(EVP_PKEY* key, const char* digest, Padding padding, std::string_view message,
          std::string_view signature) {
  const OwnedDigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* terms = nullptr;  // belongs to the context
  if (!context ||
      EVP_DigestVerifyInit_ex(context.get(), &terms, digest, nullptr, nullptr, key, nullptr) != 1) {
    return false;
  }
  if (padding == Padding::pss &&
      (EVP_PKEY_CTX_set_rsa_padding(terms, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(terms, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message),
                          message.size()) == 1;
}

// The two numbers side by side, each as long as the curve's order; OpenSSL wants them in DER.
bool ec_fits(EVP_PKEY* key, const char* digest, std::size_t side, std::string_view message,
             std::string_view signature) {
  if (signature.size() != 2 * side) return false;
  OwnedNumber r(BN_bin2bn(raw(signature), static_cast<int>(side), nullptr));
  OwnedNumber s(BN_bin2bn(raw(signature.substr(side)), static_cast<int>(side), nullptr));
  const OwnedEcSignature both(ECDSA_SIG_new());
  if (!r || !s || !both || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return false;
  (void)r.release();  // both own them now
  (void)s.release();
  const int size = i2d_ECDSA_SIG(both.get(), nullptr);
  if (size <= 0) return false;
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* end = reinterpret_cast<unsigned char*>(der.data());
  if (i2d_ECDSA_SIG(both.get(), &end) != size) return false;
  return fits(key, digest, Padding::none, message, der);
}

}  // namespace

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  if (signature.empty()) return false;
  switch (algorithm_) {
    case Algorithm::EdDSA:
      return signature.size() == ed25519_signature_bytes &&
             fits(key_.get(), nullptr, Padding::none, message, signature);
    case Algorithm::ES256:
      return ec_fits(key_.get(), "SHA256", 32, message, signature);
    case Algorithm::ES384:
      return ec_fits(key_.get(), "SHA384", 48, message, signature);
    case Algorithm::RS256:
      return fits(key_.get(), "SHA256", Padding::none, message, signature);
    case Algorithm::PS256:
      return fits(key_.get(), "SHA256", Padding::pss, message, signature);
  }
  return false;
}

std::string SigningKey::sign(std::string_view message) const {
  std::string signature(ed25519_signature_bytes, '\0');
  std::size_t count = signature.size();
  const OwnedDigestContext context(EVP_MD_CTX_new());
  const bool done =
      context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &count,
                     raw(message), message.size()) == 1;
  if (!done || count != signature.size()) std::abort();  // out of memory: nothing else can fail
  return signature;
}

}  // namespace pawl::jose
