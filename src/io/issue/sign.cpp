// Signatures with a private RSA key.
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "io/issue/requests.h"
#include "lang/jose/base64url.h"

namespace pawl::issue {
namespace {

constexpr int rsa_bits_min = 2048;
constexpr std::string_view kRs256Header = R"({"alg":"RS256","typ":"JWT"})";

struct Free {
  void operator()(BIO* one) const { BIO_free_all(one); }
  void operator()(EVP_PKEY* one) const { EVP_PKEY_free(one); }
  void operator()(EVP_MD_CTX* one) const { EVP_MD_CTX_free(one); }
};

// A key that is encrypted is not asked for its passphrase: no one is there to answer.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

Result<std::string> sign_rs256(std::string_view pem, std::string_view claims) {
  const std::unique_ptr<BIO, Free> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<EVP_PKEY, Free> key(
      text ? PEM_read_bio_PrivateKey(text.get(), nullptr, &no_passphrase, nullptr) : nullptr);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA ||
      EVP_PKEY_get_bits(key.get()) < rsa_bits_min) {
    return fail(ErrorKind::invalid,
                fmt::format("the key is no private RSA key of at least {} bits (PEM, without a "
                            "passphrase)",
                            rsa_bits_min));
  }
  std::string token = jose::base64url(kRs256Header) + "." + jose::base64url(claims);
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(token.data());
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, token.size()) != 1) {
    return fail(ErrorKind::internal, "the key does not sign");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes, token.size()) != 1) {
    return fail(ErrorKind::internal, "the key does not sign");
  }
  signature.resize(size);
  return token + "." + jose::base64url(signature);
}

}  // namespace pawl::issue
