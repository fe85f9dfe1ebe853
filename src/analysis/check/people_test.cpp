// Who is left to answer, and what a node asks about that before a policy is in force.
#include <gmock/gmock.h>

#include "analysis/check/check.h"

namespace pawl {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Instant kAsked = *parse_instant("2026-11-21T08:00:00Z");

Loaded load_role(const std::string& text) {
  LoadSources sources;
  sources.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
  Loaded loaded = load_policy(text, "p.yaml", sources);
  EXPECT_THAT(loaded.errors, IsEmpty()) << to_string(loaded.errors.front());
  return loaded;
}

Deployment people_file(const std::string& text) {
  const LoadedDeployment loaded = load_deployment(text, "pawl.yaml");
  EXPECT_THAT(loaded.errors, IsEmpty()) << to_string(loaded.errors.front());
  return *loaded.deployment;
}

template <class T>
std::vector<std::string> told_of(const std::vector<T>& found) {
  std::vector<std::string> out;
  for (const T& one : found) out.push_back(one.message);
  return out;
}

TEST(CheckPeople, AuditorsAnswerNothing) {
  const Deployment people = people_file(
      "version: 1\npeople:\n  ada: {groups: [leads]}\n  eve: {groups: [leads]}\n"
      "  auditors: [eve]\n");
  const auto errors = [&](std::string_view approval) {
    return told_of(check(load_role("version: 1\nagent: {id: a, identity: a@x, owner: o}\n"
                                   "tools:\n  allowed:\n    - name: read_it\n      approval: " +
                                   std::string(approval) + "\n"),
                         &people, {}, kAsked, false)
                       .errors);
  };
  EXPECT_THAT(errors("{by: [leads]}"), IsEmpty());
  EXPECT_THAT(errors("{by: [leads], quorum: 2}"),
              ElementsAre(HasSubstr("needs 2 persons, and its reviewers are 1")));
  EXPECT_THAT(errors("{by: [eve]}"),
              ElementsAre(HasSubstr("needs 1 persons, and its reviewers are 0")));
}

TEST(CheckPeople, TheSponsorOfTheRunIsNotTheOnlyOne) {
  const auto warnings = [&](std::string_view people, std::string_view more,
                            std::string_view class_text = "reversible small") {
    const Deployment deployed = people_file("version: 1\npeople: " + std::string(people) + "\n");
    return told_of(
        check(
            load_role("version: 1\nagent: {id: a, identity: a@x, owner: o}\n" + std::string(more) +
                      "tools:\n  allowed:\n    - {name: do_it, class: " + std::string(class_text) +
                      ", requires_approval: true}\napproval: {reviewers: [leads]}\n"),
            &deployed, {}, kAsked, false)
            .findings);
  };
  const auto only = Contains(HasSubstr("`ada` is the only reviewer"));
  constexpr std::string_view one = "{ada: {groups: [leads]}}";
  constexpr std::string_view two = "{ada: {groups: [leads]}, ben: {groups: [leads]}}";
  constexpr std::string_view production = "environment: production\n";
  EXPECT_THAT(warnings(one, ""), Not(only));
  EXPECT_THAT(warnings(one, production), only);
  EXPECT_THAT(warnings(two, production), Not(only));
  EXPECT_THAT(warnings(one, production, "read_only"), Not(only));
  EXPECT_THAT(warnings(one,
                       "freeze: [{name: f, from: 2026-11-01T00:00, until: 2026-12-31T00:00, "
                       "zone: UTC, stop: [reversible], then: hold}]\n"),
              only);
}

TEST(CheckPeople, OfAnAgentWithoutASponsorItSaysSo) {
  const auto notes = [](std::string_view sponsor, std::string_view environment) {
    const Deployment deployed = people_file(
        "version: 1\npeople: {ada: {groups: [leads]}, ben: {groups: [leads]}}\n"
        "roles: {a: {file: a.yaml}}\nagents: {bot: {keys: [\"AbCdEfGh:" +
        std::string(64, 'a') + "\"], role: a" + std::string(sponsor) + "}}\n");
    return told_of(check(load_role("version: 1\nenvironment: " + std::string(environment) +
                                   "\nagent: {id: a, identity: a@x, owner: o}\n"
                                   "tools: {allowed: [{name: read_it, class: read_only}]}\n"),
                         &deployed, {}, kAsked, false)
                       .findings);
  };
  const auto unknown = Contains(HasSubstr("the agent `bot` has no `sponsor`"));
  EXPECT_THAT(notes("", "production"), unknown);
  EXPECT_THAT(notes(", sponsor: ada", "production"), Not(unknown));
  EXPECT_THAT(notes("", "development"), Not(unknown));
}

// What a node asks before a policy is in force.
TEST(CheckPeople, AHoldThatNoReviewerAnswersIsAnErrorInProductionAlone) {
  const Deployment people = people_file("version: 1\npeople: {ada: {groups: [leads]}}\n");
  const auto look = [&](std::string_view environment, std::string_view approval) {
    const Loaded loaded =
        load_role("version: 1\nenvironment: " + std::string(environment) +
                  "\nagent: {id: a, identity: a@x, owner: o}\ntools:\n  allowed:\n"
                  "    - {name: do_it, class: reversible small, requires_approval: true}\n" +
                  std::string(approval));
    return check_before_use(*loaded.policy, people, kAsked);
  };
  constexpr std::string_view two = "approval: {reviewers: [leads], quorum: 2}\n";
  EXPECT_THAT(told_of(look("production", two).errors), ElementsAre(HasSubstr("needs 2 persons")));
  EXPECT_TRUE(look("development", two).passes());
  EXPECT_THAT(told_of(look("development", two).findings),
              ElementsAre(HasSubstr("needs 2 persons")));
  EXPECT_THAT(told_of(look("production", "").errors), ElementsAre(HasSubstr("has no reviewer")));
  EXPECT_TRUE(look("production", "approval: {reviewers: [leads]}\n").passes());
}

// A caller that keeps an answer knows until when it holds.
TEST(CheckPeople, WhatIsKnownBeforeUseIsSoUntilTheNextEndOfAnything) {
  const auto at = [](std::string_view text) { return *parse_instant(text); };
  const auto policy = [](const std::string& more) {
    return load_role(
               "version: 1\nenvironment: production\nagent: {id: a, identity: a@x, owner: o}\n"
               "tools: {allowed: [{name: look, class: read_only}]}\n" +
               more)
        .policy;
  };
  const Instant start = at("2026-11-01T00:00:00Z");
  EXPECT_EQ(same_before_use_until(*policy(""), start).ns, INT64_MAX);
  const auto both = policy(
      "execution: {max_tokens_per_run: 9}\n"
      "accept_risk: [{rule: execution/max_tokens_per_run, reason: r, owner: o, until: "
      "\"2026-11-05T00:00:00Z\"}]\n"
      "freeze: [{name: f, from: \"2026-11-02T00:00:00Z\", until: \"2026-11-03T00:00:00Z\", "
      "stop: [read_only], then: hold}]\n");
  ASSERT_NE(both, nullptr);
  const Instant freeze = at("2026-11-03T00:00:00Z"), risk = at("2026-11-05T00:00:00Z");
  EXPECT_EQ(same_before_use_until(*both, start), freeze);
  EXPECT_EQ(same_before_use_until(*both, freeze), risk);
  EXPECT_EQ(same_before_use_until(*both, Instant{risk.ns - 1}), risk);
  EXPECT_EQ(same_before_use_until(*both, risk).ns, INT64_MAX);
  // It is not the same on either side of such an end.
  const Deployment people = people_file("version: 1\npeople: {ada: {groups: [leads]}}\n");
  const auto passes = [&](Instant now) { return check_before_use(*both, people, now).passes(); };
  EXPECT_FALSE(passes(Instant{freeze.ns - 1})) << "the freeze asks, and no reviewer can answer";
  EXPECT_TRUE(passes(freeze));
  EXPECT_TRUE(passes(Instant{risk.ns - 1}));
  EXPECT_FALSE(passes(risk)) << "the ceiling is unmetered";
}

}  // namespace
}  // namespace pawl
