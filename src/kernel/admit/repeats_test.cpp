// `max_repeats`: what a run that goes in circles is told, and when it stops.
#include "kernel/admit/repeats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/admit/test_world.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using W = TestWorld;

class RepeatsTest : public ::testing::Test {
 protected:
  RepeatsTest() {
    w.grant("touch");
    w.block("never");
    w.policy.index();
    w.policy.ceilings.repeats = 4;
    w.policy.ceilings.repeats_rule = W::rule("execution/max_repeats", 31);
    w.open();
  }
  Verdict look(std::uint64_t repeats, const std::string& tool = "touch",
               Look which = Look::proposal) {
    w.facts.repeats = repeats;
    return w.look(tool, W::read, "{}", which);
  }
  W w;
};

TEST_F(RepeatsTest, ItRunsThenWaitsThenHalts) {
  EXPECT_EQ(look(0).effect, Effect::allow);
  EXPECT_EQ(look(3).effect, Effect::allow);
  const Verdict held = look(4);
  EXPECT_EQ(held.effect, Effect::hold);
  EXPECT_EQ(held.reason.code, Code::approval_pending);
  EXPECT_EQ(held.reason.rule->path, "execution/max_repeats");
  EXPECT_THAT(held.question->why, HasSubstr("repeated 4 times without a new result"));
  EXPECT_EQ(look(7).question->why, held.question->why) << "an answer still fits later";
  const Verdict halted = look(8);
  EXPECT_EQ(halted.effect, Effect::deny);
  EXPECT_EQ(halted.reason.code, Code::ceiling);
  EXPECT_TRUE(halted.halt);
  EXPECT_FALSE(halted.retry);
}

TEST_F(RepeatsTest, WithoutTheLineNothingCounts) {
  w.policy.ceilings.repeats.reset();
  EXPECT_EQ(look(1000).effect, Effect::allow);
}

TEST_F(RepeatsTest, WhatIsDeniedIsNotHeld) {
  EXPECT_EQ(look(5, "never").reason.code, Code::blocked);
  EXPECT_EQ(look(8, "never").reason.code, Code::ceiling);
}

TEST_F(RepeatsTest, AfterANoTheNextOneHalts) {
  ApprovalFact no;
  no.approval = "a1";
  no.rejected_by = "ann";
  w.facts.approval = no;
  EXPECT_EQ(look(4, "touch", Look::after_hold).reason.code, Code::approval_rejected);
  EXPECT_FALSE(look(4, "touch", Look::after_hold).halt) << "the answer to this question";
  const Verdict v = look(4);
  EXPECT_EQ(v.reason.code, Code::ceiling);
  EXPECT_TRUE(v.halt);
  EXPECT_THAT(v.reason.says, HasSubstr("a person said no"));
  EXPECT_FALSE(look(3).halt) << "of a call that is no circle";
}

TEST_F(RepeatsTest, AYesLetsItRun) {
  w.facts.repeats = 4;
  ASSERT_EQ(w.propose("touch", W::read).effect, Effect::hold);
  w.approve();
  EXPECT_EQ(look(4, "touch", Look::after_hold).effect, Effect::allow);
}

TEST_F(RepeatsTest, TheWarning) {
  const auto warns = [&](std::uint64_t most, std::uint64_t repeats) {
    w.policy.ceilings.repeats = most;
    return repeats_warning(w.policy.ceilings, repeats);
  };
  EXPECT_EQ(warns(4, 1), "");
  EXPECT_THAT(warns(4, 2), HasSubstr("repeated 2 times without a new result; after 4 repetitions "
                                     "a person is asked"));
  EXPECT_THAT(warns(4, 5), HasSubstr("after 8 repetitions the run halts"));
  EXPECT_EQ(warns(5, 2), "") << "half of it, rounded up";
  EXPECT_NE(warns(5, 3), "");
  EXPECT_THAT(warns(1, 1), HasSubstr("repeated once"));
  EXPECT_EQ(warns(1, 0), "");
  w.policy.ceilings.repeats.reset();
  EXPECT_EQ(repeats_warning(w.policy.ceilings, 1000), "");
}

}  // namespace
}  // namespace pawl
