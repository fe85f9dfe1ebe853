#include "kernel/deployment/identities.h"

#include <gmock/gmock.h>

#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

DeployedRole role(const std::string& agent, const std::string& identity,
                  const std::string& more = "") {
  const Loaded loaded = sample::load("version: 1\nagent: {id: " + agent + ", identity: \"" +
                                     identity + "\", owner: o}\n" + more +
                                     "tools: {allowed: [{name: read, class: read_only}]}\n");
  EXPECT_TRUE(loaded.policy) << sample::said(loaded.errors);
  return {agent, loaded.policy};
}

TEST(Identities, TwoRolesAreNotOne) {
  const Deployment deployment;
  const DeployedRole apart[] = {role("a", "a@x"), role("b", "b@x")};
  EXPECT_THAT(shared_identities(deployment, apart), IsEmpty());
  const DeployedRole one[] = {role("a", "bot@x"), role("b", "Bot@x")};
  const auto errors = shared_identities(deployment, one);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(to_string(errors[0]), HasSubstr("is the identity of the role `a` too"));
}

// Whatever agent their files say they are, and also where they have one file.
TEST(Identities, TwoNamesForOneAgentAreTwoRoles) {
  const Deployment deployment;
  const DeployedRole first = role("a", "bot@x");
  const DeployedRole one[] = {first, {"b", first.policy}};
  const auto errors = shared_identities(deployment, one);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(to_string(errors[0]), HasSubstr("is the identity of the role `a` too"));
  const DeployedRole duplicate_keys[] = {first, {"b", role("a", "BOT@x").policy}};
  EXPECT_THAT(shared_identities(deployment, duplicate_keys), SizeIs(1));
}

TEST(Identities, ARoleIsCalledAsItsAgent) {
  const LoadedDeployment loaded = load_deployment("roles: {a: {file: x}, b: {file: y}}\n", "d");
  ASSERT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  const auto said = [&](const DeployedRole& one, bool served, const ProductionRoles& more = {}) {
    const DeployedRole roles[] = {one};
    const auto serves = [served](const std::string&) { return served; };
    return sample::said(misnamed_roles(*loaded.deployment, roles, serves, more));
  };
  EXPECT_EQ(said(role("b", "b@x"), true), "");
  const DeployedRole other{"b", role("a", "a@x").policy};
  EXPECT_THAT(said(other, false),
              HasSubstr("d:1:23: the role `b` has the policy of the agent `a`"));
  const DeployedRole trying{"b", role("a", "a@x", "environment: development\n").policy};
  EXPECT_EQ(said(trying, false), "");
  EXPECT_NE(said(trying, true), "");
  EXPECT_NE(said(trying, false, {"b"}), "");
}

TEST(Identities, APersonsIsForDevelopmentOnly) {
  Deployment deployment;
  deployment.people["ada@x"];
  const DeployedRole mine[] = {role("a", "Ada@x")};
  EXPECT_THAT(shared_identities(deployment, mine), SizeIs(1));
  const DeployedRole trying[] = {role("a", "ada@x", "environment: development\n")};
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
    const DeployedRole mine[] = {role("a", theirs)};
    const auto errors = shared_identities(*loaded.deployment, mine);
    ASSERT_THAT(errors, SizeIs(1)) << theirs;
    EXPECT_THAT(errors[0].message, HasSubstr("is a person of the deployment file"));
    const DeployedRole trying[] = {role("a", theirs, "environment: development\n")};
    EXPECT_THAT(shared_identities(*loaded.deployment, trying), IsEmpty()) << theirs;
  }
  const DeployedRole own[] = {role("a", "svc-a@corp.example")};
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
    const DeployedRole all[] = {role("a", "a@x"), role("b", "b@x", of_b), role("c", "c@x", of_c)};
    return sample::said(shared_credentials(*loaded.deployment, all, production_roles));
  };
  EXPECT_EQ(said("", production), "");
  EXPECT_EQ(said("environment: staging\n", production), "");
  EXPECT_THAT(said(production, ""),
              HasSubstr("`both` is for 2 roles, and `b` works in production"));
  // … and where only some of its calls are in production.
  EXPECT_THAT(said("environment: {of: args.context, production: [live], staging: [try]}\n", ""),
              HasSubstr("`b` works in production"));
  // … and where the caller asks what would be if they were.
  EXPECT_EQ(said("", "", {"c"}), "");
  EXPECT_THAT(said("environment: development\n", "", {"b"}),
              HasSubstr("`both` is for 2 roles, and `b` would work in production"));
}

