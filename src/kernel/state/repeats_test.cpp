#include "kernel/state/repeats.h"

#include <gtest/gtest.h>

#include <random>

#include "kernel/state/test_journal.h"

namespace pawl {
namespace {

using J = TestJournal;

// `a1 b2`: call `a` with the result `1`, then `b` with `2`.
Repeats after(std::string_view steps) {
  Repeats repeats;
  for (std::size_t at = 0; at + 1 < steps.size(); at += 3) {
    repeats.add(steps.substr(at, 1), steps.substr(at + 1, 1));
  }
  return repeats;
}

TEST(Repeats, TheSameCallWithTheSameResult) {
  EXPECT_EQ(after("").of("a"), 0U);
  EXPECT_EQ(after("a1").of("a"), 0U) << "it came once";
  EXPECT_EQ(after("a1 a1").of("a"), 1U);
  EXPECT_EQ(after("a1 a1 a1 a1").of("a"), 3U);
  EXPECT_EQ(after("a1 a1 a1").now(), 2U);
  EXPECT_EQ(after("a1 a1 a1").of("b"), 0U) << "another call goes on with nothing";
}

TEST(Repeats, ANewResultEndsIt) {
  EXPECT_EQ(after("a1 a1 a2").of("a"), 0U);
  EXPECT_EQ(after("a1 a2 a3 a4").of("a"), 0U) << "what is asked for changes each time";
  EXPECT_EQ(after("a1 a1 b1 a1").of("a"), 0U);
  EXPECT_EQ(after("a1 a1 b1").now(), 0U);
  EXPECT_EQ(after("a1 a1 a2 a2 a2").of("a"), 2U);
}

TEST(Repeats, ACycleOfUpToEightCalls) {
  EXPECT_EQ(after("a1 b1 a1 b1").of("a"), 1U);
  EXPECT_EQ(after("a1 b1 a1 b1").of("b"), 0U) << "it does not go on with the cycle";
  EXPECT_EQ(after("a1 b1 a1 b1 a1").of("b"), 1U);
  EXPECT_EQ(after("a1 b1 a1 b1 a1 b1").of("a"), 2U);
  EXPECT_EQ(after("a1 b1 a1 b2 a1 b3").of("a"), 0U) << "something was learned";
  const std::string eight = "a1 b1 c1 d1 e1 f1 g1 h1 ";
  EXPECT_EQ(after(eight + eight + eight).of("a"), 2U);
  const std::string nine = eight + "i1 ";
  EXPECT_EQ(after(nine + nine + nine).of("a"), 0U);
}

TEST(Repeats, WhatWouldBe) {
  const Repeats two = after("a1 a1");
  EXPECT_EQ(two.after("a", "1"), 2U);
  EXPECT_EQ(two.after("a", "2"), 0U);
  EXPECT_EQ(two.now(), 1U);
}

TEST(Repeats, WhatPeopleDidNotLetRunTaughtNothing) {
  Repeats repeats = after("a1 a1");
  repeats.add_unlearned("a", "rejected");
  EXPECT_EQ(repeats.of("a"), 2U);
  repeats.add_unlearned("b", "rejected");
  EXPECT_EQ(repeats.of("b"), 0U);
  repeats.add_unlearned("b", "rejected");
  EXPECT_EQ(repeats.of("b"), 1U) << "the same answer of people is the same result";
}

// By its definition: the longest tail that repeats itself.
std::uint64_t slowly(const std::vector<Repeats::Step>& all, const std::string& call) {
  std::uint64_t most = 0;
  for (std::size_t length = 1; length <= repeats_cycle_max && length <= all.size(); ++length) {
    if (all[all.size() - length].call != call) continue;
    std::size_t matched = 0;
    while (matched + length < all.size() &&
           all[all.size() - 1 - matched] == all[all.size() - 1 - matched - length]) {
      ++matched;
    }
    most = std::max<std::uint64_t>(most, matched / length);
  }
  return most;
}

TEST(Repeats, IsWhatItsDefinitionSays) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    Repeats repeats;
    std::vector<Repeats::Step> all;
    for (int i = 0; i < 60; ++i) {
      // Mostly the same again, so that there are circles.
      const bool again = !all.empty() && random() % 8 != 0;
      const std::size_t back = 1 + static_cast<std::size_t>(round) % 9;
      const Repeats::Step step = again && back <= all.size()
                                     ? all[all.size() - back]
                                     : Repeats::Step{std::string(1, char('a' + random() % 3)),
                                                     std::string(1, char('1' + random() % 2))};
      repeats.add(step.call, step.result);
      all.push_back(step);
      for (const char* call : {"a", "b", "c"}) {
        ASSERT_EQ(repeats.of(call), slowly(all, call)) << round << " " << i;
      }
    }
  }
}

