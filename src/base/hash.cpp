#include "base/hash.h"

#include <nmmintrin.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::string_view kSpelledName = "sha256:";

struct FreeMd {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// A failure here means that the process has no memory or no OpenSSL: nothing sensible can go on,
// and to go on with a wrong digest would be the worst of all.
void must(bool good) {
  if (!good) std::abort();
}

// Fetched once: looking an algorithm up by name costs more than hashing a small record.
const EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<EVP_MD, FreeMd> md(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  must(md != nullptr);
  return md.get();
}

struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

const EVP_CIPHER* aes256_ctr_algorithm() {
  static const std::unique_ptr<EVP_CIPHER, FreeCipher> cipher(
      EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr));
  must(cipher != nullptr);
  return cipher.get();
}

// Preparing a key costs as much as sealing half a kilobyte with it, and the next payload is mostly
// the same run's: so the context keeps the last one.
struct CipherOfThread {
  std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext> context{EVP_CIPHER_CTX_new()};
  std::optional<Digest> key;
};

EVP_CIPHER_CTX* cipher_with(const Digest& key, const std::array<std::uint8_t, 16>& counter) {
  thread_local const auto cipher = std::make_unique<CipherOfThread>();
  EVP_CIPHER_CTX* context = cipher->context.get();
  must(context != nullptr);
  const EVP_CIPHER* algorithm = cipher->key ? nullptr : aes256_ctr_algorithm();
  const unsigned char* fresh = cipher->key == key ? nullptr : key.data();
  must(EVP_EncryptInit_ex2(context, algorithm, fresh, counter.data(), nullptr) == 1);
  cipher->key = key;
  return context;
}

EVP_MD_CTX* context_of_this_thread() {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  must(context != nullptr);
  return context.get();
}

}  // namespace

Digest sha256(std::string_view bytes) {
  return sha256({bytes});
}

Digest sha256(std::initializer_list<std::string_view> parts) {
  EVP_MD_CTX* context = context_of_this_thread();
  must(EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1);
  for (std::string_view part : parts) {
    must(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
  }
  Digest digest;
  must(EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1);
  return digest;
}

// RFC 2104, over our own SHA-256: OpenSSL's HMAC looks its algorithm up for each text.
Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  constexpr std::size_t block_bytes = 64;
  constexpr char inner_pad = 0x36, outer_pad = 0x5c;
  const Digest shorter = key.size() > block_bytes ? sha256(key) : Digest{};
  if (key.size() > block_bytes) key = bytes_of(shorter);
  std::array<char, block_bytes> inner{}, outer{};
  std::ranges::copy(key, inner.begin());
  std::ranges::copy(key, outer.begin());
  for (std::size_t i = 0; i < block_bytes; ++i) {
    inner[i] = static_cast<char>(inner[i] ^ inner_pad);
    outer[i] = static_cast<char>(outer[i] ^ outer_pad);
  }
  const Digest digest = sha256({std::string_view(inner.data(), inner.size()), bytes});
  const Digest out = sha256({std::string_view(outer.data(), outer.size()), bytes_of(digest)});
  OPENSSL_cleanse(inner.data(), inner.size());
  OPENSSL_cleanse(outer.data(), outer.size());
  return out;
}

std::string hex(const Digest& digest) {
  return hex(bytes_of(digest));
}

std::string to_string(const Digest& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  // Six of them in each call: one allocation, and no text in between.
  out.resize_and_overwrite(kSpelledName.size() + 2 * digest.size(),
                           [&](char* to, std::size_t size) {
                             to = std::copy(kSpelledName.begin(), kSpelledName.end(), to);
                             for (const std::uint8_t byte : digest) {
                               *to++ = digits[byte >> 4];
                               *to++ = digits[byte & 0xF];
                             }
                             return size;
                           });
  return out;
}

bool parse_spelled(std::string_view text, Digest& into) {
  std::string bytes;
  if (!text.starts_with(kSpelledName) || !unhex(text.substr(kSpelledName.size()), bytes) ||
      bytes.size() != into.size()) {
    return false;
  }
  std::ranges::copy(bytes, into.begin());
  return true;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
  std::uint64_t crc = ~seed;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  auto narrow = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++at) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*at));
  return ~narrow;
}

void aes256_ctr(const Digest& key, const std::array<std::uint8_t, 16>& counter,
                std::span<char> bytes) {
  constexpr std::size_t piece_bytes = 1UL << 30;  // OpenSSL counts in int
  EVP_CIPHER_CTX* context = cipher_with(key, counter);
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), piece_bytes);
    auto* at = reinterpret_cast<unsigned char*>(bytes.data());
    int written = 0;
    must(EVP_EncryptUpdate(context, at, &written, at, static_cast<int>(count)) == 1);
    must(static_cast<std::size_t>(written) == count);
    bytes = bytes.subspan(count);
  }
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  return a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = getrandom(out.data() + filled, count - filled, 0);
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      std::abort();  // no source of randomness: no token, key or id may be made
    }
  }
  return out;
}

}  // namespace pawl
