#include "doors/control/chronicle.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl {
namespace {

// A state without a run or a question: what a chronicle is told is what the records say.
class Teller {
 public:
  explicit Teller(ChronicleLimits limits = {}) : chronicle(limits) {}
  void tell(Body body, std::int64_t second = 0) {
    chronicle.note({seq_++, Instant{second * 1'000'000'000}, 0, std::move(body)}, state_);
  }
  Chronicle chronicle;

 private:
  State state_;
  std::uint64_t seq_ = 0;
};

CallDecided held(const std::string& approval,
                 const std::string& class_text = "irreversible small") {
  CallDecided decided;
  decided.run = "r-1";
  decided.server = "crm";
  decided.tool = "mail";
  decided.effect = "hold";
  decided.approval = approval;
  decided.class_text = class_text;
  decided.rule_at = "p.yaml:3:7";
  decided.args_bytes = 12;
  return decided;
}

TEST(Chronicle, KnowsHowAWaitingCallWasJudgedUntilItIsOver) {
  Teller teller;
  teller.tell(held("a-1"));
  const JudgedCall* judged = teller.chronicle.judged("a-1");
  ASSERT_NE(judged, nullptr);
  EXPECT_EQ(judged->how->class_text, "irreversible small");
  EXPECT_EQ(judged->how->rule_at, "p.yaml:3:7");
  EXPECT_EQ(judged->args_bytes, 12u);
  CallDecided second = held("a-1");
  second.round = 2;
  second.effect = "allow";
  teller.tell(second);
  EXPECT_EQ(teller.chronicle.judged("a-1"), nullptr);
  teller.tell(held("a-2"));
  teller.tell(ApprovalEnded{"a-2", "expired", {}});
  EXPECT_EQ(teller.chronicle.judged("a-2"), nullptr);
}

TEST(Chronicle, ForgetsTheOldestFirst) {
  Teller teller({.happenings_max = 3, .said_bytes_max = 8, .judged_max = 2});
  for (int i = 0; i < 5; ++i) teller.tell(held("a-" + std::to_string(i)), i);
  EXPECT_EQ(teller.chronicle.happenings().size(), 3u);
  EXPECT_EQ(teller.chronicle.happenings().front().seq, 2u);
  EXPECT_EQ(teller.chronicle.judged("a-2"), nullptr);
  EXPECT_NE(teller.chronicle.judged("a-4"), nullptr);
  EXPECT_EQ(teller.chronicle.last_of("r-1"), Instant{4'000'000'000});
}

TEST(Chronicle, ALongReasonIsCutBetweenTwoCharacters) {
  Teller teller({.said_bytes_max = 4});
  CallDecided decided = held("");
  decided.reason = "abc\u20acdef";
  teller.tell(decided);
  EXPECT_EQ(teller.chronicle.happenings().back().said, "abc…");
  EXPECT_EQ(teller.chronicle.happenings().back().tool, "crm/mail");
}

TEST(Chronicle, CountsQuestionsByTheHour) {
  Teller teller;
  ApprovalOpened opened;
  opened.approval = "a-1";
  teller.tell(opened, 3600 * 25 + 5);
  teller.tell(opened, 3600 * 25 + 6);
  EXPECT_EQ(teller.chronicle.hours()[1], 2u);
  EXPECT_EQ(teller.chronicle.questions(), 2u);
  EXPECT_EQ(teller.chronicle.since(), Instant{90'005'000'000'000});
}

TEST(Chronicle, CountsWhatChangesTheListOfQuestions) {
  Teller teller;
  const auto changes = [&teller] { return teller.chronicle.changes_of_questions(); };
  teller.tell(RunOpened{});
  teller.tell(held(""));
  EXPECT_EQ(changes(), 0u);
  std::uint64_t before = 0;
  for (const Body& body :
       {Body(held("a-1")), Body(ApprovalOpened{}), Body(ApprovalAsked{}), Body(ApprovalReplied{}),
        Body(ApprovalPassed{}), Body(ApprovalChanged{}), Body(ApprovalAnswered{}),
        Body(ApprovalAttached{}), Body(ApprovalEnded{}), Body(RunHalted{}), Body(RunClosed{}),
        Body(KillSet{})}) {
    teller.tell(body);
    EXPECT_EQ(changes(), ++before);
  }
}

}  // namespace
}  // namespace pawl
