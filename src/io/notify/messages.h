// Notices as the requests that carry them, and what the other side says to them. Pure.
//
//   Slack             chat.postMessage of the Web API; what it answers is `{"ok":…}`
//   Standard Webhooks `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`
//   PagerDuty         Events API v2: trigger, acknowledge, resolve, by the escalation's id
//   mail              RFC 5322, for SMTP
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "io/http/client.h"
#include "io/notify/notice.h"
#include "io/secrets/credential.h"

namespace pawl::notify {

inline constexpr std::size_t answer_bytes_max = 64UL << 10;
inline constexpr Duration post_deadline = Duration::seconds(10);

// How an attempt ended.
struct Attempt {
  enum class End : std::uint8_t { told, again, refused } end = End::refused;
  std::string why;  // never with anything secret
  Duration wait{};  // what the other side asked for before the next attempt
};

// `buttons`: what may be answered there; `channel`: `#name` or an id.
struct SlackButtons {
  bool approve = false;      // and reject
  bool acknowledge = false;  // of an escalation
};
http::Ask slack_message(const std::string& url, const secrets::Credential& token,
                        const std::string& channel, const Notice& notice, SlackButtons buttons);
// A line below a message, about what became of a press of its button.
http::Ask slack_line(const std::string& url, const secrets::Credential& token,
                     const std::string& channel, const std::string& thread,
                     const std::string& sentence);
Attempt slack_answered(const Result<http::Answer>& answer);

// Any JSON, signed as Standard Webhooks says. ErrorKind::invalid where the secret is not one of the
// form `whsec_BASE64`.
Result<http::Ask> signed_post(const std::string& url, const secrets::Credential& secret,
                              const std::string& message_id, Instant now, std::string body);
Result<http::Ask> webhook_message(const std::string& url, const secrets::Credential& secret,
                                  const std::string& message_id, Instant now, const Notice& notice);
Attempt webhook_answered(const Result<http::Answer>& answer);

http::Ask pagerduty_message(const std::string& url, const secrets::Credential& key,
                            const std::string& source, const Notice& notice);
Attempt pagerduty_answered(const Result<http::Answer>& answer);

struct MailText {
  std::string from, to, message_id;
  Instant now;
};
std::string mail_message(const MailText& mail, const Notice& notice);

}  // namespace pawl::notify
