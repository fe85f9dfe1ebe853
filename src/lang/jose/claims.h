// What a signed token says (RFC 7519), and whether it says it to us, now.
//
//   const auto claims = verify(token, keys, expected, now);
//
// Times are whole seconds since 1970. A token without an end is refused: it could not be taken
// back. `sub`, `iss` and the names in `aud` are compared byte by byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "lang/jose/jws.h"
#include "lang/jose/key_set.h"
#include "lang/jose/refusal.h"

namespace pawl::jose {

inline constexpr std::size_t claim_text_bytes_max = 2048;
inline constexpr std::size_t audiences_max = 32;
inline constexpr std::size_t scopes_max = 256;
inline constexpr Duration leeway_default = Duration::seconds(30);
inline constexpr Duration leeway_max = Duration::seconds(300);
// The last moment that `Instant` can still be moved by a leeway: about the year 2255.
inline constexpr std::int64_t numeric_date_max = 9'000'000'000;

struct Claims {
  json::Document document;  // all of them
  std::string issuer;       // empty where absent, as the others
  std::string subject;
  std::vector<std::string> audiences;
  std::string party;                // `azp`, else `client_id`
  std::string id;                   // `jti`
  std::vector<std::string> scopes;  // `scope`, else `scp`
  std::optional<Instant> expires, not_before, issued;
  std::string key;  // the thumbprint of the key that signed
};

struct Expected {
  std::string issuer;                  // empty: not compared (JWT-SVID)
  std::vector<std::string> audiences;  // one of them has to be in `aud`
  std::vector<std::string> parties;    // where there are any, the token is issued to one of them
  std::vector<std::string> scopes;     // all of them
  std::vector<Algorithm> algorithms = {};  // where there are any, it is signed with one of them
  std::vector<std::string_view> types = {"jwt", "at+jwt", ""};
  Duration leeway =
      leeway_default;  // for clocks that differ; more than `leeway_max` counts as that
};

// The claims of a payload, each in its right form.
Checked<Claims> read_claims(std::string_view payload);
// Whether they are for us and now.
Checked<void> judge(const Claims& claims, const Expected& expected, Instant now);
Checked<Claims> verify(std::string_view token, const KeySet& keys, const Expected& expected,
                       Instant now);

// Whose token it says to be: only to look up the keys of an issuer that is configured.
struct Stated {
  std::string issuer;
  std::string subject;
};
Checked<Stated> stated(std::string_view token);

}  // namespace pawl::jose