TEST(Identities, OneSecretUnderTwoNamesIsOneCredential) {
  const auto errors_of = [](const std::string& a, const std::string& b) {
    return sample::said(
        load_deployment("roles: {x: {file: x}, y: {file: y}}\ncredentials:\n  a: {" + a +
                            ", roles: [x]}\n  b: {" + b + ", roles: [y]}\n",
                        "d")
            .errors);
  };
  const std::string vault =
      "vault: {url: \"https://v.example\", path: kv/mail, field: f, token: {env: V}}";
  const std::string client =
      "oauth: {token_url: \"https://id.example/t\", client_id: c, client_secret: {env: S}";
  const std::string app =
      "github_app: {id: 7, installation: 8, key: {env: K}, permissions: {contents: read}";
  const std::string login = "login: {issuer: \"https://id.example\", store: mail}";
  const std::pair<std::string, std::string> same[] = {
      {"env: T", "env: T"},
      {"file: a.secret", "file: ./other/../a.secret"},
      {"command: [pass, show, t]", "command: [pass, show, t]"},
      {"store: mail", "store: mail"},
      {"store: mail", login},
      {vault, vault},
      {client + "}", client + ", scope: more}"},
      {client + ", subject: {env: U}}", client + ", subject: {env: U}}"},
      {app + "}", app + ", repositories: [web]}"},
      {client + "}",
       "oauth: {token_url: \"https://ID.example:443/./t\", client_id: c, client_secret: {env: S}}"},
  };
  for (const auto& [a, b] : same) {
    EXPECT_THAT(errors_of(a, b), HasSubstr("`a` is for 2 roles, as it is the same secret as `b`"))
        << a << " and " << b;
  }
  const std::pair<std::string, std::string> apart[] = {
      {"env: T", "env: U"},
      {"env: mail", "store: mail"},
      {"command: [pass, show, t]", "command: [pass, show t]"},
      {client + ", subject: {env: U}}", client + ", subject: {env: W}}"},
      // Two realms of one host.
      {client + "}",
       "oauth: {token_url: \"https://id.example/realms/b/t\", client_id: c, client_secret: {env: "
       "S}}"},
  };
  for (const auto& [a, b] : apart) EXPECT_EQ(errors_of(a, b), "") << a << " and " << b;
}

TEST(Identities, NoAcceptedRiskMakesItTwoInProduction) {
  const std::string risk = "accept_risk: {reason: r, owner: o, until: 2030-01-01}";
  const std::string text = "roles: {a: {file: x}, b: {file: y}}\ncredentials:\n  m: {env: T, " +
                           risk + ", roles: [a]}\n  n: {env: T, " + risk + ", roles: [b]}\n";
  const LoadedDeployment loaded = load_deployment(text, "d");
  ASSERT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  const DeployedRole trying[] = {role("a", "a@x"), role("b", "b@x")};
  EXPECT_THAT(shared_credentials(*loaded.deployment, trying), IsEmpty());
  const DeployedRole live[] = {role("a", "a@x"), role("b", "b@x", "environment: production\n")};
  EXPECT_THAT(sample::said(shared_credentials(*loaded.deployment, live)),
              HasSubstr("`m` is for 2 roles, and `b` works in production"));
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
  const DeployedRole both[] = {role("a", "a@x"), role("b", "b@x")};
  const std::string said = sample::said(shared_identities(*loaded.deployment, both));
  EXPECT_THAT(said, HasSubstr("`one` is proved as `Ada`, a person"));
  EXPECT_THAT(said, HasSubstr("`two` is proved as `a@x`, which is the identity of the role `a`"));
  const DeployedRole trying[] = {role("a", "a@x", "environment: development\n")};
  EXPECT_THAT(shared_identities(*loaded.deployment, trying), IsEmpty());
  EXPECT_THAT(sample::said(shared_identities(*loaded.deployment, trying, {"a"})),
              HasSubstr("`one` is proved as `Ada`, a person"));
}

}  // namespace
}  // namespace pawl
