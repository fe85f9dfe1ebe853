// What a store does with its records.
#include "io/secrets/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"

namespace pawl::secrets {
namespace {

// What a box is about, so that none stands in for another.
std::string about(std::string_view what, std::string_view name, std::uint64_t version) {
  return fmt::format("pawl-credentials-v1 {}\n{}\n{}", what, name, version);
}

std::unexpected<Error> no_such(std::string_view name, std::optional<std::uint64_t> version) {
  return fail(
      ErrorKind::missing,
      version ? fmt::format("the store has no version {} of `{}`", *version, escape_untrusted(name))
              : fmt::format("the store has no credential `{}`", escape_untrusted(name)));
}

}  // namespace

bool valid_name(std::string_view name) {
  const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > name_bytes_max || !fine(name.front())) return false;
  return std::ranges::all_of(name,
                             [&](char c) { return fine(c) || c == '.' || c == '-' || c == '_'; });
}

Status Store::unlock(const Credential& passphrase) {
  auto master = derive(passphrase, salt_, cost_);
  if (!master) return std::unexpected(master.error());
  wrap_ = key_for(*master, "pawl credentials: wrap");
  seal_ = key_for(*master, "pawl credentials: seal");
  return {};
}

Result<Store> Store::create(const Credential& passphrase, const Random& random, Cost cost) {
  Store made;
  made.cost_ = cost;
  made.salt_ = random(salt_bytes);
  if (Status done = made.unlock(passphrase); !done) return std::unexpected(done.error());
  return made;
}

std::vector<Store::Entry> Store::entries() const {
  std::vector<Entry> all;
  for (const auto& [key, record] : records_) all.push_back({key.first, key.second, record.created});
  return all;
}

std::optional<std::uint64_t> Store::newest(std::string_view name) const {
  std::optional<std::uint64_t> found;
  for (const auto& [key, record] : records_) {
    if (key.first == name) found = key.second;
  }
  return found;
}

Result<Credential> Store::get(std::string_view name, std::optional<std::uint64_t> version) const {
  const auto wanted = version ? version : newest(name);
  const auto found = wanted ? records_.find(std::pair(std::string(name), *wanted)) : records_.end();
  if (found == records_.end()) return no_such(name, version);
  auto key = decrypt(wrap_, found->second.wrapped, about("key", name, *wanted));
  if (!key) return key;
  return decrypt(*key, found->second.sealed, about("value", name, *wanted));
}

Result<std::uint64_t> Store::put(const std::string& name, const Credential& value, Instant now,
                                 const Random& random) {
  if (!valid_name(name)) {
    return fail(ErrorKind::usage,
                fmt::format("`{}` is no name of a credential: small letters, digits "
                            "and . - _ are, up to {}",
                            escape_untrusted(name), name_bytes_max));
  }
  if (records_.size() >= records_max || next_.size() >= records_max) {
    return fail(ErrorKind::refused, fmt::format("a store holds at most {} records", records_max));
  }
  const std::uint64_t version = next_.try_emplace(name, 1).first->second++;
  std::string bytes = random(key_bytes);
  const Credential key = Credential::taken_from(bytes);
  records_[{name, version}] = {
      now, encrypt(wrap_, random(nonce_bytes), about("key", name, version), key.bytes()),
      encrypt(key, random(nonce_bytes), about("value", name, version), value.bytes())};
  return version;
}

Status Store::remove(const std::string& name, std::optional<std::uint64_t> version) {
  const auto removed = std::erase_if(records_, [&](const auto& entry) {
    return entry.first.first == name && (!version || entry.first.second == *version);
  });
  if (removed == 0) return no_such(name, version);
  return {};
}

Status Store::rewrap(const Credential& passphrase, const Random& random, Cost cost) {
  Store fresh;
  fresh.cost_ = cost;
  fresh.salt_ = random(salt_bytes);
  if (Status done = fresh.unlock(passphrase); !done) return done;
  for (const auto& [name, record] : records_) {
    const std::string also = about("key", name.first, name.second);
    const auto key = decrypt(wrap_, record.wrapped, also);
    if (!key) return std::unexpected(key.error());
    Record again = record;
    again.wrapped = encrypt(fresh.wrap_, random(nonce_bytes), also, key->bytes());
    fresh.records_[name] = std::move(again);
  }
  fresh.next_ = next_;
  *this = std::move(fresh);
  return {};
}

std::string Store::seal_of(std::string_view body) const {
  return hex(hmac_sha256(seal_.bytes(), body));
}

}  // namespace pawl::secrets
