// What people are told: neutral in every medium, signed where the medium has signatures, and sent
// again only as often as it is worth it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "io/notify/messages.h"
#include "io/notify/messenger.h"
#include "io/notify/slack_answer.h"

namespace pawl::notify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Instant kNow{1'795'420'800'000'000'000};

Notice a_notice(std::string sentence) {
  Notice notice;
  notice.kind = Notice::Kind::escalation;
  notice.id = "e-1";
  notice.event = "ceiling";
  notice.run = "r-1";
  notice.sentence = std::move(sentence);
  notice.contact = "Ada Example";
  notice.at = kNow;
  return notice;
}

secrets::Credential secret(std::string_view text) {
  return secrets::Credential::copy_of(text);
}

// J05: what a hostile argument would like to be in a chat, a mail or a log.
constexpr std::string_view kHostile[] = {
    "<!channel> <@U024BE7LH> <#C024BE91L>",
    "<https://evil.example|Approve>",
    "https://evil.example/approve",
    "a\r\nBcc: eve@evil.example\r\n\r\nnew body",
    "\x1b]52;c;ZXZpbA==\x07\x1b[2J",
    "\u202eevorppa\u202c",
    "=?utf-8?B?QmNjOiBldmU=?=",
    "{\"blocks\": []}",
    "*bold* _it_ `code` ~no~",
};

TEST(Neutral, NothingInASlackMessageIsMarkup) {
  for (const std::string_view hostile : kHostile) {
    SlackButtons buttons;
    buttons.acknowledge = true;
    const http::Ask ask = slack_message("https://slack.com/api/", secret("xoxb-123456"), "#a",
                                        a_notice(std::string(hostile)), buttons);
    const auto document = json::parse(ask.body);
    ASSERT_TRUE(document) << hostile;
    const json::View root = document->root();
    EXPECT_THAT(ask.body, Not(HasSubstr("mrkdwn\":true"))) << hostile;
    EXPECT_EQ(root["text"].string().find_first_of("<>\r\n\x1b"), std::string::npos) << hostile;
    EXPECT_EQ(root["text"].string().find("://"), std::string::npos) << hostile;
    EXPECT_EQ(root.text("parse"), "none");
    for (const json::View block : root["blocks"].elements()) {
      if (block.text("type") == "actions") continue;
      EXPECT_EQ(block["text"].text("type"), "plain_text") << hostile;
      const std::string shown(block["text"].text("text").value_or(""));
      EXPECT_EQ(shown.find_first_of("<>\r\x1b"), std::string::npos) << hostile;
      EXPECT_EQ(shown.find("://"), std::string::npos) << hostile;
      EXPECT_FALSE(shown.contains("\u202e")) << hostile;
    }
  }
}

TEST(Neutral, AMailHasTheHeadersThatWeWroteAndNoOthers) {
  for (const std::string_view hostile : kHostile) {
    const std::string mail = mail_message(
        {"pawl@acme.example", "ada@acme.example", "id@host", kNow}, a_notice(std::string(hostile)));
    const std::size_t end = mail.find("\r\n\r\n");
    ASSERT_NE(end, std::string::npos);
    std::vector<std::string> names;
    for (const std::string_view line : split(std::string_view(mail).substr(0, end), '\n')) {
      if (line.starts_with(' ')) continue;
      names.emplace_back(line.substr(0, line.find(':')));
      EXPECT_TRUE(is_ascii(line)) << hostile;
    }
    EXPECT_THAT(names, ElementsAre("Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted",
                                   "MIME-Version", "Content-Type", "Content-Transfer-Encoding"))
        << hostile;
    EXPECT_THAT(mail, Not(HasSubstr("eve@evil.example"))) << hostile;
  }
}

TEST(Neutral, ATextIsCutWhereACharacterEnds) {
  const std::string text = neutral(std::string(1023, 'x') + "\u00e9\u00e9");
  EXPECT_TRUE(valid_utf8(text));
  EXPECT_THAT(text, testing::EndsWith("x…"));
  const std::string header = mail_header(std::string(60, 'x') + std::string("\u00e9\u00e9\u00e9"));
  EXPECT_THAT(header, testing::StartsWith("=?utf-8?B?"));
  for (const std::string_view line : split(header, '\n')) EXPECT_LT(line.size(), 78U);
}

