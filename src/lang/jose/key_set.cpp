#include "lang/jose/key_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "base/text.h"

namespace pawl::jose {
namespace {

constexpr std::size_t key_set_depth_max = 8;

// Empty where a key may check signatures, else why not.
std::string not_for_us(json::View jwk, KeyUse use) {
  if (!jwk.is_object()) return "not an object";
  const json::View stated = jwk["use"];
  switch (use) {
    case KeyUse::signature:
      if (stated.exists() && !(stated.is_string() && stated.string() == "sig")) {
        return "`use` is not `sig`";
      }
      break;
    case KeyUse::jwt_svid:
      if (!stated.is_string() || stated.string() != "jwt-svid") return "`use` is not `jwt-svid`";
      if (!jwk.text("kid")) return "it has no `kid`";
      break;
  }
  const json::View operations = jwk["key_ops"];
  if (!operations.exists()) return {};
  for (const json::View operation : operations.elements()) {
    if (operation.is_string() && operation.string() == "verify") return {};
  }
  return "`key_ops` does not permit `verify`";
}

}  // namespace

Status KeySet::take(json::View jwk, KeyUse use) {
  const std::string name = quoted(jwk.text("kid").value_or(""));
  std::string why = not_for_us(jwk, use);
  if (why.empty()) {
    auto key = PublicKey::from_jwk(jwk);
    if (key) {
      const auto same = [&](const PublicKey& known) {
        return !key->kid().empty() && known.kid() == key->kid();
      };
      if (std::ranges::any_of(keys_, same)) {
        return fail(ErrorKind::invalid, fmt::format("two keys of the set are named {}", name));
      }
      keys_.push_back(*std::move(key));
      return {};
    }
    why = key.error().message;
  }
  skipped_.push_back({name, std::move(why)});
  return {};
}

Result<KeySet> KeySet::parse(std::string_view text, KeyUse use) {
  if (text.size() > key_set_bytes_max) {
    return fail(ErrorKind::invalid,
                fmt::format("a key set has at most {} bytes", key_set_bytes_max));
  }
  const auto read =
      json::parse(text, {.bytes_max = key_set_bytes_max, .depth_max = key_set_depth_max});
  PAWL_TRY(read);
  const json::View keys = read->root()["keys"];
  if (!keys.is_array()) return fail(ErrorKind::invalid, "a key set is `{\"keys\": [...]}`");
  if (keys.size() > keys_max) {
    return fail(ErrorKind::invalid, fmt::format("a key set has at most {} keys", keys_max));
  }
  KeySet set;
  for (const json::View jwk : keys.elements()) {
    PAWL_TRY(set.take(jwk, use));
  }
  if (set.keys_.empty()) {
    return fail(ErrorKind::invalid, set.skipped_.empty()
                                        ? "the key set is empty"
                                        : fmt::format("no key of the set can be used; {}: {}",
                                                      set.skipped_[0].kid, set.skipped_[0].why));
  }
  return set;
}

KeySet KeySet::of(std::span<const PublicKey> keys) {
  KeySet set;
  set.keys_.assign(keys.begin(), keys.end());
  return set;
}

Checked<const PublicKey*> KeySet::find(const std::optional<std::string>& kid,
                                       Algorithm algorithm) const {
  const PublicKey* found = nullptr;
  for (const PublicKey& key : keys_) {
    if (kid ? key.kid() != *kid : key.algorithm() != algorithm) continue;
    if (found != nullptr) {
      return refuse(Flaw::key_unknown, "header.kid",
                    fmt::format("missing, and several keys are for `{}`", name_of(algorithm)));
    }
    found = &key;
  }
  if (found == nullptr) {
    return refuse(Flaw::key_unknown, "header.kid",
                  kid ? fmt::format("{} is not a key of this issuer", quoted(*kid))
                      : fmt::format("missing, and no key is for `{}`", name_of(algorithm)));
  }
  if (found->algorithm() != algorithm) {
    return refuse(Flaw::algorithm, "header.alg",
                  fmt::format("`{}`, but the key is for `{}` only", name_of(algorithm),
                              name_of(found->algorithm())));
  }
  return found;
}

std::string KeySet::text() const {
  json::Writer out;
  out.object().key("keys").array();
  for (const PublicKey& key : keys_) out.raw(key.jwk());
  return out.end().end().take();
}

}  // namespace pawl::jose
