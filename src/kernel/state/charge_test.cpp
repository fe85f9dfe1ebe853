// What is charged, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/state/test_journal.h"

namespace pawl {
namespace {

using J = TestJournal;

class ChargeTest : public ::testing::Test {
 protected:
  void SetUp() override { j.open("r"); }
  TestJournal j;
};

TEST_F(ChargeTest, EveryProposalCostsItsStepAtOnce) {
  j.must(J::decided("c1", "deny"));
  j.must(J::decided("c2", "allow", 3));
  j.hold("c3", "a3");
  EXPECT_EQ(j.run().steps.settled, 3U);
  EXPECT_EQ(j.run().steps.reserved, 0U);
  EXPECT_EQ(j.run().denials.settled, 1U);
}

TEST_F(ChargeTest, ASecondLookCostsNoStepAndReservesTheRest) {
  j.hold("c1", "a1");
  EXPECT_TRUE(j.run().entries.empty());
  j.must(J::answer("a1", "first"));
  j.must(J::again("c1", "allow", "a1", 4));
  EXPECT_EQ(j.run().steps.settled, 1U);
  EXPECT_EQ(j.run().entries.at("tool").records.reserved, 4U);
  EXPECT_EQ(j.run().entries.at("tool").calls.reserved, 1U);
  CallDecided greedy = J::decided("c2", "hold");
  greedy.records = 1;
  j.never(greedy);
}

TEST_F(ChargeTest, AReportOnlyRaises) {
  j.must(J::decided("c1", "allow", 50));
  j.must(J::ended("c1", "completed", 1));
  EXPECT_EQ(j.run().entries.at("tool").records.settled, 50U);
  EXPECT_EQ(j.run().entries.at("tool").records.reserved, 0U);
  EXPECT_EQ(j.run().phase, RunPhase::open);
}

TEST_F(ChargeTest, ASettlementAboveItsReservationHaltsTheRun) {
  j.must(J::decided("c1", "allow", 1));
  j.must(J::decided("c2", "allow", 1));
  j.must(J::ended("c1", "completed", 5000));
  EXPECT_EQ(j.run().phase, RunPhase::halted);
  EXPECT_EQ(j.run().halted, "ceiling");
  EXPECT_EQ(j.run().entries.at("tool").records.settled, 5000U);
  // What is in flight still settles.
  j.must(J::ended("c2", "completed", 1));
  EXPECT_EQ(j.run().entries.at("tool").records.settled, 5001U);
}

TEST_F(ChargeTest, ACallThatNeverLeftGivesItsReservationBack) {
  j.must(J::decided("c1", "allow", 7));
  j.must(J::ended("c1", "aborted", 9));
  EXPECT_EQ(j.run().entries.at("tool").records.total(), 0U);
  EXPECT_EQ(j.run().entries.at("tool").calls.total(), 0U);
  EXPECT_EQ(j.run().steps.settled, 1U);
  EXPECT_EQ(j.run().phase, RunPhase::open);
}

TEST_F(ChargeTest, FailedCancelledAndIndeterminateStaySpent) {
  int n = 0;
  for (const char* outcome : {"failed", "cancelled", "indeterminate"}) {
    const std::string call = "c" + std::to_string(++n);
    j.must(J::decided(call, "allow", 2));
    j.must(J::ended(call, outcome));
  }
  EXPECT_EQ(j.run().entries.at("tool").records.settled, 6U);
  EXPECT_EQ(j.run().entries.at("tool").calls.settled, 3U);
}

TEST_F(ChargeTest, DenialsInAFloodAreCharged) {
  j.must(DenialsCounted{"r", "blocked", 4711});
  EXPECT_EQ(j.run().steps.settled, 4711U);
  EXPECT_EQ(j.run().denials.settled, 4711U);
  j.never(DenialsCounted{"r", "blocked", 0});
  j.never(DenialsCounted{"unknown", "blocked", 1});
}

TEST_F(ChargeTest, DenialsThatMayBeAnsweredAreChargedAfterACrash) {
  j.must(DenialsCounted{"r", "", 0, 16});
  EXPECT_EQ(j.run().denials.settled, 0U);
  EXPECT_EQ(j.run().steps.settled, 0U);
  j.must(DenialsCounted{"r", "", 0, 32});  // replaces the one before
  EXPECT_EQ(j.run().ahead, 32U);
  j.must(DenialsCounted{"r", "blocked", 20, 5});  // two codes, and one of them is counted
  const auto copy = State::from_json(j.state.to_json());
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->run("r")->ahead, 5U);
  j.must(NodeStarted{"n", "", "boot", "", 1});
  for (Body& body : j.state.settle_after_crash()) j.must(std::move(body));
  EXPECT_EQ(j.run().denials.settled, 25U);
  EXPECT_EQ(j.run().steps.settled, 25U);
  EXPECT_EQ(j.run().ahead, 0U);
  EXPECT_TRUE(j.state.settle_after_crash().empty());
}

TEST_F(ChargeTest, CountedDenialsLeaveNothingForACrash) {
  j.must(DenialsCounted{"r", "", 0, 16});
  j.must(DenialsCounted{"r", "blocked", 3});
  EXPECT_EQ(j.run().ahead, 0U);
  EXPECT_TRUE(j.state.settle_after_crash().empty());
  EXPECT_EQ(j.run().denials.settled, 3U);
}

TEST_F(ChargeTest, DenialsAreCountedWithinTheMinuteAndSinceAHalt) {
  for (int i = 0; i < 3; ++i) j.must(J::decided("c" + std::to_string(i), "deny"));
  EXPECT_EQ(j.run().denials_written(j.now), 3U);
  EXPECT_EQ(j.run().denials_written(j.now + Duration::seconds(60)), 0U);
  j.wait(60);
  j.must(J::decided("c9", "deny"));
  EXPECT_EQ(j.run().denials_written(j.now), 1U);
  j.must(RunHalted{"r", "ceiling", "enough"});
  EXPECT_EQ(j.run().denials_written(j.now), 0U);
  j.must(J::decided("c10", "deny"));
  j.wait(3600);
  j.must(J::decided("c11", "deny"));
  EXPECT_EQ(j.run().denials_written(j.now), 2U);
}

TEST_F(ChargeTest, AHeldCallThatEndsWithoutASecondLookIsNoDenial) {
  j.hold("c1", "a1");
  j.must(ApprovalEnded{"a1", "expired", "c1"});
  j.must(J::ended("c1", "aborted"));
  j.hold("c2", "a2");
  j.must(ApprovalEnded{"a2", "withdrawn", "c2"});
  j.must(J::ended("c2", "aborted"));
  j.must(J::decided("c3", "hold"));  // no one was asked
  j.must(J::ended("c3", "aborted"));
  EXPECT_EQ(j.run().denials.settled, 0U);
  EXPECT_EQ(j.run().live, 0U);
}

TEST_F(ChargeTest, OnlyTheAgentsOwnDenialsCount) {
  int n = 0;
  const auto denied = [&](std::string_view code) {
    CallDecided d = J::decided("c" + std::to_string(++n), "deny");
    d.code = code;
    j.must(d);
  };
  for (const char* code : {"killed", "upstream_failed", "approval_expired", "rate", "frozen",
                           "audit_unavailable", "internal", "cancelled", "identity"}) {
    denied(code);
  }
  EXPECT_EQ(j.run().denials.settled, 0U);
  EXPECT_EQ(j.run().steps.settled, 9U) << "each costs its step";
  for (const char* code : {"not_granted", "blocked", "constraint", "approval_rejected"}) {
    denied(code);
  }
  EXPECT_EQ(j.run().denials.settled, 4U);
  denied("a code of some later version");
  EXPECT_EQ(j.run().denials.settled, 5U);
  j.must(DenialsCounted{"r", "upstream_failed", 7});
  EXPECT_EQ(j.run().denials.settled, 5U);
  EXPECT_EQ(j.run().steps.settled, 21U);
}

TEST_F(ChargeTest, RecordsOfAnOlderDecisionVersionCountAsTheyDidThen) {
  CallDecided killed = J::decided("c1", "deny");
  killed.code = "killed";
  killed.abi = all_denials_count_abi;
  j.must(killed);
  EXPECT_EQ(j.run().denials.settled, 1U);
  DenialsCounted counted{"r", "killed", 3};
  counted.abi = all_denials_count_abi;
  j.must(counted);
  EXPECT_EQ(j.run().denials.settled, 4U);
  CallDecided held = J::decided("c2", "hold");
  held.abi = all_denials_count_abi;
  held.approval = "a2";
  j.must(held);
  j.must(j.question("a2", "c2"));
  const auto copy = State::from_json(j.state.to_json());
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->to_json(), j.state.to_json()) << "a snapshot keeps which version it was";
  j.must(ApprovalEnded{"a2", "expired", "c2"});
  j.must(J::ended("c2", "aborted"));
  EXPECT_EQ(j.run().denials.settled, 5U);
}

