// How people hear of things, as the deployment file says it (`notify`), and how often the kill
// switch is exercised (`drill`).
//
// Secrets are sources (issued.h): they have no name, so no policy can send them anywhere.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "kernel/config/contact.h"
#include "kernel/deployment/issued.h"

namespace pawl {

struct SlackNotices {
  ReachedHost at;        // the Web API
  SecretSource token;    // of the bot
  std::string channel;   // where questions are posted; empty: they are not
  SecretSource signing;  // checks what Slack posts back; not given: notices have no buttons
  bool approve_reversible = false;
};

struct WebhookNotices {
  ReachedHost at;
  SecretSource secret;  // Standard Webhooks: `whsec_` and base64
  bool questions = true;
};

struct PagerDutyNotices {
  ReachedHost at;                                         // Events API v2
  std::map<std::string, SecretSource, std::less<>> keys;  // by service: its integration key
};

struct MailNotices {
  ReachedHost at;  // `smtps://HOST`, or `smtp://HOST` with STARTTLS
  bool tls_from_start = false;
  std::string from;
  std::vector<std::string> to;  // who hears of questions; empty: they are not mailed
  std::string user;
  SecretSource password;
};

struct Notices {
  enum class Desktop : std::uint8_t { automatic, off };
  Desktop desktop = Desktop::automatic;
  std::vector<std::string> command;
  std::string link;  // where people answer: a question is at LINK/#/queue/ID
  std::optional<SlackNotices> slack;
  std::map<std::string, WebhookNotices, std::less<>> webhooks;
  std::optional<PagerDutyNotices> pagerduty;
  std::optional<MailNotices> mail;
  std::vector<Contact> contacts;  // of what belongs to no run, and where a policy names none
  Duration acknowledge_within = Duration::seconds(900);  // after the last contact
};

// A program that answers questions, as one of the pairs of eyes: it has exactly one of a command
// and an address, and gives no answer later than `within`.
struct AutomaticReviewer {
  std::vector<std::string> command;
  std::optional<WebhookNotices> webhook;
  Duration within = Duration::seconds(10);
};

// The exercise of the kill switch.
struct DrillPlan {
  std::string role;  // whose run is killed
  Duration every{};  // `pawl check` fails when the last one is older
  Position at;
};

}  // namespace pawl
