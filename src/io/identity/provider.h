// A person for whom an OpenID provider vouches (OpenID Connect Core 1.0, the code flow with PKCE).
//
//   const auto open = co_await provider.address(asked);          where the browser goes
//   const auto who = co_await provider.redeem(asked, answer);    what it came back with
//
// The deployment file names the provider; what that says of itself is believed about itself alone,
// its endpoints are at its own origin, and nothing is followed elsewhere. A token counts where the
// provider signed it with a public key, for this client, for this sign-in (`nonce`), now, and with
// the ways of signing in that the file wants (`amr`). It has to say when the person signed in there
// (`auth_time`, asked for by `max_age`): a session that was left open there signs no one in
// here. Where the file says that this provider does not (`max_age: off`), it is asked to let the
// person sign in again, and whether it did is not known.
// What it says of the person are its words; who that is here, the deployment says. Nothing is kept
// but its public keys. The caller makes `state`, `nonce` and `verifier`, and counts each answer
// once.
// Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/identity/key_cache.h"
#include "io/issue/discovery.h"
#include "io/net/loop.h"
#include "io/secrets/credential.h"
#include "kernel/deployment/people.h"
#include "lang/jose/key_set.h"

namespace pawl::identity {

inline constexpr std::size_t groups_of_person_max = 512;
inline constexpr std::size_t person_name_bytes_max = 256;

struct ProviderPorts {
  net::Loop& loop;
  std::function<Instant()> now;
  std::function<Task<Result<secrets::Credential>>(SecretSource)> secret;
  std::function<Task<Result<FetchedKeys>>(KeyPlace)> fetch;
  std::function<void(const std::string&)> failed;
};

struct ProviderAsked {
  std::string redirect, state, nonce, verifier;
  Instant began{};  // when the browser was sent there
};
// What the browser brought.
struct ProviderAnswer {
  std::string code;
  std::string issuer;  // who says so (RFC 9207); empty: no issuer
};
struct Vouched {
  std::string name;  // as the provider calls the person
  std::vector<std::string> groups;
};

class Provider {
 public:
  // `directory`: relative files are those beside it.
  Provider(ProviderPorts ports, PersonProvider from, std::string directory);
  ~Provider() { finish(); }
  Provider(const Provider&) = delete;

  Task<Result<std::string>> address(ProviderAsked asked);
  // ErrorKind::refused: it does not vouch for this. Others: it cannot be asked now.
  Task<Result<Vouched>> redeem(ProviderAsked asked, ProviderAnswer answer);
  // What is under way ends, with an error.
  void finish();
  const PersonProvider& from() const;

 private:
  struct Asking;
  std::shared_ptr<Asking> asking_;
};

// The address for the browser.
std::string sign_in_address(const std::string& authorize_url, const PersonProvider& from,
                            const ProviderAsked& asked);
// What an ID token says, if it is one for us, for this sign-in and fresh enough.
Result<Vouched> judge_id_token(const jose::Claims& claims, const PersonProvider& from,
                               const ProviderAsked& asked, Instant now);

}  // namespace pawl::identity
