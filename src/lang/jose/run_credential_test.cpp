#include "lang/jose/run_credential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "lang/jose/api_key.h"
#include "lang/jose/tokens_test.h"

namespace pawl::jose {
namespace {

using made::kNow;
using made::set_of;
using made::signing_key;

const RunDoor kDoor{.issuer = "https://gate.example", .audience = "https://gate.example/mcp/coder"};
constexpr Instant kDeadline = kNow + Duration::seconds(3600);

RunCredential credential() {
  return {.issuer = kDoor.issuer,
          .audience = kDoor.audience,
          .sponsor = "first.lastname",
          .actors = {"coder"},
          .run = "r-7k2m9xq4",
          .parent_run = {},
          .policy = sha256("a policy"),
          .attenuation = {},
          .issued = kNow,
          .not_before = kNow,
          .expires = kDeadline,
          .id = "j-1"};
}

std::string issued(const RunCredential& from) {
  const auto token = issue(signing_key(), from, kDeadline);
  EXPECT_TRUE(token) << token.error().message;
  return token ? *token : std::string();
}

Checked<RunCredential> verified(const std::string& token, Instant now = kNow,
                                const RunDoor& door = kDoor) {
  return verify_run(token, set_of(signing_key()), door, now);
}

TEST(RunCredential, IsReadAsItWasIssued) {
  const auto plain = verified(issued(credential()));
  ASSERT_TRUE(plain) << to_string(plain.error());
  EXPECT_EQ(*plain, credential());
  RunCredential full = credential();
  full.actors = {"reader", "coder"};
  full.parent_run = "r-parent";
  full.attenuation.tools = {{"github/get_*", "read_file"}};
  full.attenuation.limits = {{Limit::steps, 10}, {Limit::cost_nano_usd, 2'000'000'000}};
  const auto read = verified(issued(full));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, full);
}

TEST(RunCredential, NeverOutlivesItsRun) {
  RunCredential late = credential();
  late.expires = kDeadline + Duration::seconds(1);
  EXPECT_FALSE(issue(signing_key(), late, kDeadline));
  late.expires = kDeadline + Duration::milliseconds(999);  // the end is cut downwards
  const auto token = issue(signing_key(), late, kDeadline);
  ASSERT_TRUE(token);
  EXPECT_TRUE(verified(*token, kDeadline + Duration::milliseconds(-1)));
  EXPECT_EQ(verified(*token, kDeadline).error().flaw, Flaw::expired);
  EXPECT_EQ(verified(*token, kNow + Duration::seconds(-1)).error().flaw, Flaw::not_yet);
  RunCredential none = credential();
  none.expires = none.issued;
  EXPECT_FALSE(issue(signing_key(), none, kDeadline));
  for (std::string RunCredential::* name :
       {&RunCredential::issuer, &RunCredential::audience, &RunCredential::sponsor,
        &RunCredential::run, &RunCredential::id}) {
    RunCredential nameless = credential();
    nameless.*name = "";
    EXPECT_FALSE(issue(signing_key(), nameless, kDeadline));
    nameless.*name = "a\nb";
    EXPECT_FALSE(issue(signing_key(), nameless, kDeadline));
  }
}

TEST(RunCredential, IsForOneDoorOfOneNode) {
  const std::string token = issued(credential());
  RunDoor other = kDoor;
  other.audience = "https://gate.example/mcp/sre";
  EXPECT_EQ(verified(token, kNow, other).error().flaw, Flaw::audience);
  other = kDoor;
  other.issuer = "https://gate2.example";
  EXPECT_EQ(verified(token, kNow, other).error().flaw, Flaw::issuer);
  // Another signed text of the same key is not a credential, and a credential is no other token.
  const SigningKey key = signing_key();
  const std::string text(*unchecked_payload(token));
  EXPECT_EQ(verified(seal(key, "JWT", text)).error().flaw, Flaw::type);
  Expected plain;
  plain.issuer = kDoor.issuer;
  plain.audiences = {kDoor.audience};
  EXPECT_EQ(verify(token, set_of(key), plain, kNow).error().flaw, Flaw::type);
}

// Signed by the right key, so the node itself would have to have said it: still refused.
TEST(RunCredential, RefusesWhatItCouldNotEnforce) {
  const SigningKey key = signing_key();
  const std::string good(*unchecked_payload(issued(credential())));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto read = verify_run(seal(key, run_type, text), set_of(key), kDoor, kNow);
    return read ? "accepted" : read.error().at;
  };
  EXPECT_EQ(changed("{\"act\"", "{\"act\""), "accepted");
  EXPECT_EQ(changed("{\"act\"", "{\"cnf\":{},\"act\""), "claims.cnf");
  EXPECT_EQ(changed("\"run\"", "\"Run\""), "claims.Run");
  EXPECT_EQ(changed("{\"sub\":\"coder\"}", "{}"), "claims.act");
  EXPECT_EQ(changed("{\"sub\":\"coder\"}", "\"coder\""), "claims.act");
  EXPECT_EQ(changed("{\"sub\":\"coder\"}", "{\"sub\":\"coder\",\"may\":1}"), "claims.act");
  EXPECT_EQ(changed("{\"sub\":\"coder\"}", "{\"sub\":\"coder\",\"act\":null}"), "claims.act");
  EXPECT_EQ(changed("\"sub\":\"first.lastname\"", "\"sub\":null"), "claims.sub");
  EXPECT_EQ(changed(",\"sub\":\"first.lastname\"", ""), "claims.sub");
  EXPECT_EQ(changed("\"jti\":\"j-1\",", ""), "claims.jti");
  EXPECT_EQ(changed(",\"nbf\":1800000000", ""), "claims.nbf");
  EXPECT_EQ(changed("\"iat\":1800000000,", ""), "claims.iat");
  EXPECT_EQ(changed("\"aud\":\"" + kDoor.audience + "\"", "\"aud\":[\"" + kDoor.audience + "\"]"),
            "claims.aud");
  EXPECT_EQ(changed("\"policy_sha256\":\"", "\"policy_sha256\":\"0"), "claims.policy_sha256");
  const std::string with = "{\"attenuation\":";
  EXPECT_EQ(changed("{", with + "{\"tools\":[\"a\"]},"), "accepted");
  EXPECT_EQ(changed("{", with + "{\"tools\":[\"\"]},"), "claims.attenuation.tools");
  EXPECT_EQ(changed("{", with + "{\"tools\":\"a\"},"), "claims.attenuation.tools");
  EXPECT_EQ(changed("{", with + "{\"hosts\":[]},"), "claims.attenuation");
  EXPECT_EQ(changed("{", with + "null,"), "claims.attenuation");
  EXPECT_EQ(changed("{", with + "{\"limits\":{\"steps\":-1}},"), "claims.attenuation.limits");
  EXPECT_EQ(changed("{", with + "{\"limits\":{\"steps\":1.5}},"), "claims.attenuation.limits");
  EXPECT_EQ(changed("{", with + "{\"limits\":{\"steps\":9007199254740992}},"),
            "claims.attenuation.limits");
  EXPECT_EQ(changed("{", with + "{\"limits\":{\"luck\":1}},"), "claims.attenuation.limits");
  std::string chain = "{\"sub\":\"a\"}";
  for (std::size_t i = 0; i < actors_max; ++i) chain = "{\"act\":" + chain + ",\"sub\":\"a\"}";
  EXPECT_EQ(changed("{\"sub\":\"coder\"}", chain), "claims.act");
}

Delegation asked() {
  return {
      .agent = "reader", .run = "r-child", .id = "j-2", .expires = kDeadline, .attenuation = {}};
}

// What a sub-agent's run is refused for, or `granted`.
std::string delegated(const RunCredential& parent, const Delegation& wanted) {
  const auto child = delegate(parent, wanted, kNow);
  if (!child) return std::string(name_of(child.error().flaw)) + " " + child.error().at;
  const auto again = verified(issued(*child));
  return again && *again == *child ? "granted" : "not read again";
}

TEST(Delegation, OnlyShrinks) {
  RunCredential parent = credential();
  parent.attenuation.tools = {{"github/get_*", "read_file"}};
  parent.attenuation.limits = {{Limit::steps, 10}};
  Delegation wanted = asked();
  const auto all = delegate(parent, wanted, kNow);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->attenuation, parent.attenuation);
  EXPECT_EQ(all->parent_run, parent.run);
  EXPECT_EQ(all->audience, parent.audience);
  wanted.audience = "https://gate.example/mcp/other";
  EXPECT_EQ(delegate(parent, wanted, kNow)->audience, wanted.audience);
  wanted.audience.clear();
  EXPECT_EQ(all->sponsor, parent.sponsor);
  EXPECT_EQ(all->policy, parent.policy);
  EXPECT_THAT(all->actors, testing::ElementsAre("reader", "coder"));

