// What people let a run use for a while, as the fold has it; and answers of programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/state/eyes.h"
#include "kernel/state/test_journal.h"
#include "model/access.h"

namespace pawl {
namespace {

using J = TestJournal;

class GrantTest : public ::testing::Test {
 protected:
  void SetUp() override { j.open("r"); }
  // A request that people said yes to, and that is under way.
  void ask(const std::string& call, const std::string& approval) {
    CallDecided held = J::decided(call, "hold");
    held.tool = access_name("export");
    held.class_text = "read_only small";
    held.approval = approval;
    j.must(held);
    ApprovalOpened opened;
    opened.approval = approval;
    opened.call = call;
    opened.run = "r";
    opened.binding = "b";
    opened.tool = access_name("export");
    opened.class_text = held.class_text;
    opened.expires = j.now + Duration::seconds(300);
    j.must(opened);
    j.must(J::answer(approval, "first"));
    held.round = 2;
    held.steps = 0;
    held.effect = "allow";
    j.must(held);
  }
  GrantMade made(const std::string& grant = "g1", const std::string& call = "c1",
                 const std::string& approval = "a1") {
    return {grant,
            "r",
            call,
            approval,
            "export",
            "line",
            j.now + Duration::seconds(600),
            2,
            0,
            {{"rows", "sha256:11"}}};
  }
  TestJournal j;
};

TEST_F(GrantTest, OnlyAnAnsweredRequestUnderWayMakesOne) {
  j.never(made());
  ask("c1", "a1");
  GrantMade other = made();
  other.tool = "delete_all";
  j.never(other);
  other = made();
  other.approval = "a2";
  j.never(other);
  other = made();
  other.run = "r2";
  j.never(other);
  j.must(made());
  j.never(made());
  j.never(made("g2"));  // one answer, one grant
  j.must(J::ended("c1", "completed"));
  j.never(made("g3"));
}

TEST_F(GrantTest, ACallThatIsNoRequestMakesNone) {
  j.must(J::decided("c1", "allow"));
  j.never(made());
}

TEST_F(GrantTest, StandsInASnapshotAsItIs) {
  ask("c1", "a1");
  j.must(made());
  j.must(J::ended("c1", "completed"));
  const std::string text = j.state.to_json();
  const auto again = State::from_json(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->to_json(), text);
  const Grant& grant = again->run("r")->grants.at(0);
  EXPECT_EQ(grant.id, "g1");
  EXPECT_EQ(grant.calls, 2U);
  EXPECT_EQ(grant.arguments.at(0).digest, "sha256:11");
}

TEST_F(GrantTest, ThoseThatAreOverMakeRoom) {
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    ask("c" + n, "a" + n);
    GrantMade one = made("g" + n, "c" + n, "a" + n);
    if (i < 32) {
      j.must(one);
    } else if (i == 32) {
      j.never(one);
      j.now = j.now + Duration::seconds(601);
      one.until = j.now + Duration::seconds(600);
      j.must(one);
      EXPECT_EQ(j.state.run("r")->grants.size(), 1U);
    }
    j.must(J::ended("c" + n, "completed"));
  }
}

// A request is stopped with its tool, and an answer to it is good for nothing afterwards.
TEST_F(GrantTest, AKillOfTheToolWithdrawsWhatAsksForIt) {
  for (const std::string server : {"", "crm/"}) {
    j = TestJournal();
    j.open("r");
    CallDecided held = J::decided("c1", "hold");
    held.server = server.empty() ? "" : "crm";
    held.tool = access_name("export");
    held.class_text = "read_only small";
    held.approval = "a1";
    j.must(held);
    ApprovalOpened opened;
    opened.approval = "a1";
    opened.call = "c1";
    opened.run = "r";
    opened.binding = "b";
    opened.tool = server + access_name("export");
    opened.class_text = held.class_text;
    opened.expires = j.now + Duration::seconds(300);
    j.must(opened);
    j.must(J::answer("a1", "first"));
    EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
    j.must(KillSet{"k1", "tool", "export", "ann", "stop"});
    EXPECT_EQ(j.phase("a1"), ApprovalPhase::withdrawn);
  }
}

class AutomaticTest : public ::testing::Test {
 protected:
  void SetUp() override { j.open("r"); }
  void hold(const std::string& class_text, std::uint8_t quorum = 1) {
    CallDecided held = J::decided("c1", "hold");
    held.approval = "a1";
    held.class_text = class_text;
    j.must(held);
    ApprovalOpened opened;
    opened.approval = "a1";
    opened.call = "c1";
    opened.run = "r";
    opened.binding = "b";
    opened.sponsor = "sam";
    opened.quorum = quorum;
    opened.class_text = class_text;
    opened.expires = j.now + Duration::seconds(300);
    j.must(opened);
  }
  static ApprovalAnswered program(const std::string& name) {
    return {"a1", name, "approve", "", std::string(automatic_proof), ""};
  }
  TestJournal j;
};

TEST_F(AutomaticTest, AProgramDoesForWhatCanBeUndone) {
  hold("reversible small");
  j.must(program("robot"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
}

TEST_F(AutomaticTest, ProgramsAloneNeverDoForWhatCannot) {
  for (const std::string class_text : {"irreversible small", "irreversible large", ""}) {
    j = TestJournal();
    j.open("r");
    hold(class_text);
    j.must(program("robot"));
    j.must(program("second-robot"));
    EXPECT_EQ(j.phase("a1"), ApprovalPhase::open) << class_text;
    j.must(J::answer("a1", "first"));
    EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
  }
}

TEST_F(AutomaticTest, NeitherForWhatCarriesSomethingOutside) {
  hold("reversible small external_sink");
  j.must(program("robot"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::open);
  j.must(J::answer("a1", "first"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
}

// In whatever order: the second pair of eyes is a person who did not start the run.
TEST_F(AutomaticTest, WithTheSponsorOfTheRunAProgramIsNotEnough) {
  for (const bool person_first : {true, false}) {
    j = TestJournal();
    j.open("r", "sam");
    hold("irreversible small", 2);
    if (person_first) j.must(J::answer("a1", "sam"));
    j.must(program("robot"));
    if (!person_first) j.must(J::answer("a1", "sam"));
    EXPECT_EQ(j.phase("a1"), ApprovalPhase::open);
    EXPECT_TRUE(j.state.approval("a1")->answers.at(1).counts);
    j.must(J::answer("a1", "first"));
    EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
  }
}

TEST_F(AutomaticTest, AProgramTakesNoPlaceFromTheSponsorOfTheRun) {
  j = TestJournal();
  j.open("r", "sam");
  hold("irreversible small");
  j.must(program("robot"));
  j.must(J::answer("a1", "sam"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
}

// Of those who approved, some may not answer any more.
TEST_F(AutomaticTest, WhatIsLeftHasToBeEnoughByItself) {
  const Answer person{.person = "first", .answer = "approve", .reason = {}, .counts = true};
  Answer robot = person;
  robot.person = "robot";
  robot.automatic = true;
  QuestionTerms terms{.sponsor = "sam", .class_text = "irreversible small"};
  const std::vector<const Answer*> both = {&robot, &person}, one = {&robot};
  EXPECT_TRUE(enough_eyes(terms, both));
  EXPECT_FALSE(enough_eyes(terms, one));
  EXPECT_FALSE(enough_eyes(terms, {}));
  terms.class_text = "reversible small";
  EXPECT_TRUE(enough_eyes(terms, one));
  terms.tool = access_name("export");
  EXPECT_FALSE(enough_eyes(terms, one));
}

TEST_F(AutomaticTest, IsOneOfTwoPairsOfEyes) {
  hold("irreversible large", 2);
  j.must(program("robot"));
  j.must(program("second-robot"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::open);
  j.must(J::answer("a1", "first"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
  const auto again = State::from_json(j.state.to_json());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->approval("a1")->answers.at(0).automatic);
  EXPECT_FALSE(again->approval("a1")->answers.at(2).automatic);
}

}  // namespace
}  // namespace pawl