TEST(Webhook, ItsSignatureIsThatOfTheExampleOfTheStandard) {
  // Symmetric signature over `ID.SECONDS.BODY`, computed here by hand from the same parts.
  const std::string key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  std::string raw;
  ASSERT_TRUE(unbase64(key, raw));
  const auto ask = webhook_message("https://siem.example/hook", secret("whsec_" + key), "msg_1",
                                   kNow, a_notice("halted"));
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->headers.find("webhook-id"), "msg_1");
  EXPECT_EQ(ask->headers.find("webhook-timestamp"), "1795420800");
  const std::string wanted =
      "v1," + base64(bytes_of(hmac_sha256(raw, "msg_1.1795420800." + ask->body)));
  EXPECT_EQ(ask->headers.find("webhook-signature"), wanted);
  for (const std::string_view bad : {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_short",
                                     "whsec_AAAA", "whsec_not base64 at all, no"}) {
    EXPECT_FALSE(webhook_message("https://x", secret(bad), "m", kNow, a_notice("x"))) << bad;
  }
}

TEST(PagerDuty, AnEscalationIsOneIncidentFromItsBeginningToItsEnd) {
  Notice notice = a_notice("the run may take at most 25 steps");
  std::string last;
  for (const auto& [kind, action] : {std::pair{Notice::Kind::escalation, "trigger"},
                                     std::pair{Notice::Kind::acknowledged, "acknowledge"},
                                     std::pair{Notice::Kind::resolved, "resolve"}}) {
    notice.kind = kind;
    const http::Ask ask = pagerduty_message("https://pd", secret("key-1234567"), "host", notice);
    const auto document = json::parse(ask.body);
    ASSERT_TRUE(document);
    EXPECT_EQ(document->root().text("event_action"), action);
    EXPECT_EQ(document->root().text("routing_key"), "key-1234567");
    const std::string dedup(document->root().text("dedup_key").value_or(""));
    EXPECT_LE(dedup.size(), 255U);
    EXPECT_TRUE(last.empty() || last == dedup);
    last = dedup;
    EXPECT_EQ(document->root()["payload"].exists(), kind == Notice::Kind::escalation);
  }
}

Result<http::Answer> answered(int status, std::string body = {}, std::string_view again = {}) {
  http::Answer answer;
  answer.status = status;
  answer.body = std::move(body);
  if (!again.empty()) answer.headers.add("retry-after", again);
  return answer;
}

TEST(Answers, WhatIsWorthAnotherTry) {
  using End = Attempt::End;
  EXPECT_EQ(slack_answered(answered(200, R"({"ok":true})")).end, End::told);
  EXPECT_EQ(slack_answered(answered(200, R"({"ok":false,"error":"ratelimited"})")).end, End::again);
  const Attempt wrong = slack_answered(answered(200, R"({"ok":false,"error":"invalid_auth"})"));
  EXPECT_EQ(wrong.end, End::refused);
  EXPECT_THAT(wrong.why, HasSubstr("invalid_auth"));
  for (const char* body : {"", "[]", "{}", "ok", R"({"ok":"true"})"}) {
    EXPECT_EQ(slack_answered(answered(200, body)).end, End::refused) << body;
  }
  EXPECT_EQ(slack_answered(answered(429, {}, "7")).wait, Duration::seconds(7));
  EXPECT_EQ(slack_answered(answered(429, {}, "999999")).wait, Duration::seconds(300));
  EXPECT_EQ(slack_answered(answered(429, {}, "-1")).wait, Duration{});
  EXPECT_EQ(webhook_answered(answered(204)).end, End::told);
  EXPECT_EQ(webhook_answered(answered(410)).end, End::refused);
  EXPECT_EQ(webhook_answered(answered(302)).end, End::refused);
  EXPECT_EQ(webhook_answered(answered(503)).end, End::again);
  EXPECT_EQ(pagerduty_answered(answered(202)).end, End::told);
  EXPECT_EQ(pagerduty_answered(answered(400)).end, End::refused);
  EXPECT_EQ(webhook_answered(fail(ErrorKind::io, "x")).end, End::again);
  EXPECT_EQ(webhook_answered(fail(ErrorKind::refused, "x")).end, End::refused);
}