class RepeatsOfRun : public ::testing::Test {
 protected:
  RepeatsOfRun() { j.open("r"); }
  void decide(const std::string& effect, const std::string& mark = "m") {
    CallDecided d = J::decided("c" + std::to_string(++calls), effect);
    d.mark = mark;
    if (effect == "hold") d.approval = "a" + std::to_string(calls);
    j.must(d);
    if (effect == "hold") j.must(j.question(d.approval, d.call));
  }
  void end(const std::string& mark, const std::string& outcome = "completed") {
    CallEnded e = J::ended("c" + std::to_string(calls), outcome);
    e.mark = mark;
    j.must(e);
  }
  void call(const std::string& result) {
    decide("allow");
    end(result);
  }
  std::uint64_t repeats() const { return j.run().repeats.of("m"); }

  TestJournal j;
  int calls = 0;
};

TEST_F(RepeatsOfRun, CallsThatEndedCount) {
  for (int i = 0; i < 4; ++i) call("same");
  EXPECT_EQ(repeats(), 3U);
  decide("allow", "");  // of a policy that does not ask for it
  end("");
  EXPECT_EQ(repeats(), 3U);
  call("other");
  EXPECT_EQ(repeats(), 0U);
  call("");
  call("");
  EXPECT_EQ(repeats(), 0U) << "a result that is not known is like no other";
}

TEST_F(RepeatsOfRun, ASnapshotKeepsThem) {
  for (int i = 0; i < 4; ++i) call("same");
  decide("hold");
  const auto again = State::from_json(j.state.to_json());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->to_json(), j.state.to_json());
  EXPECT_EQ(again->run("r")->repeats.of("m"), 3U);
  EXPECT_EQ(again->call("c5")->mark, "m");
}

TEST_F(RepeatsOfRun, TheSameDenialCounts) {
  for (int i = 0; i < 3; ++i) decide("deny");
  EXPECT_EQ(repeats(), 2U);
}

TEST_F(RepeatsOfRun, WhoLetsItRunBeginsAnew) {
  for (int i = 0; i < 4; ++i) call("same");
  decide("hold");
  j.must(J::answer("a5", "ann"));
  j.must(J::again("c5", "allow", "a5"));
  EXPECT_EQ(repeats(), 0U);
  end("same");
  call("same");
  EXPECT_EQ(repeats(), 1U);
}

TEST_F(RepeatsOfRun, ARejectionAndNoAnswerGoOnWithIt) {
  for (int i = 0; i < 4; ++i) call("same");
  decide("hold");
  j.must(J::answer("a5", "ann", "reject"));
  j.must(J::again("c5", "deny", "a5"));
  EXPECT_EQ(repeats(), 4U);
  decide("hold");
  j.must(ApprovalEnded{"a6", "expired", "c6"});
  end("", "aborted");
  EXPECT_EQ(repeats(), 5U);
}

TEST_F(RepeatsOfRun, AResumedRunBeginsAnew) {
  for (int i = 0; i < 4; ++i) call("same");
  j.must(RunHalted{"r", "ceiling", "circles"});
  j.must(Resumed{"run", "r", "ann", ""});
  EXPECT_EQ(repeats(), 0U);
}

}  // namespace
}  // namespace pawl
