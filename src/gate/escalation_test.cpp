// The escalation of an escalation: who is told after how long, what stops it, and that nothing is
// forgotten by a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>

namespace pawl::crash {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* with_contacts = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - {name: put_note, class: reversible small}
execution: {max_steps: 2, on_budget_exceeded: {notify: "#oncall"}}
escalation:
  contacts:
    - {name: Ben, via: "slack:@ben", after: 5m}
    - {name: Ada, via: "pagerduty:agents", after: 0s}
    - {name: Cleo, via: "mail:cleo@x.example", after: 20m}
)";

class GateLadder : public ::testing::Test {
 protected:
  GateLadder() : world(with_contacts) {
    world.start();
    world.open();
  }
  // The ceiling of steps: one call more than the run may take.
  void halt() {
    for (int i = 0; i < 3; ++i) world.call("read_note");
  }
  std::vector<std::string> told() const {
    std::vector<std::string> names;
    for (const EscalationStep& step : world.steps) names.push_back(step.contact.name);
    return names;
  }
  const Escalation& only() const {
    EXPECT_EQ(world.gate->state().escalations().size(), 1U);
    return world.gate->state().escalations().begin()->second;
  }
  void minutes(int many) {
    world.advance(Duration::seconds(60 * many));
    world.settle();
  }
  World world;
};

TEST_F(GateLadder, PeopleAreToldOneAfterAnotherInTheOrderOfTheirTimes) {
  halt();
  EXPECT_EQ(only().opened.event, "ceiling");
  EXPECT_THAT(told(), ElementsAre("#oncall", "Ada"));
  minutes(4);
  EXPECT_THAT(told(), ElementsAre("#oncall", "Ada"));
  minutes(2);
  EXPECT_THAT(told(), ElementsAre("#oncall", "Ada", "Ben"));
  minutes(15);
  EXPECT_THAT(told(), ElementsAre("#oncall", "Ada", "Ben", "Cleo"));
  EXPECT_EQ(world.count("escalated"), 4U);
  EXPECT_EQ(only().phase, Escalation::Phase::open);
  minutes(15);
  EXPECT_EQ(only().phase, Escalation::Phase::unanswered);
  EXPECT_EQ(world.escalations.back(), "unanswered");
  minutes(60);
  EXPECT_EQ(world.steps.size(), 4U) << "no contact is told again";
}

TEST_F(GateLadder, AnAcknowledgementStopsItAndAResumeEndsIt) {
  halt();
  const std::string id = only().opened.escalation;
  EXPECT_FALSE(world.gate->alerts.acknowledge(id, "", "slack", false));
  EXPECT_FALSE(world.gate->alerts.acknowledge(id, "ann", "", false));
  EXPECT_FALSE(world.gate->alerts.acknowledge("e-none", "ann", "slack", false));
  ASSERT_TRUE(world.gate->alerts.acknowledge(id, "ann", "slack", false));
  EXPECT_FALSE(world.gate->alerts.acknowledge(id, "bob", "slack", false));
  minutes(120);
  EXPECT_THAT(told(), ElementsAre("#oncall", "Ada"));
  EXPECT_EQ(only().phase, Escalation::Phase::acknowledged);
  ASSERT_TRUE(world.gate->kill_switch.resume("run", world.run, "ann", "looked at it"));
  EXPECT_THAT(world.gate->state().escalations(), IsEmpty());
  EXPECT_THAT(world.changes, ElementsAre("acknowledged ceiling", "resolved ceiling"));
}

TEST_F(GateLadder, UnansweredStaysSoUntilAPersonAnswers) {
  halt();
  minutes(60);
  ASSERT_EQ(only().phase, Escalation::Phase::unanswered);
  world.kill();
  world.start();
  EXPECT_EQ(only().phase, Escalation::Phase::unanswered);
  ASSERT_TRUE(world.gate->alerts.acknowledge(only().opened.escalation, "ann", "passphrase", true));
  EXPECT_THAT(world.gate->state().escalations(), IsEmpty());
}

