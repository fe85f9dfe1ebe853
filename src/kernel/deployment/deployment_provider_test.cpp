#include <fmt/format.h>
#include <gmock/gmock.h>

#include "kernel/deployment/deployment.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string provider_mistakes(const std::string& text) {
  const LoadedDeployment loaded = load_deployment("version: 1\n" + text, "d");
  EXPECT_FALSE(loaded.deployment.has_value()) << text;
  return sample::said(loaded.errors);
}

TEST(PeopleOfAProvider, AreNamedByItsClaims) {
  const LoadedDeployment loaded = load_deployment(R"(version: 1
people:
  idp: {issuer: "https://id.example", client: pawl, client_secret: {env: IDP}, require: [mfa]}
  groups: {leads: {oidc: [platform-leads, sre-leads]}, ops: [ada]}
  ada: {oidc: ada@myco.example}
  default_reviewers: [leads]
)",
                                                  "d");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const Deployment& d = *loaded.deployment;
  EXPECT_EQ(d.provider->at.url, "https://id.example");
  EXPECT_EQ(d.provider->client_secret.env, "IDP");
  EXPECT_EQ(d.provider->person_claim, "sub");
  EXPECT_THAT(d.provider->require, ElementsAre("mfa"));
  EXPECT_EQ(d.provider->max_age, Duration::seconds(300));
  EXPECT_THAT(d.provider_groups.at("leads"), ElementsAre("platform-leads", "sre-leads"));
  EXPECT_EQ(d.people.at("ada").oidc, "ada@myco.example");
  EXPECT_TRUE(d.knows("leads"));
  EXPECT_TRUE(d.open_ended({"ops", "leads"}));
  EXPECT_FALSE(d.open_ended({"ops", "ada"}));
}

TEST(PeopleOfAProvider, OfOneThatDoesNotSayWhenIsNotAsked) {
  const LoadedDeployment loaded = load_deployment(
      "version: 1\n"
      "people: {idp: {issuer: \"https://id.example\", client: p, max_age: off}}\n",
      "d");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  EXPECT_EQ(loaded.deployment->provider->max_age, std::nullopt);
}

TEST(PeopleOfAProvider, MistakesAreSaid) {
  const std::string idp = "people:\n  idp: {issuer: \"https://id.example\", client: pawl}\n";
  EXPECT_THAT(provider_mistakes("people: {ada: {oidc: x}}"), HasSubstr("has no `idp`"));
  EXPECT_THAT(provider_mistakes("people: {groups: {leads: {oidc: x}}}"), HasSubstr("no `idp`"));
  EXPECT_THAT(provider_mistakes(idp + "  ada: {oidc: x}\n  bob: {oidc: x}\n"),
              HasSubstr("the provider's `x` is `ada` already"));
  EXPECT_THAT(provider_mistakes(idp + "  groups: {leads: {saml: x}}\n"), HasSubstr("`saml`"));
  EXPECT_THAT(provider_mistakes("people: {idp: {client: pawl}}"), HasSubstr("`issuer`"));
  for (const char* age : {"0s", "13h", "7d", "300"}) {
    const std::string wrong = fmt::format(
        "people: {{idp: {{issuer: \"https://id.example\", client: p, max_age: {}}}}}", age);
    EXPECT_THAT(provider_mistakes(wrong), HasSubstr("max_age")) << age;
  }
  for (const char* no : {"none", "\"\"", "[off]", "Off"}) {
    const std::string wrong = fmt::format(
        "people: {{idp: {{issuer: \"https://id.example\", client: p, max_age: {}}}}}", no);
    EXPECT_THAT(provider_mistakes(wrong), HasSubstr("max_age")) << no;
  }
  EXPECT_THAT(provider_mistakes("people: {idp: {issuer: \"http://id.example\", client: pawl}}"),
              HasSubstr("http"));
  EXPECT_THAT(
      provider_mistakes(
          "people: {idp: {issuer: \"https://id.example\", client: p, client_secret: geheim}}"),
      HasSubstr("is where the secret is"));
}

TEST(Vigilance, IsAPlanOfCallsThatNoReviewerOughtToApprove) {
  const std::string rest = "roles: {support: {file: p.yaml}}\nservers: {crm: {command: [x]}}\n";
  const LoadedDeployment loaded = load_deployment("version: 1\n" + rest + R"(
vigilance:
  every: 7d
  calls: [{role: support, server: crm, tool: send, arguments: {to: x, n: 1}, wrong: "not ours"}]
)",
                                                  "d");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const Vigilance& plan = *loaded.deployment->vigilance;
  EXPECT_EQ(plan.every, Duration::seconds(7 * 86'400));
  EXPECT_EQ(plan.calls.front().arguments, R"({"to":"x","n":1})");
  EXPECT_THAT(provider_mistakes(rest + "vigilance: {every: 400d, calls: []}"), HasSubstr("every"));
  EXPECT_THAT(provider_mistakes(rest + "vigilance: {every: 1d, calls: [{role: suport, server: crm, "
                                       "tool: t, arguments: {}, wrong: w}]}"),
              HasSubstr("did you mean `support`?"));
  EXPECT_THAT(provider_mistakes(rest + "vigilance: {every: 1d, calls: [{role: support, server: "
                                       "crm, tool: t, arguments: x, wrong: w}]}"),
              HasSubstr("must be a mapping"));
  EXPECT_THAT(provider_mistakes(rest + "vigilance: {every: 1d, calls: [{role: support}]}"),
              HasSubstr("`wrong`"));
}

}  // namespace
}  // namespace pawl
