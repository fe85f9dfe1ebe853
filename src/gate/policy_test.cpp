// Which policy a run is under, and how many runs there are (rule 14, R01, R05).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_fixture.h>

namespace pawl::crash {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GatePolicy : public GateTest {};

TEST_F(GatePolicy, ARunKeepsItsPolicy) {  // R01
  const std::string first = world.run;
  const std::string looser = std::string(policy) + "environment: development\n";
  world.policy = world.load(looser);
  const auto joined = world.gate->runs.open(
      {.key = "key", .sponsor = "sam", .client = "test", .policy = world.policy});
  EXPECT_FALSE(joined);
  const RunRequest fresh{.key = "new", .sponsor = "sam", .client = "test", .policy = world.policy};
  EXPECT_FALSE(world.gate->runs.open(fresh)) << "a changed policy waits for a person";
  EXPECT_FALSE(world.gate->runs.open(fresh));
  EXPECT_THAT(world.escalations, ElementsAre("policy_changed"));
  EXPECT_FALSE(world.gate->policies.accept_policy("agent", to_string(world.policy->digest), ""));
  ASSERT_TRUE(world.gate->policies.accept_policy("agent", to_string(world.policy->digest), "ann"));
  const auto opened = world.gate->runs.open(fresh);
  ASSERT_TRUE(opened);
  EXPECT_NE(*opened, first);
  EXPECT_EQ(world.gate->runs.policy_of(first)->digest, world.load(policy)->digest);
  EXPECT_EQ(world.gate->runs.policy_of(*opened)->digest, world.policy->digest);
}

TEST_F(GatePolicy, ALaxerFileWaitsAndSaysWhatGotLaxer) {  // R01
  const std::string more = std::string(policy).replace(std::string(policy).find("approval: {"), 0,
                                                       "execution: {max_steps: 5}\n");
  const auto stricter = world.load(more);
  ASSERT_THAT(world.gate->policies.offer_policy(stricter), ElementsAre(world.run));
  EXPECT_EQ(run().policy, to_string(stricter->digest));
  EXPECT_TRUE(world.gate->policies.offer_policy(world.policy).empty());
  const auto waiting = world.gate->policies.waiting_policies();
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_THAT(waiting[0].laxer, HasSubstr("`max_steps` was 5 and is gone"));
  EXPECT_THAT(world.escalations, ElementsAre("policy_changed"));
  EXPECT_EQ(run().policy, to_string(stricter->digest));
  ASSERT_TRUE(world.gate->policies.accept_policy("agent", to_string(world.policy->digest), "ann"));
  EXPECT_TRUE(world.gate->policies.waiting_policies().empty());
  EXPECT_TRUE(world.gate->policies.offer_policy(world.policy).empty())
      << "a laxer one is for new runs";
  EXPECT_EQ(run().policy, to_string(stricter->digest));
}

// What a door does whose callers come and go while a file waits for a person.
TEST_F(GatePolicy, WhatWasAcceptedGoesOnBesideALaxerOrABrokenFile) {  // rule 14
  const auto in_force = world.policy;
  const auto looser = world.load(std::string(policy) + "environment: development\n");
  for (const auto& offered : {in_force, looser, std::shared_ptr<const Policy>()}) {
    const auto governs = world.gate->policies.policy_in_force("agent", offered);
    ASSERT_TRUE(governs) << governs.error().message;
    EXPECT_EQ((*governs)->digest, in_force->digest);
  }
  EXPECT_THAT(world.escalations, ElementsAre("policy_changed"));
  // The run that is there keeps its own, also for those who join it; what waits goes on waiting.
  RunRequest again{.key = "key", .sponsor = "sam", .client = "test", .policy = looser};
  EXPECT_FALSE(world.gate->runs.open(again));
  again.keeps_policy = true;
  EXPECT_EQ(world.gate->runs.open(again), world.run);
  EXPECT_EQ(run().policy, to_string(in_force->digest));
  EXPECT_EQ(world.gate->runs.policy_of(world.run)->digest, in_force->digest);
  RunRequest fresh{.key = "new", .sponsor = "sam", .client = "test", .policy = in_force};
  fresh.keeps_policy = true;
  const auto opened = world.gate->runs.open(fresh);
  ASSERT_TRUE(opened);
  EXPECT_EQ(world.gate->runs.policy_of(*opened)->digest, in_force->digest);
  ASSERT_EQ(world.gate->policies.waiting_policies().size(), 1u);

  // Accepted, it is for new runs, and its text goes on although no run has had it yet.
  ASSERT_TRUE(world.gate->policies.accept_policy("agent", to_string(looser->digest), "ann"));
  EXPECT_TRUE(world.gate->policies.waiting_policies().empty());
  const auto after = world.gate->policies.policy_in_force("agent", nullptr);
  ASSERT_TRUE(after);
  EXPECT_EQ((*after)->digest, looser->digest);
  EXPECT_EQ(world.gate->runs.open(again), world.run);
  EXPECT_EQ(world.gate->runs.policy_of(world.run)->digest, in_force->digest);

  // A client that joins takes a stricter one, as ever.
  RunRequest strict = again;
  strict.policy = world.load(std::string(policy).replace(std::string(policy).find("approval: {"), 0,
                                                         "execution: {max_steps: 5}\n"));
  EXPECT_EQ(world.gate->runs.open(strict), world.run);
  EXPECT_EQ(run().policy, to_string(strict.policy->digest));
}

TEST_F(GatePolicy, WithoutTheTextOfWhatWasAcceptedNothingGoesOn) {
  EXPECT_FALSE(world.gate->policies.policy_in_force("unknown", nullptr));
  const auto first = world.gate->policies.policy_in_force("agent", world.policy);
  EXPECT_TRUE(first);
  // A digest whose file was never offered here.
  ASSERT_TRUE(world.gate->policies.accept_policy("agent", "sha256:" + std::string(64, '1'), "ann"));
  for (const auto& offered : {world.policy, std::shared_ptr<const Policy>()}) {
    const auto governs = world.gate->policies.policy_in_force("agent", offered);
    ASSERT_FALSE(governs);
    EXPECT_EQ(governs.error().fault, ErrorKind::refused);
    EXPECT_THAT(governs.error().message, HasSubstr("is not in the journal"));
  }
}

TEST_F(GatePolicy, AStricterPolicyCountsAtOnceAndSurvivesACrash) {  // rule 14
  EXPECT_EQ(world.call("put_note").kind, Settled::Kind::result);
  std::string text(policy);
  text.replace(text.find("    - {name: put_note, class: reversible small}\n"), 48, "");
  const auto stricter = world.load(text);
  ASSERT_THAT(world.gate->policies.offer_policy(stricter), ElementsAre(world.run));
  EXPECT_TRUE(world.gate->policies.offer_policy(stricter).empty()) << "it is in force already";
  EXPECT_EQ(world.call("put_note").code, Code::not_granted);
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
  EXPECT_EQ(world.count("run.tightened"), 1u);
  expect_same_after_restart();
  EXPECT_EQ(run().policy, to_string(stricter->digest));
  EXPECT_EQ(world.call("put_note").code, Code::not_granted);
  world.policy = stricter;
  EXPECT_FALSE(world.open("another").empty()) << "new runs are under it, and no one was asked";
  EXPECT_TRUE(world.escalations.empty());
}

TEST_F(GatePolicy, AStricterPolicyStopsACallThatIsAboutToBeSent) {
  world.sync.held = true;
  Asked& asked = world.ask("put_note");
  world.settle();
  ASSERT_FALSE(asked.done());
  std::string text(policy);
  text.replace(text.find("    - {name: put_note, class: reversible small}\n"), 48, "");
  ASSERT_THAT(world.gate->policies.offer_policy(world.load(text)), ElementsAre(world.run));
  world.sync.held = false;
  world.sync.run();
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->code, Code::cancelled);
  EXPECT_TRUE(world.server.executed.empty());
}

