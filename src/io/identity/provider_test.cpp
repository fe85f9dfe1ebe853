#include "io/identity/provider.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

#include "lang/jose/claims.h"

namespace pawl::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

PersonProvider some_provider() {
  PersonProvider from;
  from.at.url = "https://id.example";
  from.client = "pawl";
  from.person_claim = "email";
  from.require = {"mfa"};
  return from;
}

constexpr std::string_view kGood =
    R"("iss":"https://id.example","aud":"pawl","sub":"00u1","exp":2000000000,"nonce":"n",)"
    R"("amr":["pwd","mfa"],"auth_time":1000000,"email":"ada@myco.example","email_verified":true,)"
    R"("groups":["leads","sre"])";

constexpr Instant at_second(std::int64_t second) {
  return Instant{second * Duration::seconds(1).ns};
}

// For a sign-in that began at 1000010 and is over at 1000100.
Result<Vouched> judged(std::string_view claims, std::string_view nonce = "n",
                       const PersonProvider& from = some_provider()) {
  auto read = jose::read_claims(fmt::format("{{{}}}", claims));
  EXPECT_TRUE(read) << claims;
  const ProviderAsked asked{"", "", std::string(nonce), "", at_second(1'000'010)};
  return judge_id_token(*read, from, asked, at_second(1'000'100));
}

// The claims with one of them replaced, or taken out.
std::string with(std::string_view name, std::string_view value) {
  const std::string key = fmt::format("\"{}\":", name);
  std::string text(kGood);
  const std::size_t at = text.find(key);
  if (at == std::string::npos) return text + "," + key + std::string(value);
  const bool list = text[at + key.size()] == '[';
  std::size_t end = list ? text.find(']', at) + 1 : text.find(',', at);
  if (end == std::string::npos) end = text.size();
  return text.replace(at, end - at, key + std::string(value));
}

TEST(Provider, VouchesForWhoSignedInThere) {
  const auto who = judged(kGood);
  ASSERT_TRUE(who) << to_string(who.error());
  EXPECT_EQ(who->name, "ada@myco.example");
  EXPECT_THAT(who->groups, ElementsAre("leads", "sre"));
  EXPECT_THAT(judged(with("groups", "\"leads\""))->groups, ElementsAre("leads"));
  EXPECT_TRUE(judged(with("email_verified", "true")));
  EXPECT_TRUE(judged(with("azp", "\"pawl\"")));
}

TEST(Provider, ATokenForSomethingElseVouchesForNoPerson) {
  EXPECT_FALSE(judged(kGood, "another"));
  EXPECT_FALSE(judged(kGood, ""));
  for (const std::string& wrong :
       {with("nonce", "\"m\""), with("nonce", "\"\""), with("nonce", "1"), with("azp", "\"other\""),
        with("aud", "[\"pawl\",\"other\"]"), with("amr", "[\"pwd\"]"), with("amr", "\"pwd\""),
        with("amr", "{}"), with("amr", "[1]"), with("email", "\"\""), with("email", "1"),
        with("email_verified", "false"), with("email_verified", "\"true\""),
        with("email_verified", "null"), with("groups", "[1]"), with("groups", "{}"),
        with("email", "\"" + std::string(300, 'x') + "\"")}) {
    EXPECT_FALSE(judged(wrong)) << wrong;
  }
}

TEST(Provider, ASessionThatWasLeftOpenThereVouchesForNoPerson) {
  // Five minutes before it began, and what clocks may differ by.
  EXPECT_TRUE(judged(with("auth_time", "999680")));
  EXPECT_FALSE(judged(with("auth_time", "999679")));
  EXPECT_TRUE(judged(with("auth_time", "1000130")));
  for (const char* wrong : {"1000131", "\"1000000\"", "null", "-1", "1000000.5", "0", "9000000001",
                            "true", "[1000000]"}) {
    EXPECT_FALSE(judged(with("auth_time", wrong))) << wrong;
  }
  std::string without(kGood);
  without.erase(without.find("\"auth_time\""), std::string_view("\"auth_time\":1000000,").size());
  const auto undated = judged(without);
  ASSERT_FALSE(undated);
  EXPECT_THAT(undated.error().message, HasSubstr("no `auth_time`"));
}

TEST(Provider, OneThatDoesNotSayWhenIsTakenAtItsWordWhereTheFileSaysSo) {
  PersonProvider from = some_provider();
  from.max_age.reset();
  std::string without(kGood);
  without.erase(without.find("\"auth_time\""), std::string_view("\"auth_time\":1000000,").size());
  EXPECT_TRUE(judged(without, "n", from));
  EXPECT_TRUE(judged(with("auth_time", "1"), "n", from)) << "nor is it looked at then";
  EXPECT_FALSE(judged(without, "other", from)) << "all the rest counts";
  EXPECT_FALSE(judged(with("amr", R"(["pwd"])"), "n", from));
  const std::string address = sign_in_address("https://id.example/authorize", from, {});
  EXPECT_THAT(address, HasSubstr("&prompt=login&"));
  EXPECT_THAT(address, ::testing::Not(HasSubstr("max_age")));
}

TEST(Provider, TheBrowserGoesThereWithAChallenge) {
  const ProviderAsked asked{"https://gate.example/console/", "s t", "n", "verifier", {}};
  const std::string address =
      sign_in_address("https://id.example/authorize", some_provider(), asked);
  EXPECT_THAT(address, HasSubstr("https://id.example/authorize?response_type=code&scope=openid"));
  EXPECT_THAT(address,
              HasSubstr("&redirect_uri=https%3A%2F%2Fgate.example%2Fconsole%2F&state=s%20t"));
  EXPECT_THAT(address, HasSubstr("&code_challenge_method=S256"));
  EXPECT_THAT(address, HasSubstr("&max_age=300&"));
  EXPECT_THAT(address, ::testing::Not(HasSubstr("verifier")));
  EXPECT_THAT(sign_in_address("https://id.example/a?b=c", some_provider(), asked),
              HasSubstr("/a?b=c&response_type=code"));
}

}  // namespace
}  // namespace pawl::identity