TEST_F(GateLadder, ACrashForgetsNoContact) {
  halt();
  minutes(6);
  ASSERT_EQ(told().size(), 3U);
  world.kill();
  world.steps.clear();
  world.start();
  world.settle();
  EXPECT_THAT(told(), IsEmpty()) << "their steps are records";
  minutes(15);
  EXPECT_THAT(told(), ElementsAre("Cleo"));
}

TEST_F(GateLadder, AStepWithoutARecordedOutcomeIsTakenAgain) {
  world.ways_answer = false;
  halt();
  EXPECT_THAT(told(), ElementsAre("#oncall", "Ada"));
  world.kill();
  world.steps.clear();
  world.ways_answer = true;
  world.start();
  world.settle();
  EXPECT_THAT(told(), ElementsAre("#oncall", "Ada"));
}

TEST_F(GateLadder, WhoCannotBeReachedKeepsNoContactWaiting) {
  world.unreachable = "pagerduty:agents";
  halt();
  EXPECT_THAT(told(), ElementsAre("#oncall", "Ada", "Ben")) << "without the five minutes";
  minutes(21);
  EXPECT_THAT(told(), ElementsAre("#oncall", "Ada", "Ben", "Cleo"));
}

TEST_F(GateLadder, OneLadderForOneThing) {
  halt();
  for (int i = 0; i < 40; ++i) world.call("read_note");
  EXPECT_EQ(world.gate->state().escalations().size(), 1U);
}

TEST_F(GateLadder, AKillIsOverWhenItIsLifted) {
  world.gate->alerts.set_contacts({{"Ada", "pagerduty:agents", {}, {}}}, Duration::seconds(60));
  ASSERT_TRUE(world.gate->kill_switch.kill("all", "", "ann", "drill"));
  world.settle();
  EXPECT_EQ(only().opened.about, "all");
  EXPECT_EQ(only().opened.event, "killed");
  EXPECT_THAT(told(), ElementsAre("Ada"));
  ASSERT_TRUE(world.gate->kill_switch.resume("all", "", "ann", "over"));
  EXPECT_THAT(world.gate->state().escalations(), IsEmpty());
}

// A person throws the switch in earnest while an exercise has thrown it.
TEST_F(GateLadder, AnExerciseLiftsItsOwnKillAndNoOther) {
  world.gate->alerts.set_contacts({{"Ada", "pagerduty:agents", {}, {}}}, Duration::seconds(60));
  const auto drill =
      world.gate->kill_switch.kill("all", "", "ann", "drill d-1", KillAlarm::exercise);
  ASSERT_TRUE(drill);
  const auto real = world.gate->kill_switch.kill("all", "", "eve", "it sends mails");
  ASSERT_TRUE(real);
  world.settle();
  EXPECT_THAT(told(), ElementsAre("Ada", "Ada")) << "of the exercise, and of what is none";
  EXPECT_THAT(world.steps.front().sentence, HasSubstr("in an exercise"));
  EXPECT_FALSE(world.gate->kill_switch.lift(drill->kill, "", "over"));
  ASSERT_TRUE(world.gate->kill_switch.lift(drill->kill, "ann", "over"));
  ASSERT_EQ(world.gate->state().kills().size(), 1U);
  EXPECT_EQ(world.gate->state().kills().front().id, real->kill);
  EXPECT_EQ(world.call("read_note").code, Code::killed);
  EXPECT_FALSE(world.gate->state().escalations().empty());
  EXPECT_FALSE(world.gate->kill_switch.lift(drill->kill, "ann", "over"));
  EXPECT_FALSE(world.gate->kill_switch.resume("kill", real->kill, "ann", "over"))
      << "nothing that people say";
  world.kill();
  world.start();
  ASSERT_EQ(world.gate->state().kills().size(), 1U);
  ASSERT_TRUE(world.gate->kill_switch.lift(real->kill, "ann", "looked at it"));
  EXPECT_THAT(world.gate->state().escalations(), IsEmpty());
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
}

