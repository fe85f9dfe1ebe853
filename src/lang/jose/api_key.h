// Keys of agents that have nothing better: `pawl_` and 256 random bits in base64url.
//
// A key is shown once. What is kept is its SHA-256, with the first characters to look it up by: a
// guess at 256 bits needs no slow hash. The kept form is `PREFIX:HEX`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"

namespace pawl::jose {

inline constexpr std::string_view api_key_mark = "pawl_";
inline constexpr std::size_t api_key_random_bytes = 32;
inline constexpr std::size_t api_key_prefix_chars = 8;  // 48 bits, which leaves 208

struct KeptKey {
  std::string prefix;
  Digest digest{};

  std::string text() const;
  static Result<KeptKey> parse(std::string_view text);
  friend bool operator==(const KeptKey&, const KeptKey&) = default;
};

struct NewKey {
  std::string secret;  // for the agent, and for no record
  KeptKey kept;
};

// `random` holds 32 random bytes.
Result<NewKey> make_api_key(std::string_view random);
// A text that `make_api_key` can have made.
bool valid_api_key(std::string_view text);
// Which of the kept ones it is; nothing where it is none. Every one with the same prefix is
// compared, each in a time that does not tell where it differs.
std::optional<std::size_t> match(std::string_view presented, std::span<const KeptKey> kept);

}  // namespace pawl::jose
