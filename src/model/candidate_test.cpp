#include "model/candidate.h"

#include <gtest/gtest.h>

namespace pawl {
namespace {

CallDecided decided(const std::string& effect, const std::string& code) {
  CallDecided made;
  made.call = "c-1";
  made.run = "r-1";
  made.effect = effect;
  made.code = code;
  return made;
}

TEST(CandidateTest, EachKindIsSaidByTheRecordAlone) {
  CallDecided record = decided("hold", "approval_pending");
  EXPECT_FALSE(candidate_kind(record));
  record.candidate = CandidateSaid{.policy = "sha256:1"};
  EXPECT_EQ(candidate_kind(record), CandidateKind::same);
  const auto kind = [&record](const std::string& effect, const std::string& code) {
    record.candidate = CandidateSaid{.policy = "sha256:1", .effect = effect, .code = code};
    return *candidate_kind(record);
  };
  EXPECT_EQ(kind("deny", "blocked"), CandidateKind::stricter);
  EXPECT_EQ(kind("notify", "none"), CandidateKind::laxer);
  EXPECT_EQ(kind("hold", "origin"), CandidateKind::other);
  EXPECT_EQ(kind("hold", "approval_pending"), CandidateKind::same);
  EXPECT_EQ(kind("permit", "none"), CandidateKind::error);
  record.candidate = CandidateSaid{.policy = "sha256:1", .why = "not evaluated"};
  EXPECT_EQ(candidate_kind(record), CandidateKind::error);
}

TEST(CandidateTest, CountsAddUp) {
  CandidateCounts counts;
  counts.add(CandidateKind::same);
  counts.add(CandidateKind::laxer);
  counts.add(CandidateKind::same);
  EXPECT_EQ(counts.of(CandidateKind::same), 2U);
  EXPECT_EQ(counts.of(CandidateKind::error), 0U);
  EXPECT_EQ(counts.total(), 3U);
}

TEST(CandidateTest, ARecordWithAHalfWrittenCandidateIsRefused) {
  Record record;
  CallDecided body = decided("allow", "none");
  body.candidate = CandidateSaid{.policy = "sha256:1", .effect = "deny", .code = "blocked"};
  body.enforced = false;
  record.body = body;
  const std::string text = to_json(record);
  const auto again = parse_record(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(std::get<CallDecided>(again->body).candidate, body.candidate);
  EXPECT_FALSE(std::get<CallDecided>(again->body).enforced);
  for (const std::string_view other :
       {R"("policy":"")", R"("polisy":"sha256:1")", R"("policy":1)"}) {
    std::string wrong = text;
    wrong.replace(wrong.find(R"("policy":"sha256:1")"), 19, other);
    EXPECT_FALSE(parse_record(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace pawl
