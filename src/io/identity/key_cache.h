// Public keys of issuers and trust domains, kept for a while, and fetched again when they have to
// be.
// Callers decide how often keys are missing, so a fetch is bounded by what others cannot choose:
// one at a time for each source, not sooner than `fetch_again_after` the last one, and no more than
// `waiting_max` wait for it. A set is fresh as long as the source says, between `fresh_min` and
// `fresh_max`. While one that is not fresh is fetched again it counts on, at most `stale_max`
// longer: a key that was withdrawn is useless after that, also where an attacker keeps the source
// from being reached. Nothing is fetched before a caller presents a token. Threads: one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "kernel/deployment/issuers.h"
#include "lang/jose/key_set.h"

namespace pawl::identity {

inline constexpr Duration fetch_again_after = Duration::seconds(30);
inline constexpr Duration fetch_again_after_failure = Duration::seconds(5);
inline constexpr Duration fresh_default = Duration::seconds(3600);
inline constexpr Duration fresh_min = Duration::seconds(60);
inline constexpr Duration fresh_max = Duration::seconds(24 * 3600);
inline constexpr Duration stale_max = Duration::seconds(6 * 3600);
inline constexpr std::size_t waiting_max = 256;  // for one source

struct FetchedKeys {
  std::string text;                   // a JWKS
  std::optional<Duration> fresh_for;  // as the source says
};

struct KeyPorts {
  std::function<Instant()> now;
  // From where `place` says, and from nowhere else.
  std::function<Task<Result<FetchedKeys>>(KeyPlace place)> fetch;
  std::function<void(const std::string& text)> failed;
};

class KeyCache {
 public:
  struct Known {
    std::shared_ptr<const jose::KeySet> keys;  // never null
    std::uint64_t generation = 0;              // another one after each fetch
  };
  struct Source {
    KeyPlace place;
    jose::KeyUse use = jose::KeyUse::signature;
    friend bool operator==(const Source&, const Source&) = default;
  };

  explicit KeyCache(KeyPorts ports);

  // What may be asked for from now on. Keys of a source that is the same as before are kept.
  void use(const std::map<std::string, Source>& sources);
  // ErrorKind::missing: no such source. Any other fault: its keys cannot be had now.
  Task<Result<Known>> keys(std::string source);
  // For a token whose key is not in the set `than`. ErrorKind::refused: nothing newer, or not yet.
  Task<Result<Known>> newer(std::string source, std::uint64_t than);
  // Callers that wait are told that nothing comes.
  void finish();

 private:
  struct Kept;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pawl::identity
