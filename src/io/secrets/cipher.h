// The two operations below the store: keys from what a person knows, and AES-256-GCM.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "io/secrets/credential.h"

namespace pawl::secrets {

inline constexpr std::size_t key_bytes = 32;
inline constexpr std::size_t nonce_bytes = 12;
inline constexpr std::size_t tag_bytes = 16;
inline constexpr std::size_t salt_bytes = 16;

// Argon2id. What is asked of new stores, and the most that a store may ask of us.
struct Cost {
  std::uint32_t memory_kib = 64 * 1024;
  std::uint32_t passes = 3;

  friend bool operator==(const Cost&, const Cost&) = default;
};
inline constexpr Cost cost_min{64 * 1024, 3};
inline constexpr Cost cost_max{1024 * 1024, 16};

Result<Credential> derive(const Credential& secret, std::string_view salt, const Cost& cost);
// A key for one purpose out of another key.
Credential key_for(const Credential& key, std::string_view purpose);

// nonce, cipher text, tag. A nonce is used once with a key.
std::string encrypt(const Credential& key, std::string_view nonce, std::string_view also,
                    std::string_view plain);
// ErrorKind::corrupt where the key, `also` or a bit of the box is another.
Result<Credential> decrypt(const Credential& key, std::string_view box, std::string_view also);

}  // namespace pawl::secrets
