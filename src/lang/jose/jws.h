// Signed texts in the compact form of RFC 7515: `header.payload.signature`, each in base64url.
//
//   const auto opened = open(token, keys, types);     // someone's
//   std::string token = seal(key, "pawl-run+jwt", payload);
//
// What is refused before a signature is computed: more than 16 KiB, anything but three parts,
// `alg` of no public key, a header that brings its own key (`jwk`, `jku`, `x5u`, `x5c`), `crit`,
// encryption, a token inside of a token, and any type that the caller does not expect. The payload
// is not read before its signature fits.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lang/jose/key_set.h"
#include "lang/jose/refusal.h"

namespace pawl::jose {

inline constexpr std::size_t token_bytes_max = 16UL << 10;
inline constexpr std::size_t header_bytes_max = 4UL << 10;

struct Header {
  Algorithm algorithm;
  std::optional<std::string> kid;
  std::string type;  // `typ` in lower case without `application/`; empty where absent
};

struct Opened {
  Header header;
  std::string key;  // the thumbprint of the key that signed
  std::string payload;
};

// `types`: those that are expected, in lower case; an empty one permits a token without a type.
Checked<Opened> open(std::string_view token, const KeySet& keys,
                     std::span<const std::string_view> types);

// The payload of an unchecked token: only to find out whose keys to check it with.
Checked<std::string> unchecked_payload(std::string_view token);

std::string seal(const SigningKey& key, std::string_view type, std::string_view payload);

}  // namespace pawl::jose
