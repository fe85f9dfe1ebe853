#include "analysis/replay/recorded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl {
namespace {

using testing::SizeIs;

struct History {
  CandidateHistory history{"desk", [](std::string_view, Instant) { return true; }};
  std::uint64_t seq = 0;

  std::optional<RecordedLook> take(Body body) {
    Record record;
    record.seq = ++seq;
    record.at = Instant{static_cast<std::int64_t>(seq) * 1'000'000'000};
    record.body = std::move(body);
    return history.take(record);
  }
  void open(const std::string& run, const std::string& agent) {
    RunOpened opened;
    opened.run = opened.key = run;
    opened.agent = agent;
    take(opened);
  }
  std::optional<RecordedLook> decide(std::optional<CandidateSaid> said,
                                     const std::string& run = "r-1") {
    CallDecided decided;
    decided.call = "c-" + std::to_string(seq);
    decided.run = run;
    decided.server = "crm";
    decided.tool = "put_note";
    decided.effect = "allow";
    decided.code = "none";
    decided.candidate = std::move(said);
    return take(decided);
  }
};

CandidateSaid denied(const std::string& policy, const std::string& at = "next.yaml:5:7") {
  return {
      .policy = policy, .effect = "deny", .code = "constraint", .rule = "tools/x", .rule_at = at};
}

TEST(RecordedTest, LooksAreGatheredByCandidateAndReason) {
  History h;
  h.open("r-1", "desk");
  h.open("r-2", "another");
  EXPECT_FALSE(h.decide(std::nullopt)) << "no one was asked";
  EXPECT_FALSE(h.decide(CandidateSaid{.policy = "one"}));
  EXPECT_FALSE(h.decide(denied("one"), "r-2")) << "another role's";
  const auto look = h.decide(denied("one"));
  ASSERT_TRUE(look);
  EXPECT_EQ(look->kind, CandidateKind::stricter);
  EXPECT_EQ(look->tool, "crm/put_note");
  EXPECT_TRUE(h.decide(denied("one")));
  EXPECT_TRUE(h.decide(denied("one", "next.yaml:9:7")));
  EXPECT_TRUE(h.decide(CandidateSaid{.policy = "one", .why = "not evaluated"}));
  ASSERT_THAT(h.history.candidates(), SizeIs(1));
  const RecordedCandidate& one = h.history.candidates().front();
  EXPECT_EQ(one.counts.total(), 5U);
  EXPECT_EQ(one.counts.of(CandidateKind::stricter), 3U);
  ASSERT_THAT(one.reasons, SizeIs(3));
  const auto& [reason, looks] = *one.reasons.begin();
  EXPECT_EQ(reason.was, "allow");
  EXPECT_EQ(reason.would, "deny [constraint]");
  EXPECT_EQ(looks.count, 2U);
}

TEST(RecordedTest, TheNewestCandidateComesLastAndTheNewestLooksAreKept) {
  History h;
  h.open("r-1", "desk");
  h.decide(denied("one"));
  h.decide(CandidateSaid{.policy = "two"});
  for (std::size_t i = 0; i < 2 * recorded_looks_max; ++i) h.decide(denied("one"));
  ASSERT_THAT(h.history.candidates(), SizeIs(2));
  EXPECT_EQ(h.history.candidates().back().policy, "one");
  const auto& looks = h.history.candidates().back().reasons.begin()->second;
  EXPECT_EQ(looks.count, 2 * recorded_looks_max + 1);
  ASSERT_THAT(looks.newest, SizeIs(recorded_looks_max));
  EXPECT_EQ(looks.newest.back().seq, h.seq);
}

TEST(RecordedTest, AMillionReasonsFillNoMemory) {
  History h;
  h.open("r-1", "desk");
  for (std::size_t i = 0; i < recorded_reasons_max + 10; ++i) {
    h.decide(denied("one", "next.yaml:" + std::to_string(i)));
  }
  const RecordedCandidate& one = h.history.candidates().front();
  EXPECT_THAT(one.reasons, SizeIs(recorded_reasons_max));
  EXPECT_EQ(one.unlisted, 10U);
  EXPECT_EQ(one.counts.total(), recorded_reasons_max + 10);
}

}  // namespace
}  // namespace pawl
