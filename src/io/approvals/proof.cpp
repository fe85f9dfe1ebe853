#include "io/approvals/proof.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t signature_bytes = 64;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

struct Verifier {
  std::string salt, key;
};

// A seed that does not stay in memory.
struct Seed {
  std::array<unsigned char, key_bytes> bytes{};
  Seed() = default;
  Seed(const Seed&) = delete;
  Seed& operator=(const Seed&) = delete;
  ~Seed() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

std::string prefix() {
  return fmt::format("argon2id$m={},t={},p=1$", argon_memory_kib, argon_passes);
}

// Of all that a person is known by, the passphrase.
std::optional<Verifier> parse_verifier(std::string_view text) {
  const std::string head = prefix();
  for (const std::string_view way : split(text, ' ')) {
    if (!way.starts_with(head)) continue;
    text = way;
    break;
  }
  if (!text.starts_with(head)) return std::nullopt;
  text.remove_prefix(head.size());
  const std::size_t dollar = text.find('$');
  if (dollar == std::string_view::npos) return std::nullopt;
  Verifier verifier;
  if (!unbase64(text.substr(0, dollar), verifier.salt) ||
      !unbase64(text.substr(dollar + 1), verifier.key)) {
    return std::nullopt;
  }
  if (verifier.salt.size() != salt_bytes || verifier.key.size() != key_bytes) return std::nullopt;
  return verifier;
}

bool derive(std::string_view passphrase, std::string_view salt, Seed& seed) {
  return argon2id_hash_raw(argon_passes, argon_memory_kib, 1, passphrase.data(), passphrase.size(),
                           salt.data(), salt.size(), seed.bytes.data(),
                           seed.bytes.size()) == ARGON2_OK;
}

Key key_of(const Seed& seed) {
  return Key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.bytes.data(), seed.bytes.size()),
      EVP_PKEY_free);
}

std::string public_of(const Key& key) {
  std::string bytes(key_bytes, '\0');
  std::size_t size = bytes.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(bytes.data()),
                                          &size) != 1) {
    return {};
  }
  return bytes;
}

std::string message_of(const Challenge& challenge) {
  return fmt::format("pawl-proof-v1\n{}\n{}\n{}\n{}\n", challenge.node, challenge.nonce,
                     challenge.person, challenge.act);
}

}  // namespace

bool valid_verifier(std::string_view text) {
  return text.find(' ') == std::string_view::npos && parse_verifier(text).has_value();
}

Result<std::string> make_verifier(std::string_view passphrase, std::string_view salt) {
  if (passphrase.size() < passphrase_bytes_min) {
    return fail(ErrorKind::invalid,
                fmt::format("a passphrase has at least {} characters", passphrase_bytes_min));
  }
  if (salt.size() != salt_bytes) return fail(ErrorKind::internal, "a salt has 16 bytes");
  Seed seed;
  if (!derive(passphrase, salt, seed))
    return fail(ErrorKind::environment, "Argon2id found no memory");
  const std::string key = public_of(key_of(seed));
  if (key.empty()) return fail(ErrorKind::internal, "no key could be made from the passphrase");
  return prefix() + base64(salt) + "$" + base64(key);
}

Result<std::string> sign(const Challenge& challenge, std::string_view passphrase,
                         std::string_view verifier_text) {
  const auto verifier = parse_verifier(verifier_text);
  if (!verifier) return fail(ErrorKind::invalid, "the verifier does not have the promised form");
  Seed seed;
  if (!derive(passphrase, verifier->salt, seed)) {
    return fail(ErrorKind::environment, "Argon2id found no memory");
  }
  const Key key = key_of(seed);
  if (public_of(key) != verifier->key)
    return fail(ErrorKind::refused, "the passphrase is not right");
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const std::string message = message_of(challenge);
  std::string signature(signature_bytes, '\0');
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1) {
    return fail(ErrorKind::internal, "the challenge could not be signed");
  }
  return base64(signature);
}

Status check_passphrase(std::string_view passphrase, std::string_view verifier_text) {
  const auto verifier = parse_verifier(verifier_text);
  if (!verifier) return fail(ErrorKind::invalid, "the verifier does not have the promised form");
  Seed seed;
  if (!derive(passphrase, verifier->salt, seed)) {
    return fail(ErrorKind::environment, "Argon2id found no memory");
  }
  const std::string key = public_of(key_of(seed));
  if (key.size() == key_bytes && CRYPTO_memcmp(key.data(), verifier->key.data(), key_bytes) == 0) {
    return {};
  }
  return fail(ErrorKind::refused, "the passphrase is not right");
}

bool verify(const Challenge& challenge, std::string_view signature, std::string_view text) {
  const auto verifier = parse_verifier(text);
  std::string bytes;
  if (!verifier || !unbase64(signature, bytes) || bytes.size() != signature_bytes) return false;
  const Key key(EVP_PKEY_new_raw_public_key(
                    EVP_PKEY_ED25519, nullptr,
                    reinterpret_cast<const unsigned char*>(verifier->key.data()), key_bytes),
                EVP_PKEY_free);
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!key || !context) return false;
  const std::string message = message_of(challenge);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                          bytes.size(), reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

Result<std::string> Challenges::open(const std::string& source, const std::string& person,
                                     std::string_view nonce, Instant now) {
  PAWL_TRY(brake_.may_try(source, now));
  std::erase_if(open_, [&](const auto& entry) { return entry.second.until < now; });
  const auto theirs = [&](const auto& entry) { return entry.second.source == source; };
  if (std::ranges::count_if(open_, theirs) >= open_of_one_max) {
    auto oldest = std::ranges::find_if(open_, theirs);
    for (auto at = open_.begin(); at != open_.end(); ++at) {
      if (theirs(*at) && at->second.until < oldest->second.until) oldest = at;
    }
    open_.erase(oldest);
  }
  if (open_.size() >= open_max) return fail(ErrorKind::refused, "too many challenges are open");
  std::string text = hex(nonce);
  open_[text] = Open{source, person, now + challenge_lifetime};
  return text;
}

bool Challenges::take(const std::string& nonce_hex, const std::string& source,
                      const std::string& person, Instant now) {
  const auto found = open_.find(nonce_hex);
  if (found == open_.end() || found->second.source != source) return false;
  const Open open = found->second;
  open_.erase(found);
  return open.person == person && now < open.until;
}

}  // namespace pawl
