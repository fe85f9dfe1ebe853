// Any bytes as what Slack would have posted, and as a sentence that people are told: what is read
// of the one is an id that can be looked up, and nothing in the other is acted upon.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "fuzz/must.h"
#include "io/notify/messages.h"
#include "io/notify/reviewer_answer.h"
#include "io/notify/slack_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace pawl::notify;
  using pawl::fuzz::must;
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  if (const auto answer = read_slack_answer(text)) {
    must(pawl::is_ascii(answer->account) && !answer->account.empty(), "a person pressed");
    must(answer->pressed == Pressed::open || !answer->id.empty(), "it is about something");
    must(answer->id.find_first_of("<> \r\n") == std::string::npos, "an id is a word");
  }
  if (const auto said = read_reviewer_answer(text, "a-7k2", "sha256:00")) {
    must(text.find("sha256:00") != std::string::npos || text.find('\\') != std::string::npos,
         "an answer names its question");
    must(pawl::escape_untrusted(said->reason) == said->reason, "a reason is shown as it is");
  }
  SlackProofs proofs;
  must(!proofs.check("a secret", {text, text, text}, pawl::Instant{}), "it is not signed");

  Notice notice;
  notice.kind = Notice::Kind::escalation;
  notice.id = "e-1";
  notice.event = notice.sentence = notice.run = notice.contact = text;
  const auto key = pawl::secrets::Credential::copy_of("xoxb-fuzz-fuzz");
  const auto ask = slack_message("https://slack.com/api/", key, "#a", notice, {});
  const auto document = pawl::json::parse(ask.body);
  must(document.has_value(), "a message is JSON");
  must(document->root()["text"].string().find_first_of("<>\r\n") == std::string::npos,
       "a message has no markup");
  const std::string mail = mail_message({"a@b.c", "d@e.f", "id@h", pawl::Instant{}}, notice);
  const std::size_t end = mail.find("\r\n\r\n");
  must(end != std::string::npos && pawl::is_ascii(mail), "a mail has a head and a body");
  std::size_t fields = 0;
  for (const std::string_view line : pawl::split(std::string_view(mail).substr(0, end), '\n')) {
    fields += line.starts_with(' ') ? 0 : 1;
  }
  must(fields == 9, "a mail has our headers and no others");
  must(pawl::valid_utf8(neutral(text)), "a neutral text is text");
  return 0;
}
