// Questions to people: rule 10, and section 5.7 of the threats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/state/test_journal.h"

namespace pawl {
namespace {

using J = TestJournal;

class ApprovalTest : public ::testing::Test {
 protected:
  void SetUp() override { j.open("r"); }
  TestJournal j;
};

TEST_F(ApprovalTest, IsUsedOnce) {
  j.hold("c1", "a1");
  j.never(J::again("c1", "allow", "a1"));  // no one answered
  j.must(J::answer("a1", "first"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
  j.must(J::again("c1", "allow", "a1"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::consumed);
  j.must(J::ended("c1", "completed"));
  CallDecided second = J::decided("c2", "allow");
  second.approval = "a1";
  j.never(second);
  j.never(J::answer("a1", "second"));
  j.must(ApprovalEnded{"a1", "consumed", "c1"});  // repeats what is known
  j.never(ApprovalEnded{"a1", "withdrawn", "c1"});
}

TEST_F(ApprovalTest, SharesItsTermsWithQuestionsLikeIt) {
  j.hold("c1", "a1");
  j.hold("c2", "a2");
  j.hold("c3", "a3", 2);
  const Approval& first = *j.state.approval("a1");
  EXPECT_EQ(first.asked.terms, j.state.approval("a2")->asked.terms);
  EXPECT_NE(first.asked.terms, j.state.approval("a3")->asked.terms);
  EXPECT_EQ(j.state.approval("a3")->asked.terms->quorum, 2);
  const auto again = State::from_json(j.state.to_json());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->approval("a1")->asked.terms, again->approval("a2")->asked.terms);
  EXPECT_EQ(again->to_json(), j.state.to_json());
}

TEST_F(ApprovalTest, OfOneCallIsNotAnothers) {
  j.hold("c1", "a1");
  j.hold("c2", "a2");  // a concurrent twin
  j.must(J::answer("a1", "first"));
  j.never(J::again("c2", "allow", "a2"));
  j.open("other");
  j.hold("c3", "a3", 1, "other");
  CallDecided theft = J::again("c3", "allow", "a1", 0, "other");
  j.never(theft);
}

TEST_F(ApprovalTest, QuorumCountsDistinctPersons) {
  j.hold("c1", "a1", 2);
  j.must(J::answer("a1", "First.Lastname"));
  j.must(J::answer("a1", "first.lastname"));  // the same person in another spelling
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::open);
  j.must(J::answer("a1", "second.lastname"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
}

TEST_F(ApprovalTest, TheAgentNeverCounts) {
  j.hold("c1", "a1");
  j.must(J::answer("a1", "agent"));
  j.must(J::answer("a1", "Agent@MyCo.iam"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::open);
  j.must(J::answer("a1", "agent", "reject"));  // not even to get out of a question
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::open);
}

TEST_F(ApprovalTest, TheSponsorIsTheFirstPairOfEyesAndNeverTheSecond) {
  j.hold("c1", "a1", 2);
  j.must(J::answer("a1", "sponsor"));
  j.must(J::answer("a1", "second"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
  j.hold("c2", "a2", 2);
  j.must(J::answer("a2", "first"));
  j.must(J::answer("a2", "sponsor"));
  EXPECT_EQ(j.phase("a2"), ApprovalPhase::open);
  j.must(J::answer("a2", "third"));
  EXPECT_EQ(j.phase("a2"), ApprovalPhase::approved);
}

TEST_F(ApprovalTest, TwoPairsOfEyesNeedAKnownSponsor) {
  j.open("anonymous", "");
  j.hold("c1", "a1", 2, "anonymous");
  j.must(J::answer("a1", "first"));
  j.must(J::answer("a1", "second"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::open);
  j.hold("c2", "a2", 1, "anonymous");
  j.must(J::answer("a2", "first"));
  EXPECT_EQ(j.phase("a2"), ApprovalPhase::approved);
}

TEST_F(ApprovalTest, OneRejectionEndsItAlsoAfterTheQuorum) {
  j.hold("c1", "a1");
  j.must(J::answer("a1", "first", "reject"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::rejected);
  j.never(J::answer("a1", "second"));
  j.must(J::again("c1", "deny", "a1"));
  EXPECT_EQ(j.run().denials.settled, 1U);
  j.hold("c2", "a2");
  j.must(J::answer("a2", "first"));
  j.must(J::answer("a2", "second", "reject"));
  EXPECT_EQ(j.phase("a2"), ApprovalPhase::rejected);
  j.never(J::again("c2", "allow", "a2"));
}

TEST_F(ApprovalTest, AnAnswerAfterItsTimeDoesNotCount) {
  j.hold("c1", "a1");
  j.wait(301);
  j.must(J::answer("a1", "first"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::open);
  CallDecided d = J::decided("c2", "hold");
  d.approval = "a2";
  j.must(d);
  ApprovalOpened patient = j.question("a2", "c2");
  patient.deny_on_timeout = false;
  j.must(patient);
  j.wait(3000);
  j.must(J::answer("a2", "first"));
  EXPECT_EQ(j.phase("a2"), ApprovalPhase::approved);
}

TEST_F(ApprovalTest, AChangeIsTheAnswerOfWhoMadeItAndUndoesTheOthers) {
  const auto changed = [](const std::string& approval, const std::string& person) {
    ApprovalChanged c;
    c.approval = approval;
    c.person = person;
    c.args = "sha256:aa";
    c.binding = "sha256:bb";
    return c;
  };
  j.hold("c1", "a1", 2);
  j.must(J::answer("a1", "first"));
  j.must(changed("a1", "second"));
  const Approval& asked = *j.state.approval("a1");
  EXPECT_EQ(asked.phase, ApprovalPhase::open);
  EXPECT_EQ(asked.args(), "sha256:aa");
  EXPECT_EQ(asked.binding(), "sha256:bb");
  j.must(J::answer("a1", "second"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::open) << "the same person once more";
  j.must(J::answer("a1", "first"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::approved);
  j.never(changed("a1", "third"));

  j.hold("c2", "a2");
  j.wait(301);
  j.must(changed("a2", "first"));
  EXPECT_EQ(j.state.approval("a2")->changed, nullptr) << "it came too late";
  EXPECT_EQ(j.phase("a2"), ApprovalPhase::open);
  j.never(changed("a9", "first"));
  ApprovalChanged empty = changed("a2", "first");
  empty.binding.clear();
  j.never(empty);
}

TEST_F(ApprovalTest, ExpiresAlsoWhenGranted) {
  j.hold("c1", "a1");
  j.must(J::answer("a1", "first"));
  j.must(ApprovalEnded{"a1", "expired", "c1"});
  j.never(J::again("c1", "allow", "a1"));
  j.must(J::again("c1", "deny", "a1"));
  EXPECT_EQ(j.state.call("c1"), nullptr);
}

TEST_F(ApprovalTest, NoRecordAloneApprovesOrConsumes) {
  j.hold("c1", "a1");
  j.never(ApprovalEnded{"a1", "approved", "c1"});
  j.never(ApprovalEnded{"a1", "consumed", "c1"});
  j.never(ApprovalEnded{"a1", "rejected", "c1"});
  j.never(ApprovalEnded{"a1", "forgotten", "c1"});
  j.never(J::answer("a1", "first", "maybe"));
  j.never(J::answer("nothing", "first"));
}

TEST_F(ApprovalTest, IsOpenedForAHeldCallOnly) {
  j.never(j.question("a1", "c1"));
  j.must(J::decided("c1", "allow"));
  j.never(j.question("a1", "c1"));
  j.hold("c2", "a2");
  j.never(j.question("a2", "c2"));
  j.never(j.question("a3", "c2"));
  CallDecided d = J::decided("c4", "hold");
  d.approval = "a4";
  j.must(d);
  ApprovalOpened without_quorum = j.question("a4", "c4");
  without_quorum.quorum = 0;
  j.never(without_quorum);
}

TEST_F(ApprovalTest, ADetachedQuestionIsFoundByItsBindingAndGoesOn) {
  j.hold("c1", "a1");
  EXPECT_EQ(j.state.detached("r", "sha256:of r"), nullptr);
  j.must(ApprovalAttached{"a1", "c1", false});
  j.never(ApprovalAttached{"a1", "c1", false});
  ASSERT_NE(j.state.detached("r", "sha256:of r"), nullptr);
  EXPECT_EQ(j.state.detached("other", "sha256:of r"), nullptr);
  EXPECT_EQ(j.state.detached("r", "sha256:else"), nullptr);
  j.must(J::answer("a1", "first"));
  ASSERT_NE(j.state.detached("r", "sha256:of r"), nullptr);  // granted, and no client waits
  j.must(ApprovalAttached{"a1", "c1", true});
  EXPECT_EQ(j.state.detached("r", "sha256:of r"), nullptr);
  j.must(J::again("c1", "allow", "a1"));
  EXPECT_EQ(j.run().steps.settled, 1U);
}

TEST_F(ApprovalTest, TheSameCallMayComeBackUnderANewId) {
  j.hold("c1", "a1");
  j.must(ApprovalAttached{"a1", "c1", false});
  j.must(J::decided("taken", "allow"));
  j.never(ApprovalAttached{"a1", "taken", true});
  j.must(ApprovalAttached{"a1", "c9", true});
  EXPECT_EQ(j.state.call("c1"), nullptr);
  EXPECT_EQ(j.state.approval("a1")->call, "c9");
  j.never(ApprovalAttached{"a1", "c10", true});
  j.must(J::answer("a1", "first"));
  j.must(J::again("c9", "allow", "a1"));
}

TEST_F(ApprovalTest, AProposalMayJoinADetachedQuestionButNotALiveOne) {
  j.hold("c1", "a1");
  CallDecided join = J::decided("c2", "hold");
  join.approval = "a1";
  join.steps = 0;
  j.never(join);
  j.must(ApprovalAttached{"a1", "c1", false});
  j.must(join);
  EXPECT_EQ(j.state.call("c1"), nullptr);
  EXPECT_EQ(j.state.approval("a1")->call, "c2");
  EXPECT_TRUE(j.state.approval("a1")->attached);
  EXPECT_EQ(j.run().steps.settled, 1U);
}

TEST_F(ApprovalTest, AnEndedOneIsNotFoundAgain) {
  j.hold("c1", "a1");
  j.must(ApprovalAttached{"a1", "c1", false});
  j.must(ApprovalEnded{"a1", "expired", "c1"});
  EXPECT_EQ(j.state.detached("r", "sha256:of r"), nullptr);
  j.never(ApprovalAttached{"a1", "c1", true});
  j.must(J::ended("c1", "aborted"));
  EXPECT_EQ(j.run().live, 0U);
}

TEST_F(ApprovalTest, ADenialAtReleaseWithdrawsTheGrantedAnswer) {
  j.hold("c1", "a1");
  j.must(J::answer("a1", "first"));
  j.must(J::again("c1", "deny", "a1"));  // a path moved meanwhile, say
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::withdrawn);
  EXPECT_EQ(j.state.call("c1"), nullptr);
}

TEST_F(ApprovalTest, AnotherQuestionMayTakeItsPlace) {
  j.hold("c1", "a1");
  j.must(J::answer("a1", "first"));
  j.must(J::again("c1", "hold", "a2"));  // more is asked now than was answered
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::withdrawn);
  j.must(j.question("a2", "c1"));
  j.must(J::answer("a2", "first"));
  j.must(J::again("c1", "allow", "a2"));
  EXPECT_EQ(j.run().steps.settled, 1U);
}

}  // namespace
}  // namespace pawl