  wanted.attenuation.tools = {{"read_file", "github/get_issue"}};
  wanted.attenuation.limits = {{Limit::steps, 4}, {Limit::tokens, 1000}};
  EXPECT_EQ(delegated(parent, wanted), "granted");
  for (const char* tool : {"write_file", "github/*", "github/get_*x", "*", "github/get_a/b",
                           "Read_file", "github/get_?"}) {
    wanted.attenuation.tools = {{tool}};
    EXPECT_EQ(delegated(parent, wanted), "wider claims.attenuation.tools") << tool;
  }
  wanted.attenuation.tools = {{"github/get_*"}};
  EXPECT_EQ(delegated(parent, wanted), "granted");
  wanted.attenuation.limits = {{Limit::steps, 11}};
  EXPECT_EQ(delegated(parent, wanted), "wider claims.attenuation.limits.steps");
  wanted = asked();
  wanted.expires = kDeadline + Duration::seconds(1);
  EXPECT_EQ(delegated(parent, wanted), "wider claims.exp");
}

TEST(Delegation, AChainNeverGrowsAgainAndHasAnEnd) {
  RunCredential run = credential();
  run.attenuation.tools = {{"a", "b"}};
  Delegation wanted = asked();
  wanted.attenuation.tools = std::vector<std::string>();  // nothing at all is a list too
  run = *delegate(run, wanted, kNow);
  EXPECT_EQ(run.attenuation.tools, std::vector<std::string>());
  wanted.attenuation.tools.reset();
  EXPECT_EQ(delegate(run, wanted, kNow)->attenuation.tools, std::vector<std::string>());
  wanted.attenuation.tools = {{"a"}};
  EXPECT_EQ(delegated(run, wanted), "wider claims.attenuation.tools");
  wanted.attenuation.tools.reset();
  while (run.actors.size() < actors_max) run = *delegate(run, wanted, kNow);
  EXPECT_EQ(delegated(run, wanted), "wider claims.act");
  EXPECT_EQ(delegate(credential(), wanted, kDeadline).error().flaw, Flaw::expired);
}

TEST(ApiKey, IsShownOnceAndFoundAgain) {
  const auto one = make_api_key(std::string(32, '\x01'));
  const auto other = make_api_key(std::string(32, '\x02'));
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->secret.size(), 48U);
  EXPECT_TRUE(valid_api_key(one->secret));
  EXPECT_EQ(one->kept.text().find(one->secret.substr(16)), std::string::npos);
  EXPECT_EQ(*KeptKey::parse(one->kept.text()), one->kept);
  KeptKey twin = other->kept;  // the same prefix, another key
  twin.prefix = one->kept.prefix;
  const KeptKey kept[] = {other->kept, twin, one->kept};
  EXPECT_EQ(match(one->secret, kept), 2U);
  EXPECT_EQ(match(other->secret, kept), 0U);
  std::string near = one->secret;
  near[20] = near[20] == 'A' ? 'B' : 'A';
  for (const std::string& text :
       {std::string(), near, one->secret + "A", one->secret + "=", one->secret.substr(5),
        "PAWL_" + one->secret.substr(5), " " + one->secret, one->secret + "\n"}) {
    EXPECT_EQ(match(text, kept), std::nullopt) << text;
  }
  EXPECT_FALSE(make_api_key("short"));
  std::string capitals = one->kept.text();
  for (char& c : capitals) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  for (const std::string& text : {std::string(), std::string("AQEBAQEB"), std::string("AQEBAQEB:"),
                                  capitals, one->kept.text() + "0", "A" + one->kept.text()}) {
    EXPECT_FALSE(KeptKey::parse(text)) << text;
  }
}

}  // namespace
}  // namespace pawl::jose
