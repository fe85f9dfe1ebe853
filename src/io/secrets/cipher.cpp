#include "io/secrets/cipher.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "base/hash.h"

namespace pawl::secrets {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

// What can only fail for want of memory must not go on with something half encrypted.
void must(bool good) {
  if (!good) std::abort();
}

}  // namespace

Result<Credential> derive(const Credential& secret, std::string_view salt, const Cost& cost) {
  Credential key = Credential::of_size(key_bytes);
  if (argon2id_hash_raw(cost.passes, cost.memory_kib, 1, secret.bytes().data(),
                        secret.bytes().size(), salt.data(), salt.size(), key.writable().data(),
                        key.writable().size()) != ARGON2_OK) {
    return fail(ErrorKind::environment, "Argon2id found no memory");
  }
  return key;
}

Credential key_for(const Credential& key, std::string_view purpose) {
  Digest digest = hmac_sha256(key.bytes(), purpose);
  Credential made = Credential::copy_of(bytes_of(digest));
  OPENSSL_cleanse(digest.data(), digest.size());
  return made;
}

std::string encrypt(const Credential& key, std::string_view nonce, std::string_view also,
                    std::string_view plain) {
  must(key.bytes().size() == key_bytes && nonce.size() == nonce_bytes);
  std::string box(nonce);
  box.resize(nonce_bytes + plain.size() + tag_bytes);
  char* const text = box.data() + nonce_bytes;
  const Context context(EVP_CIPHER_CTX_new());
  int count = 0;
  must(context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, raw(key.bytes()),
                                     raw(nonce)) == 1);
  must(EVP_EncryptUpdate(context.get(), nullptr, &count, raw(also),
                         static_cast<int>(also.size())) == 1);
  must(EVP_EncryptUpdate(context.get(), raw(text), &count, raw(plain),
                         static_cast<int>(plain.size())) == 1);
  must(static_cast<std::size_t>(count) == plain.size());
  must(EVP_EncryptFinal_ex(context.get(), raw(text + plain.size()), &count) == 1 && count == 0);
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, text + plain.size()) ==
       1);
  return box;
}

Result<Credential> decrypt(const Credential& key, std::string_view box, std::string_view also) {
  const auto wrong = [] { return fail(ErrorKind::corrupt, "a record does not open with its key"); };
  if (key.bytes().size() != key_bytes || box.size() <= nonce_bytes + tag_bytes) return wrong();
  const std::string_view text = box.substr(nonce_bytes, box.size() - nonce_bytes - tag_bytes);
  std::string tag(box.substr(box.size() - tag_bytes));
  Credential plain = Credential::of_size(text.size());
  const Context context(EVP_CIPHER_CTX_new());
  int count = 0;
  const bool opened =
      context &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, raw(key.bytes()),
                         raw(box.substr(0, nonce_bytes))) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &count, raw(also), static_cast<int>(also.size())) ==
          1 &&
      EVP_DecryptUpdate(context.get(), raw(plain.writable().data()), &count, raw(text),
                        static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), raw(plain.writable().data() + text.size()), &count) == 1;
  if (!opened) return wrong();
  return plain;
}

}  // namespace pawl::secrets
