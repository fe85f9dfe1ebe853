#include "kernel/state/transitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl {
namespace {

TEST(TransitionsTest, AnEndedCallEndsNoMore) {
  for (const CallPhase phase :
       {CallPhase::denied, CallPhase::aborted, CallPhase::completed, CallPhase::failed,
        CallPhase::cancelled, CallPhase::indeterminate}) {
    for (int e = 0; e <= static_cast<int>(CallEvent::lose); ++e) {
      EXPECT_EQ(next(phase, static_cast<CallEvent>(e)), std::nullopt) << to_string(phase);
    }
  }
}

TEST(TransitionsTest, AHeldCallRunsOnlyThroughASecondLook) {
  EXPECT_EQ(next(CallPhase::held, CallEvent::admit), CallPhase::admitted);
  EXPECT_EQ(next(CallPhase::held, CallEvent::complete), std::nullopt);
  EXPECT_EQ(next(CallPhase::held, CallEvent::lose), std::nullopt);
  EXPECT_EQ(next(CallPhase::admitted, CallEvent::hold), std::nullopt);
  EXPECT_EQ(next(CallPhase::admitted, CallEvent::deny), std::nullopt);
}

TEST(TransitionsTest, AnEndedQuestionIsOver) {
  for (const ApprovalPhase phase : {ApprovalPhase::rejected, ApprovalPhase::expired,
                                    ApprovalPhase::withdrawn, ApprovalPhase::consumed}) {
    for (int e = 0; e <= static_cast<int>(ApprovalEvent::consume); ++e) {
      EXPECT_EQ(next(phase, static_cast<ApprovalEvent>(e)), std::nullopt) << to_string(phase);
    }
  }
  EXPECT_EQ(next(ApprovalPhase::open, ApprovalEvent::consume), std::nullopt);
}

TEST(TransitionsTest, AKilledRunIsNotResumedButLifted) {
  EXPECT_EQ(next(RunPhase::killed, RunEvent::resume), RunPhase::killed);
  EXPECT_EQ(next(RunPhase::killed, RunEvent::lift), RunPhase::open);
  EXPECT_EQ(next(RunPhase::open, RunEvent::lift), std::nullopt);
  EXPECT_EQ(next(RunPhase::closed, RunEvent::close), std::nullopt);
  EXPECT_EQ(next(RunPhase::closed, RunEvent::lift), std::nullopt);
}

TEST(TransitionsTest, WordsAreExact) {
  EXPECT_EQ(decision_event("contain"), std::nullopt);
  EXPECT_EQ(decision_event("Allow"), std::nullopt);
  EXPECT_EQ(decision_event("notify"), CallEvent::admit);
  EXPECT_EQ(outcome_event("indeterminate"), CallEvent::lose);
  EXPECT_EQ(outcome_event("done"), std::nullopt);
  EXPECT_EQ(ending_event("consumed"), ApprovalEvent::consume);
  EXPECT_EQ(ending_event(""), std::nullopt);
}

}  // namespace
}  // namespace pawl
