#include "views/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pawl::views {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Questions that wait, and what the journal would have of them.
struct Waiting {
  State state;
  std::map<std::string, std::string> arguments;  // by commitment
  int reads = 0;
  QuestionTexts texts;

  explicit Waiting(QuestionTextLimits limits = {})
      : texts(
            [this](const Approval& approval) {
              ++reads;
              return arguments[approval.args()];
            },
            limits) {
    RunOpened opened;
    opened.run = opened.key = "r-1";
    opened.agent = "desk";
    opened.sponsor = "sam";
    apply(opened);
  }
  void apply(Body body) {
    const Status done = state.apply({state.next_seq(), Instant{1}, 0, std::move(body)});
    ASSERT_TRUE(done) << done.error().message;
  }
  const Approval& ask(const std::string& id, const std::string& json) {
    CallDecided held;
    held.call = "c-" + id;
    held.run = "r-1";
    held.effect = "hold";
    held.approval = id;
    held.steps = 1;
    apply(held);
    ApprovalOpened asked;
    asked.approval = id;
    asked.call = held.call;
    asked.run = "r-1";
    asked.agent = "desk";
    asked.sponsor = "sam";
    asked.tool = "crm/Merge";
    asked.binding = asked.args = "sha256:" + id;
    asked.expires = Instant{1'000'000'000'000};
    arguments[asked.args] = json;
    apply(asked);
    return *state.approval(id);
  }
  bool has(const std::string& id, const std::string& filter) {
    return texts.has(*state.approval(id), filter_words(filter));
  }
};

TEST(QuestionTexts, AFilterFindsWhatIsKnownWithoutReadingAndTheArgumentsAfterIt) {
  Waiting w;
  w.ask("a-1", R"({"customer":"Ada Lovelace","note":"\u202e"})");
  EXPECT_TRUE(w.has("a-1", ""));
  EXPECT_TRUE(w.has("a-1", "MERGE"));
  EXPECT_TRUE(w.has("a-1", " a-1  desk sam "));
  EXPECT_FALSE(w.has("a-1", "lovelace"));
  EXPECT_TRUE(w.texts.unread(*w.state.approval("a-1")));
  EXPECT_EQ(w.reads, 0);
  EXPECT_EQ(w.texts.read_some(w.state, 10), 0U);
  EXPECT_TRUE(w.has("a-1", "LoveLace merge"));
  EXPECT_TRUE(w.has("a-1", "customer"));
  EXPECT_TRUE(w.has("a-1", "u{202e}")) << "an invisible character is looked for as it is written";
  EXPECT_FALSE(w.has("a-1", "lovelace absent"));
  EXPECT_THAT(w.texts.said(*w.state.approval("a-1")).summary,
              HasSubstr("customer Ada Lovelace, note "));
  EXPECT_EQ(w.reads, 1) << "once";
}

TEST(QuestionTexts, SoManyAreReadAtATime) {
  Waiting w;
  for (int i = 0; i < 5; ++i) w.ask("a-" + std::to_string(i), R"({"n":1})");
  EXPECT_EQ(w.texts.read_some(w.state, 2), 3U);
  EXPECT_EQ(w.reads, 2);
  EXPECT_EQ(w.texts.read_some(w.state, 2), 1U);
  EXPECT_EQ(w.texts.read_some(w.state, 2), 0U);
  EXPECT_EQ(w.texts.read_some(w.state, 2), 0U);
  EXPECT_EQ(w.reads, 5);
}

TEST(QuestionTexts, AChangedCallIsReadAnew) {
  Waiting w;
  w.ask("a-1", R"({"to":"before"})");
  (void)w.texts.read_some(w.state, 1);
  ChangedQuestion changed{"sha256:other", "sha256:binding", "ann"};
  w.arguments["sha256:other"] = R"({"to":"after"})";
  Approval now = *w.state.approval("a-1");
  now.changed = std::make_shared<const ChangedQuestion>(changed);
  EXPECT_TRUE(w.texts.unread(now));
  EXPECT_EQ(w.texts.said(now).summary, "to after");
  EXPECT_FALSE(w.texts.has(now, filter_words("before")));
}

TEST(QuestionTexts, LongOnesAreCutBetweenCharactersAndOnlySoManyAreKept) {
  Waiting w({.questions_max = 1, .arguments_bytes_max = 12, .summary_bytes_max = 6});
  w.ask("a-1", R"({"n":"äöüäöüäöü"})");
  w.ask("a-2", R"({"n":"other"})");
  EXPECT_EQ(w.texts.said(*w.state.approval("a-1")).summary, "n äö…");
  EXPECT_TRUE(w.has("a-1", "äöüäö"));
  EXPECT_FALSE(w.has("a-1", "äöüäöüä"));
  EXPECT_EQ(w.texts.said(*w.state.approval("a-2")).summary, "n othe…")
      << "it is read for the page that asks";
  EXPECT_FALSE(w.has("a-2", "other"));
  EXPECT_TRUE(w.has("a-2", "merge"));
  EXPECT_EQ(w.texts.read_some(w.state, 10), 1U) << "there is no room for it";
  w.apply(ApprovalEnded{"a-1", "expired", "c-a-1"});
  w.texts.sweep(w.state, 0);
  EXPECT_EQ(w.texts.read_some(w.state, 10), 0U);
  EXPECT_TRUE(w.has("a-2", "other"));
}

TEST(QuestionTexts, FiltersAreWords) {
  EXPECT_THAT(filter_words("  Ada   MERGE\t"), ElementsAre("ada", "merge"));
  EXPECT_TRUE(filter_words(" \t ").empty());
}

}  // namespace
}  // namespace pawl::views