// A post of Slack's as its page describes them.
struct SlackPost {
  std::string timestamp = "1795420800", signature, body = "payload=%7B%7D";
  explicit SlackPost(std::string_view key = "8f742231b10e8888abcd99yyyzzz85a5") {
    signature = "v0=" + hex(hmac_sha256(key, "v0:" + timestamp + ":" + body));
  }
  SignedPost view() const { return {timestamp, signature, body}; }
};
constexpr std::string_view kSigningKey = "8f742231b10e8888abcd99yyyzzz85a5";

TEST(SlackProof, TheExampleOfSlacksPageFits) {
  // The signature, time and body of the page on verifying requests; the time is that of 2018.
  const std::string body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&"
      "channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&"
      "command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F"
      "T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
      "803a0bc887a14d10d2c447fce8b6703c";
  SlackProofs proofs;
  EXPECT_TRUE(proofs.check(
      kSigningKey,
      {"1531420618", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", body},
      Instant{1'531'420'620'000'000'000}));
}

TEST(SlackProof, OnceWithinFiveMinutesAndNeverAgain) {
  SlackProofs proofs;
  const SlackPost post;
  EXPECT_TRUE(proofs.check(kSigningKey, post.view(), kNow));
  EXPECT_FALSE(proofs.check(kSigningKey, post.view(), kNow)) << "a replay";
  EXPECT_FALSE(proofs.check(kSigningKey, post.view(), kNow + Duration::seconds(299)));
  EXPECT_FALSE(SlackProofs{}.check(kSigningKey, post.view(), kNow + Duration::seconds(301)));
  EXPECT_FALSE(SlackProofs{}.check(kSigningKey, post.view(), Instant{kNow.ns - 301'000'000'000}));
  EXPECT_FALSE(SlackProofs{}.check("another key of Slack's", post.view(), kNow));
  EXPECT_FALSE(SlackProofs{}.check("", SlackPost("").view(), kNow)) << "no key is not a proof";
  (void)proofs.check(kSigningKey, SlackPost("x").view(), kNow + Duration::seconds(1000));
  for (auto change :
       {+[](SlackPost& p) { p.body += "x"; }, +[](SlackPost& p) { p.timestamp += "0"; },
        +[](SlackPost& p) { p.timestamp = "1795420801"; },
        +[](SlackPost& p) { p.timestamp.clear(); }, +[](SlackPost& p) { p.signature.back() ^= 1; },
        +[](SlackPost& p) { p.signature.erase(0, 3); },
        +[](SlackPost& p) { p.signature.clear(); }}) {
    SlackPost changed;
    change(changed);
    SlackProofs fresh;
    EXPECT_FALSE(fresh.check(kSigningKey, changed.view(), kNow));
    EXPECT_EQ(fresh.remembered(), 0U);
  }
}

std::string form_of(std::string_view payload) {
  std::string out = "payload=";
  for (const char c : payload) out += "%" + hex(std::string_view(&c, 1));
  return out;
}

TEST(SlackAnswers, OneButtonOfOneAccount) {
  const auto read = [](std::string_view payload) { return read_slack_answer(form_of(payload)); };
  const auto good = read(R"({"type":"block_actions","user":{"id":"U1A"},"channel":{"id":"C9X"},)"
                         R"("message":{"ts":"1700.01"},"actions":[{"action_id":"pawl_approve",)"
                         R"("value":"a-12 sha256:00ff"}]})");
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->account, "U1A");
  EXPECT_EQ(good->id, "a-12");
  EXPECT_EQ(good->shown, "sha256:00ff");
  EXPECT_EQ(good->channel, "C9X");
  EXPECT_EQ(good->pressed, Pressed::approve);
  const auto with = [](std::string_view user, std::string_view actions) {
    return R"({"type":"block_actions","user":)" + std::string(user) + R"(,"actions":[)" +
           std::string(actions) + "]}";
  };
  const std::string user = R"({"id":"U1"})";
  const std::string press = R"({"action_id":"pawl_approve","value":"a-1"})";
  EXPECT_TRUE(read(with(user, press)));
  const std::string wrong[] = {
      "",
      "[]",
      "{}",
      R"({"type":"view_submission"})",
      with(user, ""),
      with(user, press + "," + press),
      with(user, R"({"action_id":"approve","value":"a-1"})"),
      with(R"({"id":""})", press),
      with(R"({"id":"U1","id":"U2"})", press),
      with(user, R"({"action_id":"pawl_approve","value":"A<1>"})"),
  };
  for (const std::string& bad : wrong) EXPECT_FALSE(read(bad)) << bad;
  EXPECT_FALSE(read_slack_answer("payload=%7"));
  EXPECT_FALSE(read_slack_answer("payload=%zz"));
  EXPECT_FALSE(read_slack_answer("payload=a&payload=b"));
  EXPECT_FALSE(read_slack_answer("other={}"));
}

struct Sending {
  explicit Sending(MessengerLimits limits = {}) {
    limits.again_after = limits.again_max = Duration::milliseconds(1);
    way.emplace(loop, "way", limits, [this](bool dead, const std::string& why) {
      said.push_back(dead ? "dead: " + why : "alive");
    });
  }
  // A message that ends as `ends` say, one after another; the last one again and again.
  void send(std::vector<Attempt::End> ends) {
    auto left = std::make_shared<std::vector<Attempt::End>>(std::move(ends));
    way->send({.attempt = [this, left]() -> Task<Attempt> {
                 ++tries;
                 const Attempt attempt{left->front(), "why", {}};
                 if (left->size() > 1) left->erase(left->begin());
                 co_return attempt;
               },
               .done =
                   [this](const Attempt& attempt) {
                     ends_seen.push_back(attempt.end == Attempt::End::told);
                   }});
  }
  bool until(std::size_t messages) {
    return loop.run_until([this, messages] { return ends_seen.size() == messages; },
                          Duration::seconds(20));
  }
  net::Loop loop;
  int tries = 0;
  std::vector<bool> ends_seen;
  std::vector<std::string> said;
  std::optional<Messenger> way;
};

TEST(MessengerTest, TriesAgainAndGivesUp) {
  using End = Attempt::End;
  Sending world;
  world.send({End::again, End::again, End::told});
  ASSERT_TRUE(world.until(1));
  EXPECT_EQ(world.tries, 3);
  world.send({End::again});
  ASSERT_TRUE(world.until(2));
  EXPECT_EQ(world.tries, 8);
  EXPECT_EQ(world.way->dead(), "why");
  // No message waits behind a dead way: one try each, until one gets through.
  world.send({End::again});
  ASSERT_TRUE(world.until(3));
  EXPECT_EQ(world.tries, 9);
  world.send({End::told});
  ASSERT_TRUE(world.until(4));
  EXPECT_THAT(world.ends_seen, ElementsAre(true, false, false, true));
  EXPECT_THAT(world.said, ElementsAre("dead: why", "alive"));
  EXPECT_EQ(world.way->told(), 2U);
  EXPECT_EQ(world.way->failed(), 2U);
}

TEST(MessengerTest, WhatFindsNoRoomIsToldSoAtOnce) {
  MessengerLimits limits;
  limits.waiting_max = 2;
  Sending world(limits);
  for (int i = 0; i < 4; ++i) world.send({Attempt::End::again, Attempt::End::told});
  ASSERT_TRUE(world.until(4));
  EXPECT_EQ(std::ranges::count(world.ends_seen, false), 2);
}

}  // namespace
}  // namespace pawl::notify
