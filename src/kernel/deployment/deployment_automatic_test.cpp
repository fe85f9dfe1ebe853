// Reviewers that are programs, and the accounts of people.
#include <gmock/gmock.h>

#include "kernel/deployment/deployment.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string mistakes_of_person(std::string_view person) {
  const std::string text = "version: 1\npeople:\n  robot: " + std::string(person) +
                           "\n  ada: {accounts: [ada.l, alovelace]}\n";
  return sample::said(load_deployment(text, "pawl.yaml").errors);
}

TEST(AutomaticPerson, IsReadWhole) {
  const LoadedDeployment loaded = load_deployment(
      "version: 1\npeople:\n"
      "  robot: {groups: [leads], automatic: {command: [check, --fast, --fast], within: 20s}}\n"
      "  far: {automatic: {url: 'https://check.example/x', secret: {env: HOOK}}}\n"
      "  ada: {accounts: [ada.l, alovelace]}\n",
      "pawl.yaml");
  ASSERT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  const Deployment& d = *loaded.deployment;
  EXPECT_THAT(d.people.at("robot").automatic->command, ElementsAre("check", "--fast", "--fast"));
  EXPECT_EQ(d.people.at("robot").automatic->within, Duration::seconds(20));
  EXPECT_EQ(d.people.at("far").automatic->within, Duration::seconds(10));
  EXPECT_EQ(d.people.at("far").automatic->webhook->secret.env, "HOOK");
  EXPECT_FALSE(d.people.at("ada").automatic);
  EXPECT_THAT(d.people.at("ada").accounts, ElementsAre("ada.l", "alovelace"));
}

TEST(AutomaticPerson, SaysExactlyHowItIsAsked) {
  EXPECT_THAT(mistakes_of_person("{automatic: {}}"), HasSubstr("either `command` or `url`"));
  EXPECT_THAT(mistakes_of_person("{automatic: {command: [a], url: 'https://x.example/'}}"),
              HasSubstr("either `command` or `url`"));
  EXPECT_THAT(mistakes_of_person("{automatic: {url: 'https://x.example/'}}"),
              HasSubstr("has no `secret`"));
  EXPECT_THAT(mistakes_of_person("{automatic: {command: [a], within: 1h}}"), HasSubstr("`within`"));
  EXPECT_THAT(mistakes_of_person("{automatic: {command: [a]}, verifier: x}"),
              HasSubstr("is a program"));
  EXPECT_THAT(mistakes_of_person("{automatic: {command: [a]}, slack: U024BE7LH}"),
              HasSubstr("is a program"));
  EXPECT_THAT(mistakes_of_person("{accounts: [ALovelace]}"), HasSubstr("already"));
  EXPECT_THAT(mistakes_of_person("{accounts: [ada]}"), HasSubstr("already"));
  EXPECT_THAT(mistakes_of_person("{accounts: [robot]}"), ::testing::IsEmpty());
}

}  // namespace
}  // namespace pawl
