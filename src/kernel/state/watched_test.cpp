// Decisions that are not enforced: the verdict says no, and the call runs and is charged.
#include <gtest/gtest.h>

#include "kernel/state/test_journal.h"

namespace pawl {
namespace {

using W = TestJournal;

CallDecided watched(const std::string& call, const std::string& effect = "deny") {
  CallDecided d = W::decided(call, effect);
  d.class_text = "reversible small";
  d.enforced = false;
  d.calls = 1;
  d.records = 2;
  return d;
}

TEST(WatchedTest, ItIsChargedLikeOneThatRunsAndIsNoDenial) {
  W j;
  j.open("r");
  j.must(watched("c1"));
  const auto& run = *j.state.run("r");
  EXPECT_EQ(run.steps.settled, 1U);
  EXPECT_EQ(run.denials.settled, 0U);
  EXPECT_EQ(run.entries.at("tool").records.reserved, 2U);
  EXPECT_EQ(run.entries.at("tool").calls.reserved, 1U);
  EXPECT_EQ(run.seen.at("tool"), 1U);
  EXPECT_EQ(run.executing, 1U);
  j.must(W::ended("c1", "completed", 2));
  EXPECT_EQ(j.state.run("r")->entries.at("tool").records.settled, 2U);
  EXPECT_EQ(j.state.run("r")->executing, 0U);
}

TEST(WatchedTest, OneWithoutAnEntrySurvivesASnapshot) {
  W j;
  j.open("r");
  CallDecided d = watched("c1", "hold");
  d.entry.clear();
  d.records = 0;
  j.must(d);
  const auto again = State::from_json(j.state.to_json());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->to_json(), j.state.to_json());
  EXPECT_TRUE(again->consistent());
  EXPECT_EQ(again->run("r")->entries.at("").calls.reserved, 1U);
}

TEST(WatchedTest, WhatACrashCutsOffIsAnEffectOfUnknownEnd) {
  W j;
  j.open("r");
  j.must(watched("c1"));
  const auto left = j.state.settle_after_crash();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(std::get<CallEnded>(left[0]).outcome, "indeterminate");
  EXPECT_TRUE(std::holds_alternative<RunHalted>(left[1]));
}

TEST(WatchedTest, NoRecordSaysThatSomethingElseWasLetThrough) {
  W j;
  j.open("r");
  j.hold("held", "a1");
  CallDecided d = watched("c1");
  d.class_text = "irreversible small";
  j.never(d);
  d.class_text = "harmless";
  j.never(d);
  j.never(watched("c1", "allow"));
  d = watched("c1", "hold");
  d.approval = "a1";
  j.never(d);
  d = watched("c1");
  d.halt = true;
  j.never(d);
  d = watched("held");
  d.round = 2;
  d.steps = 0;
  j.never(d);
}

}  // namespace
}  // namespace pawl
