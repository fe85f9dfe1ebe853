#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "views/run_testing.h"
#include "views/runs.h"

namespace pawl::views {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kDay_s = 86'400;

// A run whose questions a person answers.
class AnsweredDesk : public RecordedRun {
 public:
  AnsweredDesk() {
    ReviewerEnrolled ann;
    ann.person = "ann";
    ann.proof = "passphrase";
    ann.verifier = "v";
    tell(ann);
  }
  // Answered so many milliseconds after its card, which comes a minute after the question.
  void answered(const std::string& tool, const std::string& class_text, bool yes,
                std::int64_t after_ms) {
    CallDecided decided;
    decided.tool = tool;
    decided.approval = "a-" + std::to_string(++asked_);
    decided.class_text = class_text;
    hold(decided);
    later(60'000);
    activity.displayed(decided.approval, "ann", now);
    later(after_ms);
    answer(decided.approval, "ann", yes);
  }
  json::Document people() { return *json::parse(people_json(state, now, activity)); }

 private:
  int asked_ = 0;
};

TEST(PeopleView, SaysHowLongCardsWereReadAndHowOftenThatIsKnown) {
  AnsweredDesk desk;
  desk.answered("tidy", "reversible small", true, 1'000);
  desk.answered("tidy", "reversible small", true, 4'000);
  desk.answered("tidy", "reversible small", false, 8'000);
  const json::Document said = desk.people();
  const json::View ann = *said.root()["reviewers"].elements().begin();
  EXPECT_EQ(ann["answers"].natural(), 3u);
  EXPECT_EQ(ann["displayed"].natural(), 3u);
  EXPECT_EQ(ann["hasty"].natural(), 1u);
  EXPECT_EQ(ann["at_once"].natural(), 0u) << "the question waited for a minute";
  EXPECT_DOUBLE_EQ(ann["median_seconds"].number(), 4.0);
  EXPECT_DOUBLE_EQ(ann["median_open_seconds"].number(), 64.0);
  EXPECT_NEAR(ann["approved"].number(), 2.0 / 3.0, 0.01);
  EXPECT_TRUE(ann["enrolled"].boolean());
  EXPECT_EQ(said.root()["hasty"].natural(), 1u);
  EXPECT_EQ(said.root()["displayed"].natural(), 3u);
}

TEST(PeopleView, CountsQuestionsByTheDay) {
  AnsweredDesk desk;
  for (int i = 0; i < 6; ++i) desk.answered("tidy", "reversible small", true, 5'000);
  EXPECT_DOUBLE_EQ(desk.people().root()["per_day"].number(), 6.0) << "never less than a day";
  desk.now = desk.now + Duration::seconds(3 * kDay_s);
  const json::Document said = desk.people();
  EXPECT_DOUBLE_EQ(said.root()["per_day"].number(), 2.0);
  EXPECT_EQ(said.root()["days"].natural(), 3u);
  EXPECT_EQ(said.root()["hours"].size(), 24u);
}

TEST(PeopleView, NeverAdvisesToStopAskingAboutWhatCannotBeUndone) {
  AnsweredDesk desk;
  for (int i = 0; i < 19; ++i) desk.answered("tidy", "reversible small", true, 5'000);
  EXPECT_EQ(desk.people().root()["advice"].size(), 0u) << "too few to say anything";
  desk.answered("tidy", "reversible small", true, 5'000);
  for (int i = 0; i < 40; ++i) {
    desk.answered("drop", "irreversible large", true, 5'000);
    desk.answered("post", "reversible small external_sink", true, 5'000);
    desk.answered("guess", "", true, 5'000);
    desk.answered("mixed", i == 7 ? "irreversible small" : "reversible small", true, 5'000);
    desk.answered("doubt", "reversible small", i % 10 != 0, 5'000);
  }
  const json::Document said = desk.people();
  ASSERT_EQ(said.root()["advice"].size(), 1u);
  const json::View advice = *said.root()["advice"].elements().begin();
  EXPECT_THAT(std::string(advice.string()), HasSubstr("`tidy` was approved 20 times of 20"));
}

}  // namespace
}  // namespace pawl::views
