// `notify` and `drill` of the deployment file: what is read, and what is a mistake with its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/deployment/deployment.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* whole_notify = R"(people:
  ada: {groups: [leads], slack: U024BE7LH}
roles: {canary: {file: canary.yaml}}
notify:
  desktop: "off"
  link: https://console.example
  acknowledge_within: 10m
  slack:
    token: {store: slack-bot}
    channel: "#approvals"
    signing_secret: {file: /run/secrets/signing}
    approve: [reversible]
  webhooks:
    siem: {url: "https://siem.example/hook", secret: {env: HOOK}, questions: false}
  pagerduty: {services: {agents: {store: pd-agents}}}
  mail: {server: "smtp://mail.example", from: pawl@acme.example, to: [leads@acme.example]}
  contacts:
    - {name: Agents on call, via: "pagerduty:agents"}
    - {name: Ada Example, via: "slack:@ada", after: 5m}
    - {name: Leads, via: "mail:leads@acme.example", after: 10m}
    - {name: Everybody, via: "slack:#incidents", after: 10m}
    - {name: Siem, via: "webhook:siem", after: 10m}
drill: {role: canary, every: 30d}
)";

TEST(DeploymentNotify, EveryWayIsReadAndReached) {
  const LoadedDeployment loaded = load_deployment(whole_notify, "d");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const Deployment& d = *loaded.deployment;
  EXPECT_EQ(d.notices.slack->at.url, "https://slack.com/api/");
  EXPECT_EQ(d.notices.slack->at.host, "slack.com");
  EXPECT_TRUE(d.notices.slack->approve_reversible);
  EXPECT_EQ(d.notices.slack->token.store, "slack-bot");
  EXPECT_FALSE(d.notices.webhooks.at("siem").questions);
  EXPECT_EQ(d.notices.pagerduty->at.url, "https://events.pagerduty.com/v2/enqueue");
  EXPECT_EQ(d.notices.mail->at.port, 587);
  EXPECT_FALSE(d.notices.mail->tls_from_start);
  EXPECT_EQ(d.notices.acknowledge_within, Duration::seconds(600));
  EXPECT_EQ(d.notices.contacts.size(), 5U);
  EXPECT_EQ(d.drill->role, "canary");
  EXPECT_EQ(d.drill->every, Duration::seconds(30LL * 86'400));
  EXPECT_EQ(d.person_of_slack("U024BE7LH"), "ada");
  EXPECT_EQ(d.person_of_slack("U024BE7L"), "");
  EXPECT_EQ(d.person_of_slack(""), "");
  for (const char* via :
       {"pagerduty:agents", "slack:@ada", "slack:#incidents", "#oncall-agents", "slack:C024BE91L",
        "webhook:siem", "mail:x@acme.example", "command: tell-me"}) {
    EXPECT_TRUE(d.check_way_to(via)) << via;
  }
  for (const char* via : {"pagerduty:other", "slack:@ben", "slack:#UPPER", "webhook:other",
                          "mail:no address", "mail:a@b@c", "fax:1", "command:", "ada", ""}) {
    EXPECT_FALSE(d.check_way_to(via)) << via;
  }
}

struct WrongNotify {
  const char* text;
  const char* said;
};

class DeploymentNotifyMistakes : public testing::TestWithParam<WrongNotify> {};

TEST_P(DeploymentNotifyMistakes, HaveAPlaceAndSayWhatIsExpected) {
  const LoadedDeployment loaded = load_deployment(GetParam().text, "");
  EXPECT_THAT(sample::said(loaded.errors), HasSubstr(GetParam().said)) << GetParam().text;
}

constexpr WrongNotify kWrongNotices[] = {
    {"notify: {slack: {}}", "`slack` has no `token`"},
    {"notify: {slack: {token: xoxb-secret}}", "is where the secret is and not the secret"},
    {"notify: {slack: {token: {env: A}, mode: socket}}", "`mode` in `slack` is not enforced"},
    {"notify: {slack: {token: {env: A}, approve: [reversible]}}", "needs `signing_secret`"},
    {"notify: {slack: {token: {env: A}, signing_secret: {env: B}, approve: [irreversible]}}",
     "`irreversible` cannot be approved in Slack"},
    {"notify: {slack: {token: {env: A}, channel: \"@ada\"}}", "`@ada` is not a channel"},
    {"notify: {slack: {token: {env: A}, url: \"http://slack.example/\"}}",
     "`http` is read by everybody on the way"},
    {"notify: {webhooks: {a: {url: \"https://x.example\"}}}", "has no `secret`"},
    {"notify: {webhooks: {a: {url: \"http://x.example\", secret: {env: A}}}}",
     "`http` is read by everybody"},
    {"notify: {pagerduty: {}}", "has no `services`"},
    {"notify: {mail: {server: mail.example, from: a@b.example}}", "this is not a mail server"},
    {"notify: {mail: {server: \"smtps://mail.example/x\", from: a@b.example}}",
     "this is not a mail server"},
    {"notify: {mail: {server: \"smtps://m.example\", from: \"a@b.example\\nBcc: x\"}}", "1:"},
    {"notify: {mail: {server: \"smtps://m.example\", from: \"Ada <a@b.example>\"}}",
     "is not a mail address"},
    {"notify: {mail: {server: \"smtps://m.example\", from: a@b.example, user: u}}",
     "`user` and `password` stand together"},
    {"notify: {link: \"http://console.example\"}", "people sign in there: expected `https`"},
    {"notify: {link: \"https://console.example/\"}", "this is not an address of a console"},
    {"notify: {contacts: [{name: Ada, via: \"slack:@ada\"}]}",
     "`slack:@ada` reaches no one: the deployment has no `notify.slack`"},
    {"notify: {contacts: [{name: Ada}]}", "has no `via`"},
    {"people: {ada: {slack: U024BE7LH}, ben: {slack: U024BE7LH}}",
     "`ada` and `ben` have the same account of Slack's"},
    {"people: {ada: {slack: \"@ada\"}}", "`@ada` is not an account of Slack's"},
    {"drill: {role: canary, every: 30d}", "there is no role `canary`"},
    {"drill: {role: canary}\nroles: {canary: {file: x}}", "`drill` has no `every`"},
    {"drill: {role: canary, every: 1m}\nroles: {canary: {file: x}}", "`every`"},
};

INSTANTIATE_TEST_SUITE_P(Kinds, DeploymentNotifyMistakes, testing::ValuesIn(kWrongNotices));

}  // namespace
}  // namespace pawl
