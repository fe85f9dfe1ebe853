// Approvals that are good for more calls than their own, as the fold has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/state/reach.h"
#include "kernel/state/test_journal.h"

namespace pawl {
namespace {

using J = TestJournal;

class StandingTest : public ::testing::Test {
 protected:
  void SetUp() override { j.open("r"); }
  // A held call of a question that offers three identical calls and ten seconds for the run.
  void hold(const std::string& call, const std::string& approval, std::uint8_t quorum = 1,
            const std::string& class_text = "reversible small") {
    CallDecided held = J::decided(call, "hold");
    held.class_text = class_text;
    held.approval = approval;
    j.must(held);
    ApprovalOpened asked = j.question(approval, call, quorum);
    asked.class_text = class_text;
    asked.identical = 3;
    asked.for_run = Duration::seconds(10);
    asked.likeness = "sha256:alike";
    j.must(asked);
  }
  static ApprovalAnswered answer(const std::string& approval, std::uint64_t identical,
                                 bool for_run = false, const std::string& person = "first") {
    ApprovalAnswered a = J::answer(approval, person);
    a.identical = identical;
    a.for_run = for_run;
    return a;
  }
  // The held call, and another one that names the same approval.
  static CallDecided own(const std::string& call, const std::string& approval) {
    return J::again(call, "allow", approval);
  }
  static CallDecided other(const std::string& call, const std::string& approval) {
    CallDecided d = J::decided(call, "allow");
    d.approval = approval;
    return d;
  }
  TestJournal j;
};

TEST_F(StandingTest, IsForSoManyCallsAndNoMore) {
  hold("c1", "a1");
  j.must(answer("a1", 3));
  j.must(own("c1", "a1"));
  j.must(other("c2", "a1"));
  j.must(other("c3", "a1"));
  j.never(other("c4", "a1"));
  EXPECT_TRUE(j.run().standing.empty());
}

TEST_F(StandingTest, OfARunItEndsWithItsTime) {
  hold("c1", "a1");
  j.must(answer("a1", 0, true));
  j.must(own("c1", "a1"));
  for (int i = 2; i < 9; ++i) j.must(other("c" + std::to_string(i), "a1"));
  j.wait(9);
  j.must(other("c9", "a1"));
  j.wait(1);
  j.never(other("c10", "a1"));
}

TEST_F(StandingTest, WithoutThemAnApprovalIsGoodOnce) {
  hold("c1", "a1");
  j.must(J::answer("a1", "first"));
  j.must(own("c1", "a1"));
  EXPECT_TRUE(j.run().standing.empty());
  j.never(other("c2", "a1"));
}

TEST_F(StandingTest, NoReviewerChoosesMoreThanIsOffered) {
  hold("c1", "a1");
  j.never(answer("a1", 4));
  j.never(answer("a1", 2, true));
  ApprovalAnswered no = answer("a1", 2);
  no.answer = "reject";
  j.never(no);
  hold("c2", "a2", 1, "irreversible small");
  j.never(answer("a2", 2));
  j.never(answer("a2", 0, true));
  hold("c3", "a3", 1, "");
  j.never(answer("a3", 2));
  hold("c4", "a4", 1, "read_only external_sink");
  j.never(answer("a4", 0, true));
  j.must(answer("a4", 2));
}

TEST_F(StandingTest, WhoChoosesLeastDecides) {
  hold("c1", "a1", 2);
  j.must(answer("a1", 0, true));
  j.must(answer("a1", 2, false, "second"));
  EXPECT_EQ(reach_of(*j.state.approval("a1")).identical, 2U);
  EXPECT_FALSE(reach_of(*j.state.approval("a1")).for_run);
  hold("c2", "a2", 2);
  j.must(answer("a2", 3));
  j.must(J::answer("a2", "second"));
  j.must(own("c2", "a2"));
  EXPECT_TRUE(j.run().standing.empty()) << "one of the two said once";
}

TEST_F(StandingTest, AChangedCallAndAProgramReachNoFurther) {
  hold("c1", "a1");
  ApprovalChanged changed;
  changed.approval = "a1";
  changed.person = "first";
  changed.args = "sha256:other";
  changed.binding = "sha256:other";
  j.must(changed);
  EXPECT_FALSE(reach_of(*j.state.approval("a1")).any());
  hold("c2", "a2");
  ApprovalAnswered program = answer("a2", 3);
  program.proof = automatic_proof;
  j.must(program);
  EXPECT_FALSE(reach_of(*j.state.approval("a2")).any());
}

TEST_F(StandingTest, WhateverStopsTheRunEndsIt) {
  const auto stand = [this](const std::string& call, const std::string& approval) {
    hold(call, approval);
    j.must(answer(approval, 0, true));
    j.must(own(call, approval));
    EXPECT_EQ(j.run().standing.size(), 1U);
  };
  stand("c1", "a1");
  j.must(KillSet{"k1", "tool", "tool", "ann", "stop"});
  EXPECT_TRUE(j.run().standing.empty());
  stand("c2", "a2");
  j.must(GrantEnded{"a2", "r", "ann", "enough"});
  EXPECT_TRUE(j.run().standing.empty());
  j.never(GrantEnded{"a2", "r", "ann", "enough"});
  stand("c3", "a3");
  j.must(RunHalted{"r", "ceiling", "too much"});
  EXPECT_TRUE(j.run().standing.empty());
}

TEST_F(StandingTest, IsOfItsRunAlone) {
  j.open("r2");
  hold("c1", "a1");
  j.must(answer("a1", 3));
  j.must(own("c1", "a1"));
  CallDecided elsewhere = other("c2", "a1");
  elsewhere.run = "r2";
  j.never(elsewhere);
}

TEST_F(StandingTest, StandsInASnapshotAsItIs) {
  hold("c1", "a1");
  j.must(answer("a1", 3));
  hold("c2", "a2");
  j.must(answer("a2", 0, true));
  j.must(own("c1", "a1"));
  j.must(own("c2", "a2"));
  const auto read = State::from_json(j.state.to_json());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->to_json(), j.state.to_json());
  ASSERT_EQ(read->run("r")->standing.size(), 2U);
  EXPECT_EQ(read->run("r")->stands("a1", j.now)->left, 2U);
  EXPECT_EQ(read->approval("a1")->answers.front().identical, 3U);
  EXPECT_EQ(read->approval("a2")->asked.terms->likeness, "sha256:alike");
}

}  // namespace
}  // namespace pawl
