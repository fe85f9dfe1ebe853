// What Slack posts to us when a person presses a button of a notice.
//
// It counts when its signature does (HMAC-SHA256 with the app's signing secret over
// `v0:TIMESTAMP:BODY`), its time is within five minutes of ours, and it was not seen before: a
// recording of it is refused, also by a node that is asked a second time. Who pressed is an account
// of Slack's; whose that is, and what they may, is looked up by the caller.
// Bounds: `seen_max` signatures are remembered for as long as they could count; when there is no
// room for one more, nothing counts.
// Pure but for the memory; the source is Slack's page on verifying requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace pawl::notify {

inline constexpr Duration signature_window = Duration::seconds(300);
inline constexpr std::size_t seen_max = 10'000;
inline constexpr std::size_t callback_bytes_max = 256UL << 10;

struct SignedPost {
  std::string_view timestamp, signature, body;  // X-Slack-Request-Timestamp, X-Slack-Signature
};

class SlackProofs {
 public:
  // ErrorKind::refused where it does not count; then nothing of it was looked at.
  Status check(std::string_view secret, const SignedPost& post, Instant now);
  std::size_t remembered() const { return seen_.size(); }

 private:
  std::map<std::string, std::int64_t, std::less<>> seen_;  // signature -> second until it counts
};

enum class Pressed : std::uint8_t { approve, reject, acknowledge, open };
struct SlackAnswer {
  Pressed pressed = Pressed::open;
  std::string account;          // who: `U024BE7LH`
  std::string id, shown;        // of the question or the escalation; the digest of its display
  std::string channel, thread;  // where, to say there what became of it; may be empty
};
// The body of such a post: a form whose field `payload` is JSON. Exactly one button.
Result<SlackAnswer> read_slack_answer(std::string_view body);

}  // namespace pawl::notify
