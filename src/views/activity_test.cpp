#include "views/activity.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "views/run_testing.h"

namespace pawl::views {
namespace {

// A state without a run or a question: what a activity is told is what the records say.
class Teller {
 public:
  explicit Teller(ActivityLimits limits = {}) : activity(limits) {}
  void tell(Body body, std::int64_t second = 0) {
    activity.note({seq_++, Instant{second * 1'000'000'000}, 0, std::move(body)}, state_);
  }
  ActivityFeed activity;

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

TEST(ActivityFeed, KnowsHowAWaitingCallWasJudgedUntilItIsOver) {
  Teller teller;
  teller.tell(held("a-1"));
  const JudgedCall* judged = teller.activity.judged("a-1");
  ASSERT_NE(judged, nullptr);
  EXPECT_EQ(judged->how->class_text, "irreversible small");
  EXPECT_EQ(judged->how->rule_at, "p.yaml:3:7");
  EXPECT_EQ(judged->args_bytes, 12u);
  CallDecided second = held("a-1");
  second.round = 2;
  second.effect = "allow";
  teller.tell(second);
  EXPECT_EQ(teller.activity.judged("a-1"), nullptr);
  teller.tell(held("a-2"));
  teller.tell(ApprovalEnded{"a-2", "expired", {}});
  EXPECT_EQ(teller.activity.judged("a-2"), nullptr);
}

TEST(ActivityFeed, ForgetsTheOldestFirst) {
  Teller teller({.happenings_max = 3, .said_bytes_max = 8, .judged_max = 2});
  for (int i = 0; i < 5; ++i) teller.tell(held("a-" + std::to_string(i)), i);
  EXPECT_EQ(teller.activity.happenings().size(), 3u);
  EXPECT_EQ(teller.activity.happenings().front().seq, 2u);
  EXPECT_EQ(teller.activity.judged("a-2"), nullptr);
  EXPECT_NE(teller.activity.judged("a-4"), nullptr);
  EXPECT_EQ(teller.activity.last_of("r-1"), Instant{4'000'000'000});
}

TEST(ActivityFeed, ALongReasonIsCutBetweenTwoCharacters) {
  Teller teller({.said_bytes_max = 4});
  CallDecided decided = held("");
  decided.reason = "abc\u20acdef";
  teller.tell(decided);
  EXPECT_EQ(teller.activity.happenings().back().said, "abc…");
  EXPECT_EQ(teller.activity.happenings().back().tool, "crm/mail");
}

TEST(ActivityFeed, CountsQuestionsByTheHour) {
  Teller teller;
  ApprovalOpened opened;
  opened.approval = "a-1";
  teller.tell(opened, 3600 * 25 + 5);
  teller.tell(opened, 3600 * 25 + 6);
  EXPECT_EQ(teller.activity.hours()[1], 2u);
  EXPECT_EQ(teller.activity.questions(), 2u);
  EXPECT_EQ(teller.activity.since(), Instant{90'005'000'000'000});
}

TEST(ActivityFeed, CountsWhatChangesTheListOfQuestions) {
  Teller teller;
  const auto changes = [&teller] { return teller.activity.changes_of_questions(); };
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

// A run with questions about one tool.
class Asked : public RecordedRun {
 public:
  using RecordedRun::RecordedRun;
  void ask(const std::string& id, const std::string& class_text = "reversible small") {
    CallDecided decided = held(id, class_text);
    decided.facts = R"({"facts":")" + id + "\"}";
    hold(std::move(decided));
  }
};

TEST(ChronicleOfAnswers, WhoReadsForTwoSecondsIsNotHastyHoweverLongTheQuestionWaited) {
  Asked asked;
  asked.ask("a-1");
  asked.later(60'000);
  asked.activity.displayed("a-1", "ann", asked.now);
  asked.later(1'000);
  asked.activity.displayed("a-1", "ann", asked.now);  // looked at once more
  asked.later(999);
  asked.answer("a-1", "ann");
  asked.ask("a-2");
  asked.activity.displayed("a-2", "bob", asked.now);
  asked.later(1'000);
  asked.activity.displayed("a-2", "ann", asked.now);
  asked.later(2'000);
  asked.answer("a-2", "ann");
  const Answering& ann = asked.activity.answering().at("ann");
  EXPECT_EQ(ann.answers, 2u);
  EXPECT_EQ(ann.displayed, 2u);
  EXPECT_EQ(ann.hasty, 1u) << "two minutes after the question, 1.999 s after the card";
  EXPECT_EQ(ann.at_once, 0u);
  ASSERT_EQ(ann.read.size(), 2u);
  EXPECT_EQ(ann.read[0], Duration::milliseconds(1999));
  EXPECT_EQ(ann.read[1], Duration::seconds(2));
  EXPECT_EQ(ann.took[0], Duration::milliseconds(61'999));
}

TEST(ChronicleOfAnswers, WhoHadNoCardIsNotSaidToHaveReadItFast) {
  Asked asked;
  asked.ask("a-1");
  asked.activity.displayed("a-1", "bob", asked.now);
  asked.later(500);
  asked.answer("a-1", "ann");
  const Answering& ann = asked.activity.answering().at("ann");
  EXPECT_EQ(ann.displayed, 0u);
  EXPECT_EQ(ann.hasty, 0u);
  EXPECT_EQ(ann.at_once, 1u) << "half a second after the question";
  EXPECT_TRUE(ann.read.empty());
  asked.ask("a-2");
  asked.activity.displayed("a-2", "ann", asked.now);
  asked.later(500);
  asked.answer("a-2", "ann", false);
  EXPECT_EQ(asked.activity.answering().at("ann").hasty, 0u) << "a no is never hasty";
}

TEST(ChronicleOfAnswers, AChangedCallIsReadAnew) {
  Asked asked;
  asked.ask("a-1");
  asked.activity.displayed("a-1", "ann", asked.now);
  asked.later(60'000);
  ApprovalChanged changed;
  changed.approval = "a-1";
  changed.person = "bob";
  changed.args = "sha256:b";
  changed.binding = "b-other";
  asked.tell(changed);
  asked.activity.displayed("a-1", "ann", asked.now);
  asked.later(100);
  asked.answer("a-1", "ann");
  // bob's change was the approval that was wanted; ann's answer is one all the same.
  EXPECT_EQ(asked.activity.answering().at("ann").hasty, 1u);
}

TEST(ChronicleOfAnswers, CountsWhatAPersonOughtToLookAtByTool) {
  Asked asked;
  asked.ask("a-1");
  asked.answer("a-1", "ann");
  EXPECT_EQ(asked.activity.tools().at("crm/mail").grave, 0u);
  for (const char* class_text : {"irreversible small", "reversible small external_sink", ""}) {
    const std::uint64_t before = asked.activity.tools().at("crm/mail").grave;
    const std::string id = "a-of " + std::string(class_text);
    asked.ask(id, class_text);
    asked.answer(id, "ann");
    EXPECT_EQ(asked.activity.tools().at("crm/mail").grave, before + 1) << class_text;
  }
}

TEST(ChronicleOfCalls, SaysWhichFactsItDoesNotKeepAndTakesThemFromTheJournal) {
  Asked asked({.facts_kept_max = 1, .recalled_max = 2, .recalled_bytes_max = 64});
  asked.ask("a-1");
  asked.ask("a-2");
  const ActivityFeed& activity = asked.activity;
  EXPECT_TRUE(activity.judged("a-1")->has_facts);
  EXPECT_FALSE(activity.judged("a-2")->has_facts);
  EXPECT_EQ(activity.judged("a-2")->how->rule_at, "p.yaml:3:7");
  EXPECT_FALSE(activity.remembers("a-2"));
  CallDecided found = held("a-2");
  found.facts = R"({"facts":"read back"})";
  asked.activity.recall("a-2", &found);
  EXPECT_TRUE(activity.remembers("a-2"));
  EXPECT_EQ(activity.judged("a-2")->facts, found.facts);
  // Of a question from before the snapshot nothing at all is kept.
  EXPECT_EQ(activity.judged("a-0"), nullptr);
  asked.activity.recall("a-0", &found);
  EXPECT_EQ(activity.judged("a-0")->how->rule_at, "p.yaml:3:7");
  // What is not in the journal is not asked for again and again.
  asked.activity.recall("a-9", nullptr);
  EXPECT_TRUE(activity.remembers("a-9"));
  EXPECT_EQ(activity.judged("a-9"), nullptr);
  EXPECT_FALSE(activity.remembers("a-2")) << "the oldest goes first";
  found.facts = std::string(65, 'x');
  asked.activity.recall("a-2", &found);
  EXPECT_FALSE(activity.judged("a-2")->has_facts) << "too long to be kept here either";
}

}  // namespace
}  // namespace pawl::views
