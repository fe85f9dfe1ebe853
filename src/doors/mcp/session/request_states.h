// What a stateless client brings back when it was told to ask again: `requestState`.
//
// A call that waits (for a person, or for the client's own answer to a question) is answered with a
// continuation: a text of ours that the client returns with the same params. The text is a random
// name and an HMAC over everything that the continuation is bound to: the run, the server, the
// method, the name, the SHA-256 of what is asked, the time at which it ends, how many
// request_states came before. It serves once. What a tool server gave as its own state is kept here
// in the node and never leaves it. Threads: one loop. Times are of the boot clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "base/time.h"

namespace pawl::mcp {

struct Pending;

// Clients ask again at most ten times by themselves, measured; the ninth is the last that waits.
inline constexpr std::uint32_t continuations_of_a_call_max = 9;
inline constexpr std::size_t continuations_open_max = 1000;
inline constexpr Duration continuation_lifetime = Duration::seconds(600);

// What a retry has to have in common with its first request.
struct Bound {
  std::string_view run, server, method;
  std::string_view params;  // canonical, without `_meta` and the members of a retry
};

struct Continuation {
  std::uint32_t round = 1;          // of the call, from 1
  std::string approval;             // the question to people that it waits for, or empty
  std::shared_ptr<Pending> parked;  // the call that waits for the client's answers, or null
  Duration ends{};
  Digest request{};  // of what it is bound to; made by `issue`
};

class RequestStates {
 public:
  // `random` gives unpredictable bytes.
  explicit RequestStates(std::string key) : key_(std::move(key)) {}

  // The text for the client; empty where too many are open. `name` holds 16 random bytes.
  std::string issue(std::string_view name, const Bound& bound, Continuation continuation,
                    Duration now);
  // The continuation of a text that the client brings, once. Nothing: it is not ours, belongs to
  // another request, is over, or was used.
  std::optional<Continuation> redeem(std::string_view text, const Bound& bound, Duration now);
  // Whether a continuation of this very request waits for its client.
  bool wait_for(const Bound& bound, Duration now) const;
  // A parked call is over, or its client did not come back for it.
  void forget(const Pending& parked);
  std::size_t open() const { return open_.size(); }

 private:
  std::string seal(std::string_view name, const Bound& bound,
                   const Continuation& continuation) const;
  void sweep(Duration now);

  std::string key_;
  std::unordered_map<std::string, Continuation> open_;  // by the name, in hexadecimal
};

}  // namespace pawl::mcp