TEST_F(GateLadder, WithoutContactsItIsARecordAndRedAtItsEnd) {
  world.gate->alerts.set_contacts({}, Duration::seconds(60));
  ASSERT_TRUE(world.gate->kill_switch.kill("tool", "put_note", "ann", "looks odd"));
  world.settle();
  EXPECT_THAT(world.steps, IsEmpty());
  EXPECT_EQ(world.count("escalation.opened"), 1U);
  EXPECT_THAT(only().opened.contacts, IsEmpty());
  EXPECT_EQ(only().phase, Escalation::Phase::open);
  minutes(2);
  EXPECT_EQ(only().phase, Escalation::Phase::unanswered);
  world.kill();
  world.start();
  EXPECT_EQ(only().phase, Escalation::Phase::unanswered);
  world.gate->alerts.escalate({}, "notify", "the deployment file was read again");
  EXPECT_EQ(world.gate->state().escalations().size(), 1U) << "that waits for no person";
}

TEST_F(GateLadder, WhatFindsNoRoomForALadderIsToldToEverybodyOnce) {
  world.gate->alerts.set_contacts(
      {{"Ada", "pagerduty:agents", {}, {}}, {"Ben", "slack:@ben", Duration::seconds(300), {}}},
      Duration::seconds(3600));
  for (std::size_t i = 0; i < escalations_max; ++i) {
    EXPECT_FALSE(world.gate->alerts.escalations_full());
    world.gate->alerts.escalate({}, "tampering", "file " + std::to_string(i));
  }
  world.settle();
  EXPECT_TRUE(world.gate->alerts.escalations_full());
  const std::size_t before = world.steps.size();
  for (int i = 0; i < 3; ++i) world.gate->alerts.escalate({}, "tampering", "one more file");
  world.settle();
  ASSERT_EQ(world.steps.size(), before + 2) << "each contact, at once, and once";
  EXPECT_EQ(world.steps.back().contact.name, "Ben");
  EXPECT_EQ(world.steps.back().sentence, "one more file");
  EXPECT_EQ(world.count("noted"), 1U);
  const std::string first = world.gate->state().escalations().begin()->first;
  ASSERT_TRUE(world.gate->alerts.acknowledge(first, "ann", "slack", false));
  EXPECT_FALSE(world.gate->alerts.escalations_full());
  world.gate->alerts.escalate({}, "tampering", "one more file");
  EXPECT_TRUE(world.gate->alerts.escalations_full()) << "now it has a ladder";
}

TEST_F(GateLadder, AFloodOfRefusalsLooksLikeProbing) {
  World probed(R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools: {allowed: [{name: read_note, class: read_only}]}
escalation: {contacts: [{name: Ada, via: "slack:@ada"}]}
)");
  probed.start();
  probed.open();
  for (int i = 0; i < 16; ++i) probed.call("delete_everything");
  EXPECT_THAT(probed.steps, IsEmpty());
  probed.call("delete_everything");
  probed.settle();
  ASSERT_EQ(probed.steps.size(), 1U);
  EXPECT_EQ(probed.steps.front().event, "probing");
  for (int i = 0; i < 40; ++i) probed.call("delete_everything");
  EXPECT_EQ(probed.steps.size(), 1U);
}

TEST_F(GateLadder, WhereNothingCanBeWrittenEverybodyHearsOfItNow) {
  world.gate->alerts.set_contacts(
      {{"Ada", "pagerduty:agents", {}, {}}, {"Ben", "slack:@ben", Duration::seconds(300), {}}},
      Duration::seconds(60));
  world.disk.set_faults({.write_error = 1});
  world.call("read_note");
  world.settle();
  ASSERT_EQ(world.steps.size(), 2U);
  EXPECT_EQ(world.steps.front().event, "audit_failure");
  world.call("read_note");
  world.settle();
  EXPECT_EQ(world.steps.size(), 2U) << "once";
}

TEST_F(GateLadder, TheSwitchOverAServerAndOverARole) {
  world.gate->alerts.set_contacts({}, Duration::seconds(60));
  EXPECT_FALSE(world.gate->kill_switch.kill("server", "crm", "ann", "x"));
  EXPECT_FALSE(world.gate->kill_switch.kill("upstream", "", "ann", "x"));
  ASSERT_TRUE(world.gate->kill_switch.kill("role", "agent", "ann", "x"));
  EXPECT_EQ(world.call("read_note").code, Code::killed);
  ASSERT_TRUE(world.gate->kill_switch.resume("role", "agent", "ann", "x"));
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
}

}  // namespace
}  // namespace pawl::crash
