#include "kernel/policy/identities.h"

#include <gmock/gmock.h>

#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::shared_ptr<const Policy> role(const std::string& agent, const std::string& identity,
                                   const std::string& more = "") {
  const Loaded loaded = sample::load("version: 1\nagent: {id: " + agent + ", identity: \"" +
                                     identity + "\", owner: o}\n" + more +
                                     "tools: {allowed: [{name: read, class: read_only}]}\n");
  EXPECT_TRUE(loaded.policy) << sample::said(loaded.errors);
  return loaded.policy;
}

TEST(Identities, TwoRolesAreNotOne) {
  const Deployment deployment;
  const std::shared_ptr<const Policy> apart[] = {role("a", "a@x"), role("b", "b@x")};
  EXPECT_THAT(shared_identities(deployment, apart), IsEmpty());
  const std::shared_ptr<const Policy> one[] = {role("a", "bot@x"), role("b", "Bot@x")};
  const auto errors = shared_identities(deployment, one);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(to_string(errors[0]), HasSubstr("is the identity of the role `a` too"));
}

TEST(Identities, APersonsIsForDevelopmentOnly) {
  Deployment deployment;
  deployment.people["ada@x"];
  const std::shared_ptr<const Policy> mine[] = {role("a", "Ada@x")};
  EXPECT_THAT(shared_identities(deployment, mine), SizeIs(1));
  const std::shared_ptr<const Policy> trying[] = {role("a", "ada@x", "environment: development\n")};
  EXPECT_THAT(shared_identities(deployment, trying), IsEmpty());
  EXPECT_THAT(shared_identities(deployment, trying, {"b"}), IsEmpty());
  EXPECT_THAT(shared_identities(deployment, trying, {"a"}), SizeIs(1));
}

TEST(Identities, APersonIsTheirAccountsToo) {
  const LoadedDeployment loaded = load_deployment(
      "people:\n  idp: {issuer: \"https://id.example\", client: c}\n"
      "  ada: {oidc: \"ada@corp.example\", accounts: [ada-laptop]}\n"
      "  bob: {}\n",
      "d");
  ASSERT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  for (const char* theirs : {"Ada@corp.example", "ada-LAPTOP", "BOB"}) {
    const std::shared_ptr<const Policy> mine[] = {role("a", theirs)};
    const auto errors = shared_identities(*loaded.deployment, mine);
    ASSERT_THAT(errors, SizeIs(1)) << theirs;
    EXPECT_THAT(errors[0].message, HasSubstr("is a person of the deployment file"));
    const std::shared_ptr<const Policy> trying[] = {
        role("a", theirs, "environment: development\n")};
    EXPECT_THAT(shared_identities(*loaded.deployment, trying), IsEmpty()) << theirs;
  }
  const std::shared_ptr<const Policy> own[] = {role("a", "svc-a@corp.example")};
  EXPECT_THAT(shared_identities(*loaded.deployment, own), IsEmpty());
}

TEST(Identities, InProductionNoCredentialIsSeveralRoles) {
  const LoadedDeployment loaded = load_deployment(
      "roles: {a: {file: x}, b: {file: y}, c: {file: z}}\n"
      "credentials:\n  own: {store: o, roles: [c]}\n"
      "  both: {store: m, roles: [a, b], accept_risk: {reason: r, owner: o, until: 2030-01-01}}\n",
      "d");
  ASSERT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  const std::string production = "environment: production\n";
  const auto said = [&](const std::string& of_b, const std::string& of_c,
                        const ProductionRoles& production_roles = {}) {
    const std::shared_ptr<const Policy> all[] = {role("a", "a@x"), role("b", "b@x", of_b),
                                                 role("c", "c@x", of_c)};
    return sample::said(shared_credentials(*loaded.deployment, all, production_roles));
  };
  EXPECT_EQ(said("", production), "");
  EXPECT_EQ(said("environment: staging\n", production), "");
  EXPECT_THAT(said(production, ""),
              HasSubstr("`both` is for 2 roles, and `b` works in production"));
  // … and where only some of its calls are in production.
  EXPECT_THAT(said("environment: {of: args.context, production: [live], staging: [try]}\n", ""),
              HasSubstr("`b` works in production"));
  // … and where somebody asks what would be if they were.
  EXPECT_EQ(said("", "", {"c"}), "");
  EXPECT_THAT(said("environment: development\n", "", {"b"}),
              HasSubstr("`both` is for 2 roles, and `b` would work in production"));
}

// What others call an agent says who acts too.
TEST(Identities, AnAgentIsProvedAsItself) {
  const LoadedDeployment loaded = load_deployment(
      "roles: {a: {file: x}, b: {file: y}}\npeople: {ada: {}}\n"
      "issuers: {corp: {issuer: \"https://id.example\"}}\n"
      "agents:\n  one: {role: a, jwt: {issuer: corp, claims: {email: Ada}}}\n"
      "  two: {role: b, jwt: {issuer: corp, claims: {email: \"a@x\"}}}\n",
      "d");
  ASSERT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  const std::shared_ptr<const Policy> both[] = {role("a", "a@x"), role("b", "b@x")};
  const std::string said = sample::said(shared_identities(*loaded.deployment, both));
  EXPECT_THAT(said, HasSubstr("`one` is proved as `Ada`, a person"));
  EXPECT_THAT(said, HasSubstr("`two` is proved as `a@x`, which is the identity of the role `a`"));
  const std::shared_ptr<const Policy> trying[] = {role("a", "a@x", "environment: development\n")};
  EXPECT_THAT(shared_identities(*loaded.deployment, trying), IsEmpty());
  EXPECT_THAT(sample::said(shared_identities(*loaded.deployment, trying, {"a"})),
              HasSubstr("`one` is proved as `Ada`, a person"));
}

}  // namespace
}  // namespace pawl
