// Runs, halts, kills, crashes and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/state/test_journal.h"

namespace pawl {
namespace {

using J = TestJournal;
using ::testing::HasSubstr;

KillSet kill(const std::string& scope, const std::string& name, const std::string& id = "k") {
  KillSet set;
  set.id = id;
  set.scope = scope;
  set.name = name;
  return set;
}

TEST(RunTest, OneKeyIsOneRunUntilItIsClosed) {
  TestJournal j;
  j.open("r");
  RunOpened same;
  same.run = "r2";
  same.key = "key of r";
  same.agent = "agent";
  j.never(same);
  EXPECT_EQ(j.state.run_by_key("key of r")->id, "r");
  j.must(RunClosed{"r", ""});
  j.must(same);
  EXPECT_EQ(j.state.run_by_key("key of r")->id, "r2");
  EXPECT_NE(j.state.run("r"), nullptr);
}

TEST(RunTest, AHaltStaysWithAgentAndSponsorUntilResumed) {
  TestJournal j;
  j.open("r");
  j.must(RunHalted{"r", "ceiling", "25 steps"});
  j.must(RunClosed{"r", "gone"});
  j.open("r2");
  ASSERT_NE(j.state.halt_of("agent", "sponsor"), nullptr);
  EXPECT_EQ(j.state.halt_of("agent", "sponsor")->id, "r");
  EXPECT_EQ(j.state.halt_of("agent", "another"), nullptr);
  EXPECT_EQ(j.state.halt_of("another", "sponsor"), nullptr);
  j.must(Resumed{"run", "r", "reviewer", ""});
  EXPECT_EQ(j.state.halt_of("agent", "sponsor"), nullptr);
  EXPECT_EQ(j.run().phase, RunPhase::closed);
}

TEST(RunTest, ResumingOneOfTwoHaltedRunsLeavesTheOther) {
  TestJournal j;
  j.open("r");
  j.open("r2");
  j.must(RunHalted{"r", "ceiling", ""});
  j.must(RunHalted{"r2", "ceiling", ""});
  j.must(Resumed{"run", "r", "reviewer", ""});
  ASSERT_NE(j.state.halt_of("agent", "sponsor"), nullptr);
  EXPECT_EQ(j.state.halt_of("agent", "sponsor")->id, "r2");
  j.must(Resumed{"agent", "agent", "reviewer", ""});
  EXPECT_EQ(j.state.halt_of("agent", "sponsor"), nullptr);
  EXPECT_EQ(j.run("r2").phase, RunPhase::open);
}

TEST(RunTest, ADecisionThatHaltsHaltsInOneRecord) {
  TestJournal j;
  j.open("r");
  j.hold("c1", "a1");
  CallDecided last = J::decided("c2", "deny");
  last.halt = true;
  last.code = "ceiling";
  last.reason = "the run may take at most 25 steps";
  j.must(last);
  EXPECT_EQ(j.run().phase, RunPhase::halted);
  EXPECT_EQ(j.run().why, last.reason);
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::withdrawn);
  j.must(RunHalted{"r", "ceiling", "for readers"});
  EXPECT_EQ(j.run().why, last.reason);
  j.never(J::decided("c3", "allow"));
  j.never(J::decided("c3", "hold"));
  j.must(J::decided("c3", "deny"));
}

TEST(RunTest, NothingIsResumedThatIsNotStoppedNorWithoutAName) {
  TestJournal j;
  j.open("r");
  j.never(Resumed{"run", "r", "reviewer", ""});
  j.never(Resumed{"all", "", "reviewer", ""});
  j.must(kill("all", ""));
  j.never(Resumed{"agent", "agent", "reviewer", ""});
  j.must(Resumed{"all", "", "reviewer", ""});
}

TEST(KillTest, TheMostGeneralSwitchAnswersFirst) {
  TestJournal j;
  j.open("r");
  j.must(kill("tool", "Delete_It", "k1"));
  EXPECT_EQ(j.state.killed("agent", "r", "crm/delete_it")->id, "k1");
  EXPECT_EQ(j.state.killed("agent", "r", "delete_it")->id, "k1");
  EXPECT_EQ(j.state.killed("agent", "r", "crm/delete_it_not"), nullptr);
  j.must(kill("run", "r", "k2"));
  EXPECT_EQ(j.state.killed("agent", "r", "delete_it")->id, "k2");
  EXPECT_EQ(j.state.killed("agent", "r9", "x"), nullptr);
  j.must(kill("agent", "agent", "k3"));
  j.must(kill("all", "", "k4"));
  EXPECT_EQ(j.state.killed("agent", "r", "delete_it")->id, "k4");
  EXPECT_EQ(j.state.killed("any", "any", "thing")->id, "k4");
}

TEST(KillTest, ReservedNamesAreWhole) {
  TestJournal j;
  j.must(kill("tool", "read", "k1"));
  EXPECT_EQ(j.state.killed("agent", "r", "mcp:resources/read"), nullptr);
  j.must(kill("tool", "mcp:resources/read", "k2"));
  EXPECT_NE(j.state.killed("agent", "r", "mcp:resources/read"), nullptr);
}

TEST(KillTest, WithdrawsWhatItCoversAndLetsWhatExecutesSettle) {
  TestJournal j;
  j.open("r");
  j.open("other");
  j.must(J::decided("c1", "allow", 2));
  j.hold("c2", "a2");
  j.hold("c3", "a3", 1, "other");
  j.must(kill("run", "r"));
  EXPECT_EQ(j.run().phase, RunPhase::killed);
  EXPECT_EQ(j.phase("a2"), ApprovalPhase::withdrawn);
  EXPECT_EQ(j.phase("a3"), ApprovalPhase::open);
  j.never(J::answer("a2", "late"));
  j.must(J::again("c2", "deny", "a2"));
  j.must(J::ended("c1", "completed", 2));
  EXPECT_EQ(j.run().entries.at("tool").records.settled, 2U);
}

TEST(KillTest, OfAToolWithdrawsItsQuestionsInEveryRun) {
  TestJournal j;
  j.open("r");
  j.hold("c1", "a1");
  j.must(kill("tool", "TOOL"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::withdrawn);
  EXPECT_EQ(j.run().phase, RunPhase::open);
}

TEST(KillTest, LiftingReturnsARunToWhatItWas) {
  TestJournal j;
  j.open("r");
  j.open("halted");
  j.must(RunHalted{"halted", "ceiling", "steps"});
  j.must(kill("all", "", "k1"));
  j.must(kill("agent", "agent", "k2"));
  j.open("born_killed", "someone");
  EXPECT_EQ(j.run("born_killed").phase, RunPhase::killed);
  j.must(Resumed{"all", "", "reviewer", ""});
  EXPECT_EQ(j.run().phase, RunPhase::killed);  // the other kill still covers it
  // Resuming the agent lifts its kill and its halts.
  j.must(Resumed{"agent", "agent", "reviewer", ""});
  EXPECT_EQ(j.run().phase, RunPhase::open);
  EXPECT_EQ(j.run("born_killed").phase, RunPhase::open);
  EXPECT_EQ(j.run("halted").phase, RunPhase::open);
}

TEST(KillTest, AHaltUnderAKillStands) {
  TestJournal j;
  j.open("r");
  j.must(kill("all", ""));
  j.must(RunHalted{"r", "indeterminate", "crash"});
  j.must(Resumed{"all", "", "reviewer", ""});
  EXPECT_EQ(j.run().phase, RunPhase::halted);
}

TEST(KillTest, OfAServerCoversItsToolsAndNoOthers) {
  TestJournal j;
  j.open("r");
  j.must(kill("upstream", "CRM", "k1"));
  EXPECT_EQ(j.state.killed("agent", "r", "crm/delete_it")->id, "k1");
  EXPECT_EQ(j.state.killed("agent", "r", "crm/mcp:resources/read")->id, "k1");
  EXPECT_EQ(j.state.killed("agent", "r", "crm2/delete_it"), nullptr);
  EXPECT_EQ(j.state.killed("agent", "r", "crm"), nullptr);
  EXPECT_EQ(j.state.killed("agent", "r", "mcp:resources/read"), nullptr);
  EXPECT_EQ(j.run().phase, RunPhase::open);
  j.must(Resumed{"upstream", "CRM", "reviewer", ""});
  EXPECT_EQ(j.state.killed("agent", "r", "crm/delete_it"), nullptr);
}

TEST(KillTest, OfARoleAndOfAnAgentByItsNameInTheDeployment) {
  TestJournal j;
  for (const char* name : {"one", "two"}) {
    RunOpened opened;
    opened.run = name;
    opened.key = opened.run;
    opened.agent = "sre";
    opened.caller = std::string("bot-") + name;
    j.must(opened);
  }
  j.must(kill("agent", "bot-one", "k1"));
  EXPECT_EQ(j.state.run("one")->phase, RunPhase::killed);
  EXPECT_EQ(j.state.run("two")->phase, RunPhase::open);
  EXPECT_EQ(j.state.killed("sre", "one", "x")->id, "k1");
  EXPECT_EQ(j.state.killed("sre", "two", "x"), nullptr);
  j.must(kill("role", "sre", "k2"));
  EXPECT_EQ(j.state.run("two")->phase, RunPhase::killed);
  EXPECT_EQ(j.state.killed("sre", "two", "x")->id, "k2");
  j.must(Resumed{"role", "sre", "reviewer", ""});
  EXPECT_EQ(j.state.run("one")->phase, RunPhase::killed);
  EXPECT_EQ(j.state.run("two")->phase, RunPhase::open);
}

// Of two stops of the same, an exercise lifts its own.
TEST(KillTest, OneOfTwoIsLiftedByItsId) {
  TestJournal j;
  j.open("r");
  j.must(kill("all", "", "drill"));
  j.must(kill("all", "", "real"));
  j.must(Resumed{"kill", "drill", "reviewer", ""});
  ASSERT_EQ(j.state.kills().size(), 1U);
  EXPECT_EQ(j.state.kills().front().id, "real");
  EXPECT_EQ(j.run().phase, RunPhase::killed);
  j.never(Resumed{"kill", "drill", "reviewer", ""});
  j.never(Resumed{"kill", "", "reviewer", ""});
  j.must(Resumed{"kill", "real", "reviewer", ""});
  EXPECT_EQ(j.run().phase, RunPhase::open);
}

TEST(KillTest, HasOneOfSixScopesAndANameWhereItNeedsOne) {
  TestJournal j;
  j.never(kill("everything", ""));
  j.never(kill("all", "agent"));
  j.never(kill("agent", ""));
  j.must(kill("all", ""));
  j.never(kill("all", ""));  // the same id again
}

TEST(StrictTest, RefusesWhatCannotBe) {
  TestJournal j;
  j.never(J::decided("c1", "allow"));  // no run
  j.open("r");
  j.never(J::ended("c1", "completed"));
  j.never(J::again("c1", "allow", ""));
  j.never(J::decided("c1", "contain"));
  j.never(J::decided("c1", "Allow"));
  CallDecided third = J::decided("c1", "allow");
  third.round = 3;
  j.never(third);
  CallDecided greedy = J::decided("c1", "allow");
  greedy.steps = 2;
  j.never(greedy);
  CallDecided halting = J::decided("c1", "allow");
  halting.halt = true;
  j.never(halting);
  j.must(J::decided("c1", "allow"));
  j.never(J::decided("c1", "deny"));     // proposed twice
  j.never(J::again("c1", "allow", ""));  // admitted twice
  j.open("other");
  j.never(J::ended("c1", "completed", 0, "other"));
  j.never(J::ended("c1", "vanished"));
  j.must(J::ended("c1", "completed"));
  j.never(J::ended("c1", "completed"));
  j.never(RunHalted{"unknown", "ceiling", ""});
  j.never(RunClosed{"unknown", ""});
  j.never(Unknown{"moon.landed"});
  j.must(RunClosed{"r", ""});
  j.never(RunClosed{"r", ""});
}

TEST(StrictTest, WantsEveryRecordInItsPlace) {
  State state;
  Record record{1, Instant{}, 0, Noted{"", "topic", ""}};
  const Status gap = state.apply(record);
  ASSERT_FALSE(gap);
  EXPECT_THAT(gap.error().message, HasSubstr("record 1"));
  record.seq = 0;
  EXPECT_TRUE(state.apply(record));
  EXPECT_FALSE(state.apply(record));
  EXPECT_EQ(state.next_seq(), 1U);
}

TEST(StrictTest, ANodeNeedsALargerEpoch) {
  TestJournal j;
  j.must(NodeStarted{"n", "", "boot", "", 1});
  j.never(NodeStarted{"m", "", "boot", "", 1});
  j.must(NodeStarted{"m", "", "boot", "", 2});
  EXPECT_EQ(j.state.epoch(), 2);
}

TEST(StrictTest, ReviewersComeFromTheConfigurationOrFromReviewers) {
  TestJournal j;
  j.never(ReviewerEnrolled{"mallory", "passphrase", "v", "mallory"});
  j.must(ReviewerEnrolled{"first", "passphrase", "v", ""});
  j.must(ReviewerEnrolled{"second", "passphrase", "v", "first"});
  EXPECT_EQ(j.state.reviewers().size(), 2U);
}

TEST(CrashTest, AnAdmittedEffectIsIndeterminateAndHaltsAReadIsOnlyMarked) {
  TestJournal j;
  j.open("r");
  j.open("reader", "someone");
  j.must(J::decided("c1", "allow", 3));
  CallDecided read = J::decided("c2", "allow", 1, "reader");
  read.class_text = "read_only";
  j.must(read);
  j.must(NodeStarted{"n", "", "boot", "", 1});
  for (Body& body : j.state.settle_after_crash()) j.must(std::move(body));
  EXPECT_EQ(j.run().phase, RunPhase::halted);
  EXPECT_EQ(j.run().halted, "indeterminate");
  EXPECT_EQ(j.run().entries.at("tool").records.settled, 3U);
  EXPECT_EQ(j.run("reader").phase, RunPhase::open);
  EXPECT_TRUE(j.state.calls().empty());
  EXPECT_TRUE(j.state.settle_after_crash().empty());
}

TEST(CrashTest, AQuestionOutlivesTheNodeAndAHoldWithoutOneDoesNot) {
  TestJournal j;
  j.open("r");
  j.hold("c1", "a1");
  CallDecided cut = J::decided("c2", "hold");
  cut.approval = "a2";  // its question was never written
  j.must(cut);
  j.must(NodeStarted{"n", "", "boot", "", 1});
  EXPECT_FALSE(j.state.approval("a1")->attached);
  for (Body& body : j.state.settle_after_crash()) j.must(std::move(body));
  EXPECT_EQ(j.state.call("c2"), nullptr);
  ASSERT_NE(j.state.detached("r", "sha256:of r"), nullptr);
  j.must(J::answer("a1", "first"));
  j.must(ApprovalAttached{"a1", "c1", true});
  j.must(J::again("c1", "allow", "a1"));
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::consumed);
}

TEST(ForgettingTest, ClosedRunsAndEndedQuestionsAreBounded) {
  TestJournal j;
  j.open("halted");
  j.must(RunHalted{"halted", "ceiling", ""});
  j.must(RunClosed{"halted", ""});
  for (std::size_t i = 0; i < closed_runs_max + 10; ++i) {
    const std::string run = "run" + std::to_string(i);
    ASSERT_TRUE(j.add(RunOpened{run, run, "agent", "", "", "", "", ""}));
    ASSERT_TRUE(j.add(RunClosed{run, ""}));
  }
  EXPECT_EQ(j.state.runs().size(), closed_runs_max + 1);
  EXPECT_NE(j.state.run("halted"), nullptr);  // a halt is never forgotten
  EXPECT_EQ(j.state.run("run0"), nullptr);
  EXPECT_EQ(j.state.run_by_key("run0"), nullptr);

  j.open("r", "someone");
  for (std::size_t i = 0; i < ended_approvals_max + 5; ++i) {
    const std::string n = std::to_string(i);
    CallDecided held = J::decided("c" + n, "hold");
    held.approval = "a" + n;
    ASSERT_TRUE(j.add(held));
    ASSERT_TRUE(j.add(j.question("a" + n, "c" + n)));
    ASSERT_TRUE(j.add(J::again("c" + n, "deny", "a" + n)));
  }
  EXPECT_EQ(j.state.approvals().size(), ended_approvals_max);
  EXPECT_TRUE(j.state.consistent());
}

}  // namespace
}  // namespace pawl
