// Ceilings: reserved before, settled after, halting only where what has happened leaves no room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "kernel/admit/test_world.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using W = TestWorld;

class CeilingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ToolRule& entry = w.grant("touch");
    entry.max_records_rule = W::rule("tools/touch/max_records_per_run", 12);
    entry.max_calls_rule = W::rule("tools/touch/max_calls_per_run", 13);
    entry.max_rate_rule = W::rule("tools/touch/max_calls_per_minute", 14);
    w.grant("other");
    w.policy.ceilings.steps_rule = W::rule("execution/max_steps", 30);
    w.policy.ceilings.denials_rule = W::rule("execution/max_denials", 31);
    w.policy.ceilings.wall_clock_rule = W::rule("execution/max_wall_clock", 32);
    w.policy.index();
    w.open();
  }
  ToolRule& entry() { return w.policy.tools.front(); }
  TestWorld w;
};

TEST_F(CeilingTest, The26thStepHaltsTheRun) {
  w.policy.ceilings.steps = 25;
  for (int i = 0; i < 25; ++i) {
    const bool asks_for_nothing = i % 2 == 0;
    const Verdict v = w.propose(asks_for_nothing ? "unknown" : "touch");
    EXPECT_EQ(v.effect, asks_for_nothing ? Effect::deny : Effect::allow) << i;
    EXPECT_FALSE(v.halt);
  }
  const Verdict v = w.propose("touch");
  EXPECT_EQ(v.reason.code, Code::ceiling);
  EXPECT_TRUE(v.halt);
  EXPECT_FALSE(v.retry);
  EXPECT_EQ(v.reason.rule->path, "execution/max_steps");
  EXPECT_EQ(w.state.run("r")->phase, RunPhase::halted);
  EXPECT_EQ(w.propose("touch").reason.code, Code::run_halted);
}

TEST_F(CeilingTest, ASecondLookNeedsNoFurtherStep) {
  w.policy.ceilings.steps = 1;
  entry().requires_approval = true;
  w.propose("touch");
  w.approve();
  EXPECT_EQ(w.look("touch", W::small, "{}", Look::after_hold).effect, Effect::allow);
}

TEST_F(CeilingTest, The121stSecondHaltsTheRun) {
  w.policy.ceilings.wall_clock = Duration::seconds(120);
  w.propose("touch");
  w.wait(120);
  EXPECT_EQ(w.look("touch").effect, Effect::allow);
  w.wait(1);
  const Verdict v = w.look("touch");
  EXPECT_EQ(v.reason.code, Code::ceiling);
  EXPECT_TRUE(v.halt);
  EXPECT_THAT(v.reason.says, HasSubstr("2m"));
}

TEST_F(CeilingTest, TheClockStandsStillWhileACallWaitsForAPerson) {
  w.policy.ceilings.wall_clock = Duration::seconds(120);
  w.propose("other");
  w.end("c1");
  entry().requires_approval = true;
  w.propose("touch");
  w.wait(250);
  w.approve();
  EXPECT_EQ(w.look("touch", W::small, "{}", Look::after_hold).effect, Effect::allow);
}

TEST_F(CeilingTest, OneDenialTooManyHalts) {
  w.policy.ceilings.denials = 3;
  for (int i = 0; i < 3; ++i) {
    const Verdict v = w.propose("unknown");
    EXPECT_EQ(v.reason.code, Code::not_granted);
    EXPECT_FALSE(v.halt);
  }
  EXPECT_EQ(w.look("touch").effect, Effect::allow);  // what is allowed still runs
  const Verdict v = w.propose("unknown");
  EXPECT_EQ(v.reason.code, Code::ceiling);
  EXPECT_TRUE(v.halt);
  EXPECT_EQ(v.reason.rule->path, "execution/max_denials");
  EXPECT_EQ(w.propose("touch").reason.code, Code::run_halted);
}

TEST_F(CeilingTest, WhatIsNotTheAgentsDoingDoesNotHaltIt) {
  w.policy.ceilings.denials = 0;
  w.facts.fault = "the disk is full";
  EXPECT_FALSE(w.look("touch").halt);
  w.facts.fault.clear();
  EXPECT_TRUE(w.look("unknown").halt);
}

TEST_F(CeilingTest, RecordsOfARunDenyAndNeverHalt) {
  entry().max_records_per_run = 10;
  const std::string four = R"({"ids":["a","b","c","d"]})";
  EXPECT_EQ(w.propose("touch", W::small, four).reservation.records, 4U);
  w.end("c1");
  EXPECT_EQ(w.propose("touch", W::small, four).effect, Effect::allow);
  w.end("c2");
  const Verdict v = w.propose("touch", W::small, four);  // 8 + 4
  EXPECT_EQ(v.reason.code, Code::ceiling);
  EXPECT_FALSE(v.halt);
  EXPECT_FALSE(v.retry);
  EXPECT_EQ(v.reason.rule->path, "tools/touch/max_records_per_run");
  EXPECT_EQ(w.propose("touch", W::small, R"({"ids":["a","b"]})").effect, Effect::allow);
  w.end("c4");
  EXPECT_EQ(w.propose("touch", W::small, "{}").reason.code, Code::ceiling);  // the eleventh
  EXPECT_EQ(w.propose("other").effect, Effect::allow);
}

