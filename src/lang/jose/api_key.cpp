#include "lang/jose/api_key.h"

#include <algorithm>

#include "base/text.h"
#include "lang/jose/base64url.h"

namespace pawl::jose {
namespace {

std::string_view body_of(std::string_view key) {
  return key.substr(api_key_mark.size());
}

bool prefix_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

std::string KeptKey::text() const {
  return prefix + ":" + hex(digest);
}

Result<KeptKey> KeptKey::parse(std::string_view text) {
  const std::string_view prefix = text.substr(0, text.find(':'));
  std::string bytes;
  KeptKey kept{std::string(prefix), {}};
  // One spelling only: capital digits would make two lines of one key.
  if (prefix.size() != api_key_prefix_chars || !std::ranges::all_of(prefix, prefix_character) ||
      prefix.size() == text.size() || !unhex(text.substr(prefix.size() + 1), bytes) ||
      bytes.size() != kept.digest.size()) {
    return fail(ErrorKind::invalid, "a kept key is `PREFIX:` and 64 hexadecimal digits");
  }
  std::ranges::copy(bytes, kept.digest.begin());
  if (kept.text() != text) {
    return fail(ErrorKind::invalid, "the digits of a kept key are in lower case");
  }
  return kept;
}

Result<NewKey> make_api_key(std::string_view random) {
  if (random.size() != api_key_random_bytes) {
    return fail(ErrorKind::internal, "an API key needs 32 random bytes");
  }
  std::string secret = std::string(api_key_mark) + base64url(random);
  KeptKey kept{std::string(body_of(secret).substr(0, api_key_prefix_chars)), sha256(secret)};
  return NewKey{std::move(secret), std::move(kept)};
}

bool valid_api_key(std::string_view text) {
  std::string bytes;
  return text.starts_with(api_key_mark) && unbase64url(body_of(text), bytes) &&
         bytes.size() == api_key_random_bytes;
}

std::optional<std::size_t> match(std::string_view presented, std::span<const KeptKey> kept) {
  if (!valid_api_key(presented)) return std::nullopt;
  const std::string_view prefix = body_of(presented).substr(0, api_key_prefix_chars);
  const Digest digest = sha256(presented);
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i].prefix == prefix &&
        equal_constant_time(bytes_of(kept[i].digest), bytes_of(digest))) {
      found = i;
    }
  }
  return found;
}

}  // namespace pawl::jose
