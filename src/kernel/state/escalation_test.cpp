// Who was told of what, who answers for it, and that no one did, as a fold over the records.
#include <gtest/gtest.h>

#include "kernel/state/test_journal.h"

namespace pawl {
namespace {

EscalationOpened escalation_of(const std::string& id, const std::string& run = "r",
                               const std::string& about = {}) {
  EscalationOpened opened;
  opened.escalation = id;
  opened.run = run;
  opened.event = about.empty() ? "ceiling" : "killed";
  opened.why = "the run may take at most 25 steps";
  opened.about = about;
  opened.contacts = {{"Ada", "pagerduty:agents", {}},
                     {"Ben", "slack:@ben", Duration::seconds(300)}};
  opened.ends = Instant{1'800'000'900'000'000'000};
  return opened;
}

Escalated told_step(const std::string& id, std::uint32_t step) {
  return {"r", "ceiling", "Ada", "pagerduty:agents", "told", id, step, false};
}

const Escalation& escalation_in(const TestJournal& j, const std::string& id = "e1") {
  return j.state.escalations().at(id);
}

TEST(EscalationTest, StepsAreCountedAndAnAnswerStopsTheLadder) {
  TestJournal j;
  j.open("r");
  j.must(escalation_of("e1"));
  EXPECT_EQ(escalation_in(j).phase, Escalation::Phase::open);
  j.must(told_step("e1", 2));
  j.must(told_step("e1", 1));
  EXPECT_EQ(escalation_in(j).told, 2U);
  j.must(EscalationChanged{"e1", "acknowledged", "ada", "passphrase"});
  EXPECT_EQ(escalation_in(j).phase, Escalation::Phase::acknowledged);
  EXPECT_EQ(escalation_in(j).person, "ada");
  j.never(EscalationChanged{"e1", "acknowledged", "ben", "slack"});
  j.never(EscalationChanged{"e1", "unanswered", "", ""});
  j.must(EscalationChanged{"e1", "resolved", "ben", "slack"});
  EXPECT_TRUE(j.state.escalations().empty());
  j.must(told_step("e1", 1));  // one that came late
  j.never(EscalationChanged{"e1", "resolved", "ben", "slack"});
}

TEST(EscalationTest, UnansweredIsNotTheEndOfIt) {
  TestJournal j;
  j.must(escalation_of("e1", ""));
  j.never(escalation_of("e1", ""));
  j.must(EscalationChanged{"e1", "unanswered", "", ""});
  EXPECT_EQ(escalation_in(j).phase, Escalation::Phase::unanswered);
  j.never(EscalationChanged{"e1", "unanswered", "", ""});
  j.never(EscalationChanged{"e1", "acknowledged", "", "slack"});
  j.must(EscalationChanged{"e1", "acknowledged", "ada", "slack"});
}

TEST(EscalationTest, WithoutContactsItIsUnansweredAllTheSame) {
  TestJournal j;
  EscalationOpened unnamed = escalation_of("e1");
  unnamed.contacts.clear();
  j.must(unnamed);
  j.must(EscalationChanged{"e1", "unanswered", "", ""});
  EXPECT_EQ(escalation_in(j).phase, Escalation::Phase::unanswered);
  const auto again = State::from_json(j.state.to_json());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->escalations().at("e1").phase, Escalation::Phase::unanswered);
}

TEST(EscalationTest, WhatAnotherStopIsAboutWaitsForThatOne) {
  TestJournal j;
  j.open("r");
  j.must(escalation_of("e1", "", "all"));
  KillSet drill{.id = "k1", .scope = "all", .name = "", .person = "", .reason = "x"};
  KillSet real = drill;
  real.id = "k2";
  j.must(drill);
  j.must(real);
  j.must(Resumed{"kill", "k1", "reviewer", ""});
  EXPECT_TRUE(j.state.escalations().contains("e1"));
  j.must(Resumed{"kill", "k2", "reviewer", ""});
  EXPECT_TRUE(j.state.escalations().empty());
}

TEST(EscalationTest, WhatGoesOnNeedsNoContactAnyMore) {
  TestJournal j;
  j.open("r");
  j.open("other");
  j.must(RunHalted{"r", "ceiling", "steps"});
  j.must(escalation_of("e1"));
  j.must(escalation_of("e2", "other"));
  j.must(escalation_of("e3", "r", "run r"));
  KillSet kill{.id = "k", .scope = "run", .name = "r", .person = "", .reason = "x"};
  j.must(kill);
  j.must(Resumed{"run", "r", "reviewer", ""});
  EXPECT_FALSE(j.state.escalations().contains("e1"));
  EXPECT_TRUE(j.state.escalations().contains("e2"));
  EXPECT_FALSE(j.state.escalations().contains("e3"));
}

TEST(EscalationTest, ThereIsABoundAndAnsweredOnesMakeRoom) {
  TestJournal j;
  for (std::size_t i = 0; i < escalations_max; ++i) {
    j.must(escalation_of("e" + std::to_string(i), ""));
  }
  j.never(escalation_of("one more", ""));
  j.must(EscalationChanged{"e7", "acknowledged", "ada", "slack"});
  j.must(escalation_of("one more", ""));
  EXPECT_FALSE(j.state.escalations().contains("e7"));
}

TEST(EscalationTest, TheLastDrillThatPassedIsKept) {
  TestJournal j;
  Drilled drill;
  drill.drill = "d1";
  drill.role = "canary";
  drill.run = "r";
  drill.person = "ada";
  j.must(drill);
  EXPECT_FALSE(j.state.last_drill());
  drill.passed = true;
  j.must(drill);
  ASSERT_TRUE(j.state.last_drill());
  EXPECT_EQ(j.state.last_drill()->at, j.now);
  const auto again = State::from_json(j.state.to_json());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->last_drill()->drill.person, "ada");
}

}  // namespace
}  // namespace pawl