TEST_F(CeilingTest, ReservationsInFlightAskForARetry) {
  entry().max_records_per_run = 3;
  w.propose("touch");
  w.propose("touch");
  w.propose("touch");
  const Verdict v = w.look("touch");
  EXPECT_EQ(v.reason.code, Code::ceiling);
  EXPECT_TRUE(v.retry);
  EXPECT_FALSE(v.halt);
  w.end("c1", "aborted");
  EXPECT_EQ(w.look("touch").effect, Effect::allow);
}

TEST_F(CeilingTest, AStatedNumberOfRecordsCounts) {
  entry().max_records_per_run = 10;
  entry().records_stated = 7;
  EXPECT_EQ(w.propose("touch", W::small, R"({"where":"1=1"})").reservation.records, 7U);
  EXPECT_EQ(w.look("touch").reason.code, Code::ceiling);
}

// R09, R10: what cannot be counted is not guessed.
TEST_F(CeilingTest, WhatCannotBeCountedIsDenied) {
  entry().max_records_per_run = 10;
  const Verdict v = w.look("touch", W::small, R"({"a":["x"],"b":["y"]})");
  EXPECT_EQ(v.reason.code, Code::ceiling);
  EXPECT_FALSE(v.retry);
  EXPECT_THAT(v.reason.says, HasSubstr("cannot be counted"));
}

TEST_F(CeilingTest, WithoutALimitNothingIsReserved) {
  EXPECT_EQ(w.look("touch", W::small, R"({"ids":["a","b"]})").reservation.records, 0U);
  EXPECT_EQ(settled_records(entry(), 0, 5000), 0U);
  entry().max_records_per_run = 10;
  EXPECT_EQ(settled_records(entry(), 2, 5000), 5000U);
  EXPECT_EQ(settled_records(entry(), 2, 0), 2U);
}

TEST_F(CeilingTest, CallsOfARun) {
  entry().max_calls_per_run = 2;
  w.propose("touch");
  w.end("c1");
  w.propose("touch");
  EXPECT_TRUE(w.look("touch").retry);
  w.end("c2", "failed");
  const Verdict v = w.look("touch");
  EXPECT_EQ(v.reason.code, Code::ceiling);
  EXPECT_FALSE(v.retry);
  EXPECT_FALSE(v.halt);
}

TEST_F(CeilingTest, CallsOfAMinute) {
  entry().max_calls_per_minute = 2;
  w.propose("touch");
  w.wait(30);
  w.propose("touch");
  const Verdict v = w.look("touch");
  EXPECT_EQ(v.reason.code, Code::rate);
  EXPECT_TRUE(v.retry);
  EXPECT_FALSE(v.halt);
  w.wait(31);
  EXPECT_EQ(w.look("touch").effect, Effect::allow);
}

TEST_F(CeilingTest, WhatNoDoorMetersIsNeverCharged) {
  w.policy.ceilings.tokens = 0;
  w.policy.ceilings.cost_nano_usd = 0;
  EXPECT_EQ(w.look("touch").effect, Effect::allow);
}

TEST_F(CeilingTest, AHoldReservesOnlyItsStep) {
  entry().max_records_per_run = 1;
  entry().requires_approval = true;
  const Verdict first = w.propose("touch");
  const Verdict second = w.propose("touch");
  EXPECT_EQ(first.effect, Effect::hold);
  EXPECT_EQ(first.reservation.records, 0U);
  EXPECT_EQ(second.effect, Effect::hold);  // it checks the ceiling and takes nothing from it
  w.approve();
  EXPECT_EQ(w.look("touch", W::small, "{}", Look::after_hold).reservation.records, 1U);
}

// Calls in any order, some of them at once: no ceiling is ever exceeded, and no room is lost.
TEST(CeilingPropertyTest, NothingIsExceededUnderConcurrency) {
  for (std::uint32_t seed = 1; seed <= 25; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
    TestWorld w;
    ToolRule& entry = w.grant("touch");
    entry.max_records_per_run = 40;
    entry.max_calls_per_run = 30;
    w.policy.ceilings.steps = 120;
    w.policy.ceilings.denials = 60;
    w.policy.index();
    w.open();
    std::vector<std::string> flying;
    for (int i = 0; i < 300; ++i) {
      if (!flying.empty() && pick(3) == 0) {
        const auto at = flying.begin() + pick(static_cast<int>(flying.size()));
        w.end(*at, pick(4) == 0 ? "aborted" : "completed");
        flying.erase(at);
        continue;
      }
      std::string arguments = R"({"ids":[)";
      for (int n = pick(5); n >= 0; --n) arguments += std::string("\"x\"") + (n > 0 ? "," : "");
      const bool open = w.state.run("r")->phase == RunPhase::open;
      const Verdict v = w.propose(pick(6) == 0 ? "unknown" : "touch", W::small, arguments + "]}");
      if (v.runs()) flying.push_back(w.last);
      ASSERT_TRUE(open || v.reason.code == Code::run_halted);
      const pawl::Run& run = *w.state.run("r");
      if (run.phase == RunPhase::open) {
        ASSERT_LE(run.steps.total(), 120U);
        ASSERT_LE(run.denials.total(), 60U);
      }
      const auto counts = run.entries.find("touch");
      if (counts != run.entries.end()) {
        ASSERT_LE(counts->second.records.total(), 40U);
        ASSERT_LE(counts->second.calls.total(), 30U);
      }
    }
    EXPECT_EQ(w.state.run("r")->phase, RunPhase::halted) << "300 proposals and no halt";
  }
}

}  // namespace
}  // namespace pawl
