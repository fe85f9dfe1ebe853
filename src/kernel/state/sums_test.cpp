// Sums of counters, folded from the journal.
#include <gtest/gtest.h>

#include "kernel/state/test_journal.h"

namespace pawl {
namespace {

constexpr Duration kDay = Duration::seconds(86'400);

class SumsTest : public ::testing::Test {
 protected:
  void SetUp() override { journal.open("r"); }

  static SumCharge charge(std::uint64_t units, Duration window = {}, const std::string& key = "") {
    return {"refunds", key, Amount{units * nano_per_unit}, window};
  }
  CallDecided decided(const std::string& call, const SumCharge& adds,
                      const std::string& run = "r") const {
    CallDecided d = TestJournal::decided(call, "allow", 0, run);
    d.sums = {adds};
    return d;
  }
  std::string sum(Duration window = {}, const std::string& key = "",
                  const std::string& run = "r") const {
    const Sums* sums = window.ns == 0 ? &journal.run(run).sums : journal.state.sums("agent");
    const Sum* found = sums == nullptr ? nullptr : sums->find("refunds", key);
    if (found == nullptr) return "none";
    return to_string(found->within(journal.now, window)) + "+" + to_string(found->reserved);
  }
  // The state is what its snapshot says.
  void again() const {
    const auto read = State::from_json(journal.state.to_json());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->to_json(), journal.state.to_json());
  }

  TestJournal journal;
};

TEST_F(SumsTest, ReservedAtTheDecisionAndSettledAtTheEnd) {
  journal.must(decided("a", charge(25)));
  EXPECT_EQ(sum(), "0+25");
  again();
  journal.must(decided("b", charge(10)));
  EXPECT_EQ(sum(), "0+35");
  journal.must(TestJournal::ended("a", "completed"));
  EXPECT_EQ(sum(), "25+10");
  journal.must(TestJournal::ended("b", "indeterminate"));
  EXPECT_EQ(sum(), "35+0") << "how it ended is unknown, so it stays spent";
  again();
}

TEST_F(SumsTest, OnlyWhatHadNoEffectIsGivenBack) {
  journal.must(decided("aborted", charge(25)));
  journal.must(TestJournal::ended("aborted", "aborted"));
  EXPECT_EQ(sum(), "none");
  for (const std::string outcome : {"cancelled", "failed"}) {
    CallDecided reads = decided("read " + outcome, charge(5));
    reads.class_text = "read_only";
    journal.must(reads);
    journal.must(TestJournal::ended("read " + outcome, outcome));
    EXPECT_EQ(sum(), "none") << outcome;
  }
  // The server may have done it before it was told to stop, and before it failed.
  journal.must(decided("c", charge(25)));
  journal.must(TestJournal::ended("c", "cancelled"));
  EXPECT_EQ(sum(), "25+0");
  journal.must(decided("f", charge(10)));
  journal.must(TestJournal::ended("f", "failed"));
  EXPECT_EQ(sum(), "35+0");
}

TEST_F(SumsTest, AWindowSlidesOverWhatWasSettledInAllRunsOfTheAgent) {
  journal.must(decided("a", charge(25, kDay)));
  journal.wait(3600);
  journal.must(TestJournal::ended("a", "completed"));
  journal.open("s", "another sponsor");
  journal.must(decided("b", charge(10, kDay), "s"));
  EXPECT_EQ(sum(kDay), "25+10");
  again();
  journal.wait(86'399);
  EXPECT_EQ(sum(kDay), "25+10") << "a day since its end is not over";
  journal.wait(1);
  EXPECT_EQ(sum(kDay), "0+10") << "what is in flight counts however long it takes";
  journal.must(TestJournal::ended("b", "completed", 0, "s"));
  EXPECT_EQ(sum(kDay), "10+0");
  again();
  journal.wait(86'400);
  journal.open("t");
  EXPECT_EQ(journal.state.sums("agent"), nullptr) << "nothing is remembered for ever";
}

TEST_F(SumsTest, AClockThatIsSetBackMakesNothingDisappear) {
  journal.must(decided("a", charge(25, kDay)));
  journal.must(TestJournal::ended("a", "completed"));
  journal.wait(-40'000);
  EXPECT_EQ(sum(kDay), "25+0");
  journal.must(decided("b", charge(10, kDay)));
  journal.must(TestJournal::ended("b", "completed"));
  journal.wait(40'000 + 86'399);
  EXPECT_EQ(sum(kDay), "35+0") << "both count from the later time";
  journal.wait(1);
  EXPECT_EQ(sum(kDay), "0+0");
}

TEST_F(SumsTest, ARunForgetsNothing) {
  journal.must(decided("a", charge(25)));
  journal.must(TestJournal::ended("a", "completed"));
  journal.wait(400LL * 86'400);
  EXPECT_EQ(sum(), "25+0");
}

TEST_F(SumsTest, KeysAreSumsOfTheirOwn) {
  journal.must(decided("a", charge(25, kDay, "sha256:x")));
  journal.must(decided("b", charge(10, kDay, "sha256:y")));
  EXPECT_EQ(sum(kDay, "sha256:x"), "0+25");
  EXPECT_EQ(sum(kDay, "sha256:y"), "0+10");
  again();
}

TEST_F(SumsTest, ACrashBetweenDecisionAndEndStaysSpent) {
  journal.must(decided("a", charge(25, kDay)));
  for (const Body& body : journal.state.settle_after_crash()) journal.must(body);
  EXPECT_EQ(sum(kDay), "25+0");
  again();
}

TEST_F(SumsTest, WhatCannotBeIsRefused) {
  CallDecided held = decided("a", charge(25));
  held.effect = "hold";
  held.calls = 0;
  journal.never(held);
  journal.never(decided("a", charge(0)));
  journal.never(decided("a", charge(amount_units_max + 1)));
  journal.never(decided("a", charge(1, Duration{-1})));
  CallDecided twice = decided("a", charge(1));
  twice.sums.push_back(charge(2));
  journal.never(twice);
  journal.must(decided("a", charge(amount_units_max)));
  journal.must(decided("b", charge(amount_units_max)));
  journal.never(decided("c", charge(amount_units_max)));
}

TEST(Sums, RememberOnlySoMuch) {
  Sums sums;
  const Instant now{1'800'000'000'000'000'000};
  const auto charge = [&](std::uint64_t i) {
    return SumCharge{"c", std::to_string(i), Amount{1}, kDay};
  };
  std::uint64_t made = 0;
  for (; sums.room("c", now) && made < 2 * sum_places_max; ++made) {
    sums.reserve(charge(made), now);
    sums.settle(charge(made), now);
  }
  EXPECT_LE(sums.counters().at("c").places, sum_places_max);
  EXPECT_GT(made, sum_places_max / 4);
  EXPECT_FALSE(sums.room("c", now));
  EXPECT_TRUE(sums.room("another", now));
  const Instant later = now + kDay;
  EXPECT_TRUE(sums.room("c", later)) << "what no window reaches takes no room";
  sums.reserve(charge(0), later);
  EXPECT_EQ(sums.counters().at("c").places, 2U);
}

}  // namespace
}  // namespace pawl
