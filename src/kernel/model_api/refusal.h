// A request that pawl does not pass on, in the provider's own words for an error, and the event
// that ends a stream which has to be cut: clients show it to a person, and do not try again where
// trying again cannot help.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "kernel/model_api/api.h"
#include "kernel/model_api/usage.h"

namespace pawl {

// What the client can do about it.
enum class RefusalKind : std::uint8_t {
  spent,        // 403: a ceiling is reached; nothing to try again
  busy,         // 429: what others have reserved may come back; try again after `retry_after`
  denied,       // 403: the policy, a halt, a kill switch, or a person says no
  invalid,      // 400: not a request of this interface
  unavailable,  // 503: the provider, or the journal, cannot be reached; try again
};

struct ModelRefusal {
  RefusalKind kind = RefusalKind::denied;
  std::string code;     // of the verdict: `ceiling_reached`; letters, digits, `_`
  std::string message;  // for a person
  std::string run;      // whose; may be empty
  Duration retry_after = Duration::seconds(1);  // busy and unavailable; rounded up to seconds
};

struct RefusalAnswer {
  int status = 403;
  // With Content-Type; without Content-Length, which the door writes.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
// Statuses and types are those that Claude Code, Codex, the SDKs of the three providers and those
// who build on them do not repeat for `spent`, `denied` and `invalid` (`x-should-retry: false`),
// and do for the others.
RefusalAnswer refusal_answer(ModelApi api, const ModelRefusal& refusal);

// The bytes of the events that end a stream in the middle. Nothing is written behind them.
std::string refusal_events(ModelApi api, const ModelRefusal& refusal, const StreamPlace& place);

}  // namespace pawl