TEST_F(ChargeTest, StartsAreRememberedForOneMinute) {
  const Instant first = j.now;
  j.must(J::decided("c1", "allow"));
  j.wait(30);
  j.must(J::decided("c2", "allow"));
  j.must(J::decided("c3", "allow"));
  const EntryCounts& counts = j.run().entries.at("tool");
  EXPECT_EQ(counts.last_minute(first + Duration::seconds(59)), 3U);
  EXPECT_EQ(counts.last_minute(first + Duration::seconds(61)), 2U);
  EXPECT_EQ(counts.last_minute(first + Duration::seconds(200)), 0U);
  for (int i = 0; i < 300; ++i) {
    j.wait(1);
    j.must(J::decided("d" + std::to_string(i), "allow"));
  }
  EXPECT_LE(j.run().entries.at("tool").recent.size(), 61U);
}

TEST_F(ChargeTest, NoClaimTurnsACounterRound) {
  j.must(J::decided("c1", "allow", 1));
  j.must(J::ended("c1", "completed", ~std::uint64_t{0}));
  j.must(Resumed{"run", "r", "reviewer", ""});
  j.never(J::decided("c2", "allow", 5));  // it can no longer be counted
  EXPECT_EQ(j.run().entries.at("tool").records.settled, ~std::uint64_t{0});
}

