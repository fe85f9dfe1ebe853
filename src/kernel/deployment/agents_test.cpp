#include "kernel/deployment/agents.h"

#include <gmock/gmock.h>

#include "kernel/deployment/deployment.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kDigest(64, 'a');

std::string file(const std::string& agents) {
  return "roles: {clerk: {file: x}}\npeople: {ada: {}}\nagents:\n" + agents;
}
std::string mistakes(const std::string& agents) {
  const LoadedDeployment loaded = load_deployment(file(agents), "d");
  EXPECT_FALSE(loaded.deployment) << agents;
  return sample::said(loaded.errors);
}

TEST(Agents, AreReadWithTheirRights) {
  const LoadedDeployment loaded = load_deployment(
      file("  nightly: {role: clerk, sponsor: ada, keys: [\"AbCdEfGh:" + kDigest + "\"]}\n" +
           "  executor:\n    role: clerk\n    rights: [settle, speak]\n    keys:\n" +
           "      - \"ABCDEFGH:" + std::string(64, 'b') + "\"\n      - \"12345678:revoked\"\n"),
      "d");
  ASSERT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  const DeployedAgent& nightly = loaded.deployment->agents.at("nightly");
  EXPECT_EQ(nightly.role, "clerk");
  EXPECT_EQ(nightly.sponsor, "ada");
  EXPECT_EQ(to_string(nightly.rights), "propose watch");
  EXPECT_EQ(nightly.keys.at(0).text(), "AbCdEfGh:" + kDigest);
  const DeployedAgent& executor = loaded.deployment->agents.at("executor");
  EXPECT_EQ(to_string(executor.rights), "settle speak") << "what is written, and nothing else";
  EXPECT_EQ(executor.keys.size(), 1U);
  EXPECT_THAT(executor.revoked, ElementsAre("12345678"));
}

TEST(Agents, TwoCannotBeOne) {
  EXPECT_THAT(mistakes("  a: {role: clerk, keys: [\"AbCdEfGh:" + kDigest + "\"]}\n" +
                       "  b: {role: clerk, keys: [\"AbCdEfGh:" + kDigest + "\"]}\n"),
              HasSubstr("is that of `a` too: two agents with one key"));
  EXPECT_THAT(mistakes("  ada: {role: clerk, keys: [\"AbCdEfGh:" + kDigest + "\"]}\n"),
              HasSubstr("`ada` is a person and an agent"));
}

TEST(Agents, MistakesAreNamed) {
  const std::string key = "keys: [\"AbCdEfGh:" + kDigest + "\"]";
  EXPECT_THAT(mistakes("  a: {role: clark, " + key + "}\n"),
              HasSubstr("there is no role `clark`: did you mean `clerk`?"));
  EXPECT_THAT(mistakes("  a: {role: clerk, sponsor: bob, " + key + "}\n"),
              HasSubstr("the sponsor `bob` is not a person of `people`"));
  EXPECT_THAT(mistakes("  a: {role: clerk}\n"), HasSubstr("nothing could prove who it is"));
  EXPECT_THAT(mistakes("  a: {" + key + "}\n"), HasSubstr("has no `role`"));
  EXPECT_THAT(mistakes("  a/b: {role: clerk, " + key + "}\n"),
              HasSubstr("`a/b` is not a valid agent name"));
  EXPECT_THAT(mistakes("  a: {role: clerk, rights: [approve], " + key + "}\n"),
              HasSubstr("`approve` is not a right"));
  EXPECT_THAT(mistakes("  a: {role: clerk, keys: [\"AbCdEfGh:12\"]}\n"),
              HasSubstr("is not what `pawl keys create` prints"));
}

// A secret that stands in the file is not said again in a message that ends in a log.
TEST(Agents, AKeyItselfIsNoLineOfTheFile) {
  const auto key = jose::make_api_key(std::string(jose::api_key_random_bytes, 'k'));
  const std::string said = mistakes("  a: {role: clerk, keys: [\"" + key->secret + "\"]}\n");
  EXPECT_THAT(said, HasSubstr("this is a key itself"));
  EXPECT_THAT(said, Not(HasSubstr(key->secret.substr(8))));
}

}  // namespace
}  // namespace pawl
