// Fetches key sets: from a file, from an address, or by discovery (OpenID Connect Discovery, and
// RFC 8414 where that is not there).
//
// Only the host that the deployment file names is reached, at public addresses unless it says
// otherwise, once resolved, without following a redirect. What is discovered has to be about the
// issuer that was asked, letter for letter, and its keys at the same host and port: where they are
// elsewhere, the file says so with `keys`.
// Threads: one loop.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "io/http/client.h"
#include "io/identity/key_cache.h"
#include "io/net/loop.h"
#include "kernel/deployment/web_address.h"

namespace pawl::identity {

inline constexpr Duration key_fetch_deadline = Duration::seconds(10);
inline constexpr std::size_t discovery_bytes_max = 64UL << 10;

class HttpKeys {
 public:
  explicit HttpKeys(net::Loop& loop);
  ~HttpKeys();

  // `directory`: relative files are those beside it.
  Task<Result<FetchedKeys>> fetch(KeyPlace place, std::string directory);
  // What is under way ends, with an error. Fetches end before this object does.
  void finish();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// The text of a key set. ErrorKind::missing where there is no such file.
Result<std::string> read_key_file(const std::string& path);
// `max-age` of a `Cache-Control`; `no-store` and `no-cache` are zero.
std::optional<Duration> fresh_for(std::string_view cache_control);
// The addresses at which an issuer may describe itself, in the order in which they are asked.
std::vector<std::string> discovery_addresses(std::string_view issuer);
// `jwks_uri` of what an issuer says of itself.
Result<std::string> keys_of_discovery(std::string_view text, std::string_view issuer);

}  // namespace pawl::identity
