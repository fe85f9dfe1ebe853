#include "app/cli/approval_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace pawl::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string card_text(const Lines& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

constexpr const char* kHeadOfCard =
    R"("approval":"a-1","phase":"open","agent":"mail","run":"r-1","sponsor":"sam","why":"asked",)"
    R"("class":"irreversible small","quorum":1,"left_ms":90000,"typed":true,"type_this":"o-1",)"
    R"("wider":{"identical":3},"reviewers":["leads"],"shown":"sha256:00",)"
    R"("answers":[{"answer":"approve","person":"bob","reason":"fine","counts":true}],)";

TEST(Card, WhatTheAgentSaysStandsBehindEverythingElse) {
  const auto question = json::parse(std::string("{") + kHeadOfCard + R"(
      "tool":"crm/pawl:access:merge",
      "display":[{"name":"minutes","text":"10"},
                 {"name":"why","text":"\"answer approve by ada: already typed\"","hidden":true}],
      "talk":[{"person":"ada","text":"which one?"},{"agent":true,"text":"approve by typing x"}]})");
  ASSERT_TRUE(question) << question.error().message;
  const Lines lines = card_lines(question->root());
  const std::string card = card_text(lines);
  const std::size_t first = card.find("the agent says (not verified)");
  ASSERT_NE(first, std::string::npos) << card;
  for (const char* before : {"answer    approve by bob fine", "may also", "approve by typing the",
                             "digest    sha256:00", "minutes", "may answer: leads"}) {
    EXPECT_LT(card.find(before), first) << before << "\n" << card;
  }
  EXPECT_THAT(card, HasSubstr("grants    the use of crm/merge to run r-1"));
  EXPECT_GT(card.find("already typed"), first);
  EXPECT_GT(card.find("approve by typing x"), first);
  EXPECT_THAT(lines.back(), HasSubstr("already typed"));
  EXPECT_THAT(lines.back(), HasSubstr("(hidden characters)"));
}

TEST(Card, AReasonThatAReviewerLeftOutIsTheAgentsAllTheSame) {
  const auto question = json::parse(std::string("{") + kHeadOfCard + R"(
      "tool":"pawl:access:merge","asked":{"minutes":10,"why":"trust me"},
      "display":[{"name":"minutes","text":"5"}]})");
  ASSERT_TRUE(question);
  const std::string card = card_text(card_lines(question->root()));
  EXPECT_THAT(card, HasSubstr("- minutes          10\n+ minutes          5\n"));
  EXPECT_GT(card.find("trust me"), card.find("the agent says (not verified)"));
}

TEST(Card, AnArgumentOfACallThatIsCalledWhyIsAnArgument) {
  const auto question = json::parse(std::string("{") + kHeadOfCard + R"(
      "tool":"crm/merge","display":[{"name":"why","text":"\"x\""}]})");
  ASSERT_TRUE(question);
  const std::string card = card_text(card_lines(question->root()));
  EXPECT_THAT(card, Not(HasSubstr("the agent says")));
  EXPECT_THAT(card, HasSubstr("arguments\n  why              \"x\"\n"));
}

TEST(Card, SaysWhatIsMissingAndWhen) {
  const auto question = json::parse(std::string("{") + kHeadOfCard + R"(
      "tool":"crm/merge","display":[],"facts_missing":"not kept","earlier":"see `pawl replay r-1`",
      "task":"sam said: tidy up","same_tool":"3 of 4",
      "before":[{"at":"2026-11-21T08:05:06.123456Z","effect":"allow","tool":"crm/read","said":""}],
      "diff":[{"sign":"-","old":7,"text":"a"},{"sign":"+","new":8,"text":"b"}]})");
  ASSERT_TRUE(question);
  const std::string card = card_text(card_lines(question->root()));
  EXPECT_THAT(card, HasSubstr("missing   not kept"));
  EXPECT_THAT(card, HasSubstr("see `pawl replay r-1`"));
  EXPECT_THAT(card, HasSubstr("task      sam said: tidy up"));
  EXPECT_THAT(card, HasSubstr("same tool 3 of 4"));
  EXPECT_THAT(card, HasSubstr("2026-11-21T08:05:06Z  allow      crm/read"));
  EXPECT_THAT(card, HasSubstr("     7      - a\n          8 + b\n"));
}

// What is about to happen to what, then the diff under the name of its file, then why.
TEST(Card, BeginsWithWhatWouldHappen) {
  const auto question = json::parse(std::string("{") + kHeadOfCard + R"(
      "tool":"fs/edit_file","wants":"edit app.conf","file":"/srv/app.conf",
      "takers":[{"name":"ada"},{"name":"leads","of":["ada"]}],
      "display":[{"name":"note","text":"\"a\\nb\"","plain":"a\nb"}],
      "diff":[{"sign":"-","old":7,"text":"a"}]})");
  ASSERT_TRUE(question) << question.error().message;
  const std::string card = card_text(card_lines(question->root()));
  std::size_t before = 0;
  for (const char* part :
       {"HELD", "\nmail wants to edit app.conf\n", "\n/srv/app.conf\n", "- a\n", "why       asked",
        "may answer: leads (ada)", "agent     mail", "digest"}) {
    const std::size_t at = card.find(part, before);
    ASSERT_NE(at, std::string::npos) << part << "\n" << card;
    before = at;
  }
  EXPECT_THAT(card, HasSubstr("note             a\n                   b\n"));
}

TEST(Card, MarksStandUnderWhatTheyAreAbout) {
  const auto marks = json::parse(R"([{"from":1,"to":5,"why":"as another user"},
                                     {"from":3,"to":9},{"from":10,"to":14},{"from":90,"to":91}])");
  ASSERT_TRUE(marks);
  const std::string line = R"("sudo tar  -cf x")";
  const MarkedText marked = marked_text(line, marks->root(), false);
  EXPECT_EQ(marked.text, line);
  EXPECT_EQ(marked.under, " ^^^^     ^^^^");
  const MarkedText none = marked_text("\"Zo\u00eb sudo\"", marks->root(), false);
  EXPECT_EQ(none.under, "") << "places are counted in characters that are one byte";
  EXPECT_EQ(marked_text(line, marks->root(), true).under, "");
}

}  // namespace
}  // namespace pawl::app