class ClockTest : public ChargeTest {};

TEST_F(ClockTest, StartsAtTheFirstCall) {
  j.wait(1000);
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(0));
  j.must(J::decided("c1", "deny"));
  j.wait(7);
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(7));
}

TEST_F(ClockTest, StandsStillWhileACallWaitsForAPersonAndNoneExecutes) {
  j.must(J::decided("c1", "deny"));
  j.wait(10);
  j.hold("c2", "a2");
  j.wait(200);
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(10));
  j.must(J::decided("c3", "allow"));  // one executes: the clock runs
  j.wait(5);
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(15));
  j.must(J::ended("c3", "completed"));
  j.wait(50);
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(15));
  j.must(J::answer("a2", "first"));
  j.must(J::again("c2", "allow", "a2"));
  j.wait(1);
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(16));
}

TEST_F(ClockTest, RunsWhenNoClientWaitsForTheAnswerAnyMore) {
  j.hold("c1", "a1");
  j.must(ApprovalAttached{"a1", "c1", false});
  j.wait(30);
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(30));
  j.must(ApprovalAttached{"a1", "c1", true});
  j.wait(30);
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(30));
}

TEST_F(ClockTest, NeverRunsBackwards) {
  j.must(J::decided("c1", "deny"));
  j.wait(20);
  j.hold("c2", "a2");
  j.wait(-100);
  j.must(J::answer("a2", "first"));
  j.must(J::again("c2", "deny", "a2"));
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(20));
  j.wait(-100);
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(20));
}

TEST_F(ClockTest, CountsTheWholeRangeOfTimeWithoutTurningRound) {
  j.now = Instant{-9'000'000'000'000'000'000};
  j.must(J::decided("c1", "deny"));
  j.now = Instant{9'000'000'000'000'000'000};
  EXPECT_GT(j.run().clock(j.now), Duration::seconds(9'000'000'000));
  j.hold("c2", "a2");
  j.must(RunClosed{"r", ""});
  EXPECT_GT(j.run().clock(j.now), Duration::seconds(9'000'000'000));
}

TEST_F(ClockTest, StopsWhenTheRunIsClosed) {
  j.must(J::decided("c1", "deny"));
  j.wait(4);
  j.must(RunClosed{"r", "done"});
  j.wait(100);
  EXPECT_EQ(j.run().clock(j.now), Duration::seconds(4));
}

}  // namespace
}  // namespace pawl