TEST_F(GatePolicy, NewRunsOfOneAgentComeAtARate) {  // R05
  std::uint32_t opened = 1;                         // by the fixture
  for (int i = 0; i < 1000; ++i) {
    const RunRequest next{.key = "conversation " + std::to_string(i),
                          .sponsor = "sam",
                          .client = "t",
                          .policy = world.policy};
    const auto run = world.gate->runs.open(next);
    if (run) {
      ++opened;
    } else {
      EXPECT_THAT(run.error().message, HasSubstr("ceiling"));
    }
  }
  EXPECT_EQ(opened, world.limits.runs_per_minute_max);
  EXPECT_EQ(world.count("run.opened"), opened);
  world.kill();
  world.start();
  EXPECT_FALSE(world.gate->runs.open(
      {.key = "fresh", .sponsor = "sam", .client = "t", .policy = world.policy}))
      << "a restart is no fresh minute";
  world.advance(Duration::seconds(61));
  EXPECT_FALSE(world.open("later").empty());
}

TEST_F(GatePolicy, AVouchedPolicyAppliesToNewRuns) {
  world.policy = world.load(std::string(policy) + "environment: development\n");
  EXPECT_TRUE(world.gate->runs.open(
      {.key = "new", .sponsor = "sam", .client = "t", .policy = world.policy, .vouched = true}));
}

TEST_F(GatePolicy, ThePolicyOfARunIsReadBackFromTheJournal) {
  const std::string id = world.run;
  world.kill();
  world.start();
  const auto known = world.gate->runs.policy_of(id);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->digest, world.policy->digest);
  EXPECT_EQ(world.gate->runs.policy_of("r-unknown"), nullptr);
  EXPECT_EQ(world.count("policy.loaded"), 1u);
}

}  // namespace
}  // namespace pawl::crash
