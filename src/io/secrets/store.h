// The encrypted store of upstream secrets: names, versions, and values that only a key opens.
//
//   auto store = Store::open(text, passphrase);
//   auto token = store->get("mail-relay");          // the newest version
//   store->put("mail-relay", value, now, random);   // a further version; older ones stay
//
// Every value has a random key of its own (AES-256-GCM with name and version as additional data),
// and that key is wrapped by one that Argon2id makes of the passphrase. So a new passphrase wraps
// keys again and touches no value, and a record cannot be moved to another name or version.
// The whole text carries two checks: a SHA-256, which finds damage without any key, and an HMAC,
// which finds edits. Its form is on the page docs/formats/credentials.md.
//
// Version numbers are never used again, also after a version was removed: records of the journal
// name them. Pure but for memory; store_file.h reads and writes the file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "io/secrets/cipher.h"
#include "io/secrets/credential.h"

namespace pawl::secrets {

inline constexpr std::size_t store_bytes_max = 32UL << 20;
inline constexpr std::size_t records_max = 1024;
inline constexpr std::size_t name_bytes_max = 64;

using Random = std::function<std::string(std::size_t)>;

// Small letters, digits and `.`, `-`, `_`; begins with a letter or digit.
bool valid_name(std::string_view name);

class Store {
 public:
  struct Entry {
    std::string name;
    std::uint64_t version = 0;
    Instant created;

    friend bool operator==(const Entry&, const Entry&) = default;
  };

  static Result<Store> create(const Credential& passphrase, const Random& random, Cost cost = {});
  // ErrorKind::corrupt: damaged or cut. ErrorKind::refused: another passphrase, or edited.
  static Result<Store> open(std::string_view text, const Credential& passphrase);
  // Names and versions without a key: undamaged, but perhaps edited.
  static Result<std::vector<Entry>> list(std::string_view text);

  // By name, then version.
  std::vector<Entry> entries() const;
  // The newest version, or this one. ErrorKind::missing where there is none.
  Result<Credential> get(std::string_view name, std::optional<std::uint64_t> version = {}) const;
  std::optional<std::uint64_t> newest(std::string_view name) const;

  // A further version of the name; its number.
  Result<std::uint64_t> put(const std::string& name, const Credential& value, Instant now,
                            const Random& random);
  // One version, or all of them. ErrorKind::missing where there is none.
  Status remove(const std::string& name, std::optional<std::uint64_t> version = {});
  // The same values under another passphrase.
  Status rewrap(const Credential& passphrase, const Random& random, Cost cost = {});

  std::string text() const;

 private:
  struct Record {
    Instant created;
    std::string wrapped;  // its key
    std::string sealed;   // its value
  };
  using Records = std::map<std::pair<std::string, std::uint64_t>, Record>;
  using Numbers = std::map<std::string, std::uint64_t, std::less<>>;  // the next version of a name

  Store() = default;
  static Result<Store> parse(std::string_view text);
  Status read_key(json::View key);
  Status read_numbers(json::View numbers);
  Status read_record(json::View record);
  Status unlock(const Credential& passphrase);
  std::string body() const;
  std::string seal_of(std::string_view body) const;

  Cost cost_;
  std::string salt_;
  Records records_;
  Numbers next_;
  Credential wrap_, seal_;
};

}  // namespace pawl::secrets
