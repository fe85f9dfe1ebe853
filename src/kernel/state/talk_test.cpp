#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernel/state/state.h"
#include "kernel/state/test_journal.h"
#include "kernel/state/together.h"

namespace pawl {
namespace {

using J = TestJournal;

class TalkTest : public ::testing::Test {
 protected:
  TalkTest() { j.open("r"); }
  ApprovalAsked asked(const std::string& text = "why?") const { return {"a1", "first", text, "p"}; }
  ApprovalReplied replied() const { return {"a1", "sha256:aa"}; }
  ApprovalPassed passed(const std::string& to = "leads") const {
    return {"a1", "first", to, "busy", "p"};
  }
  const Talk& talk() const { return *j.state.approval("a1")->talk; }
  TestJournal j;
};

TEST_F(TalkTest, IsKeptWithTheQuestionAndMovesNothing) {
  j.hold("c1", "a1", 2);
  const std::string before = j.state.approval("a1")->binding();
  EXPECT_EQ(j.state.approval("a1")->talk, nullptr);
  j.must(asked());
  EXPECT_TRUE(talk().unanswered());
  j.must(replied());
  EXPECT_FALSE(talk().unanswered());
  j.must(passed());
  EXPECT_EQ(talk().passed_to, "leads");
  EXPECT_EQ(talk().passed_by, "first");
  EXPECT_EQ(talk().passed_because, "busy");
  ASSERT_EQ(talk().remarks.size(), 2U);
  EXPECT_EQ(talk().remarks[0].text, "why?");
  EXPECT_EQ(talk().remarks[1].person, "");
  EXPECT_EQ(j.phase("a1"), ApprovalPhase::open);
  EXPECT_TRUE(j.state.approval("a1")->answers.empty());
  EXPECT_EQ(j.state.approval("a1")->binding(), before);
  const std::string snapshot = j.state.to_json();
  const auto again = State::from_json(snapshot);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->to_json(), snapshot);
}

TEST_F(TalkTest, NoAgentRepliesToWhatWasNotAsked) {
  j.never(asked());
  j.never(passed());
  j.hold("c1", "a1");
  j.never(replied());
  j.must(passed());
  j.never(replied());
  j.must(asked());
  j.must(asked("and how?"));
  j.must(replied());
  j.never(replied());
}

TEST_F(TalkTest, EndsWithTheQuestion) {
  j.hold("c1", "a1");
  j.must(asked());
  j.must(J::answer("a1", "second"));
  j.never(asked());
  j.never(passed());
  j.must(replied());  // the agent had begun to speak before it was approved
  j.must(J::again("c1", "allow", "a1"));
  j.never(replied());
}

TEST_F(TalkTest, HasBounds) {
  j.hold("c1", "a1");
  for (std::size_t i = 0; i < asked_back_max; ++i) j.must(asked());
  j.never(asked());
  for (std::uint32_t i = 0; i < passes_max; ++i) j.must(passed());
  j.never(passed());
}

TEST_F(TalkTest, IsFoundByItsCallWhileNoClientWaits) {
  j.hold("c1", "a1");
  j.must(asked());
  const std::string binding = j.state.approval("a1")->binding();
  EXPECT_EQ(j.state.asked_back("r", binding), nullptr) << "its caller is there";
  j.must(ApprovalAttached{"a1", "c1", false});
  ASSERT_NE(j.state.asked_back("r", binding), nullptr);
  EXPECT_EQ(j.state.asked_back("r", binding)->asked.approval, "a1");
  EXPECT_EQ(j.state.asked_back("r2", binding), nullptr);
  EXPECT_EQ(j.state.asked_back("r", "another"), nullptr);
}

Approval question(const std::string& id, const std::string& tool, const std::string& of_class,
                  bool typed = false) {
  Approval approval;
  approval.asked.approval = id;
  approval.asked.terms = std::make_shared<QuestionTerms>(
      QuestionTerms{.tool = tool, .typed = typed, .class_text = of_class});
  return approval;
}

std::string why_not(const std::vector<Approval>& questions) {
  std::vector<const Approval*> all;
  for (const Approval& one : questions) all.push_back(&one);
  return not_together(all);
}

TEST(Together, IsForOneToolAndOneClass) {
  const Approval a = question("a1", "set", "reversible small");
  EXPECT_EQ(why_not({a, question("a2", "set", "reversible small")}), "");
  EXPECT_EQ(why_not({a, question("a2", "put", "reversible small")}),
            "`a2` is about another tool than `a1`");
  EXPECT_EQ(why_not({a, question("a2", "set", "reversible large")}),
            "`a2` is of another class than `a1`");
  EXPECT_NE(why_not({}), "");
}

TEST(Together, WhatCannotBeUndoneOrIsNotKnownIsTypedOneByOne) {
  for (const char* of_class : {"irreversible small", "irreversible large", ""}) {
    const Approval a = question("a1", "set", of_class);
    EXPECT_EQ(why_not({a}), "") << "one alone is as ever";
    EXPECT_NE(why_not({a, question("a2", "set", of_class)}), "") << of_class;
    EXPECT_NE(why_not({question("a1", "set", of_class, true), question("a2", "set", of_class)}),
              "");
    EXPECT_EQ(
        why_not({question("a1", "set", of_class, true), question("a2", "set", of_class, true)}),
        "");
  }
}

}  // namespace
}  // namespace pawl
