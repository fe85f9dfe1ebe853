// Who has to have looked: in production and in a freeze a person who did not start the run.
#include <gtest/gtest.h>

#include "kernel/state/eyes.h"
#include "kernel/state/test_journal.h"

namespace pawl {
namespace {

using J = TestJournal;

class EyesTest : public ::testing::Test {
 protected:
  // A held call of a run that `sam` started.
  void hold(const std::string& class_text, std::uint8_t quorum,
            const std::string& sponsor = "sam") {
    j = TestJournal();
    j.open("r", sponsor);
    CallDecided held = J::decided("c1", "hold");
    held.class_text = class_text;
    held.approval = "a1";
    j.must(held);
    ApprovalOpened asked = j.question("a1", "c1", quorum);
    asked.class_text = class_text;
    asked.apart = true;
    j.must(asked);
  }
  ApprovalPhase after(const std::string& person, bool program = false) {
    ApprovalAnswered given = J::answer("a1", person);
    if (program) given.proof = automatic_proof;
    j.must(given);
    return j.phase("a1");
  }
  TestJournal j;
};

TEST_F(EyesTest, TheSponsorOfTheRunIsNotEnough) {
  for (const std::string class_text : {"reversible small", "irreversible large", ""}) {
    hold(class_text, 1);
    EXPECT_EQ(after("Sam"), ApprovalPhase::open) << class_text;
    EXPECT_EQ(eyes_needed(*j.state.approval("a1")), "a person who did not start the run");
    EXPECT_EQ(after("first"), ApprovalPhase::approved) << class_text;
    hold(class_text, 1);
    EXPECT_EQ(after("first"), ApprovalPhase::approved) << class_text;
  }
}

TEST_F(EyesTest, AProgramIsOneWhereTheCallCanBeUndone) {
  hold("reversible small", 1);
  EXPECT_EQ(after("robot", true), ApprovalPhase::approved);
  hold("irreversible small", 1);
  EXPECT_EQ(after("sam"), ApprovalPhase::open);
  EXPECT_EQ(after("robot", true), ApprovalPhase::open);
  EXPECT_EQ(after("first"), ApprovalPhase::approved);
}

TEST_F(EyesTest, WithoutAKnownSponsorNoReviewerIsKnownToBeAnother) {
  hold("reversible small", 1, "");
  EXPECT_EQ(after("first"), ApprovalPhase::open);
}

TEST_F(EyesTest, StandsInASnapshot) {
  hold("reversible small", 1);
  const auto again = State::from_json(j.state.to_json());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->approval("a1")->asked.terms->apart);
}

}  // namespace
}  // namespace pawl
