// What a reviewer types, from the policy to the question.
#include "kernel/admit/typed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/admit/test_world.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using W = TestWorld;

std::string text(std::string_view arguments, const std::vector<std::string>& typed_of) {
  const auto document = json::parse(arguments);
  EXPECT_TRUE(document) << arguments;
  const auto made = text_to_type(document->root(), typed_of, "pay");
  return made ? *made : "no text of " + made.error().message;
}

TEST(TypedTextTest, IsTheTextOfTheArgumentsOrTheToolsName) {
  EXPECT_EQ(text("{}", {}), "pay");
  EXPECT_EQ(text(R"({"id":"ORD-1"})", {"id"}), "ORD-1");
  EXPECT_EQ(text(R"({"id":"ORD-1","n":2.50})", {"id", "n"}), "ORD-1 2.5");
  EXPECT_EQ(text(R"({"a":{"b":"c"}})", {"a.b"}), "c");
}

TEST(TypedTextTest, WhatNoPersonCanReadOffAScreenIsNone) {
  for (const std::string_view arguments :
       {R"({})", R"({"id":null})", R"({"id":""})", R"({"id":" a"})", R"({"id":"a "})",
        R"({"id":["a"]})", R"({"id":true})", R"({"id":{"a":1}})", R"({"id":"a\nb"})",
        R"({"id":"a\u200bb"})", R"({"id":"\u202eab"})"}) {
    EXPECT_EQ(text(arguments, {"id"}), "no text of id") << arguments;
  }
  const std::string longest(typed_bytes_max, 'a');
  EXPECT_EQ(text("{\"id\":\"" + longest + "\"}", {"id"}), longest);
  EXPECT_EQ(text("{\"id\":\"" + longest + "a\"}", {"id"}), "no text of id");
}

TEST(TypedTextTest, EveryCharacterCountsHoweverItIsComposed) {
  EXPECT_TRUE(typed_right("ORD-1", "ORD-1"));
  EXPECT_FALSE(typed_right("ord-1", "ORD-1"));
  EXPECT_FALSE(typed_right("ORD-1 ", "ORD-1"));
  EXPECT_FALSE(typed_right("", ""));
  EXPECT_TRUE(typed_right("Zoe\u0308", "Zo\u00eb"));
  EXPECT_FALSE(typed_right("admin", "\u0430dmin")) << "a letter of another alphabet";
  EXPECT_FALSE(typed_right("fi", "\ufb01")) << "what looks alike is not composed into one";
}

class TypedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ToolRule& pay = w.grant("pay");
    pay.requires_approval = true;
    pay.named = {"id", "amount"};
    w.policy.index();
    w.open();
  }
  TypedText by(const std::string& argument) { return {argument, W::rule("typed", 30)}; }
  Verdict look(const std::string& arguments) { return w.look("pay", W::small, arguments); }
  TestWorld w;
};

TEST_F(TypedTest, TheEntrysWordsComeBeforeTheFiles) {
  EXPECT_FALSE(look("{}").question->typed);
  w.policy.approval.typed = by("");
  Verdict v = look("{}");
  EXPECT_TRUE(v.question->typed);
  EXPECT_TRUE(v.question->typed_of.empty());
  w.policy.tools[0].approval.typed = by("id");
  v = look(R"({"id":"ORD-1"})");
  ASSERT_EQ(v.effect, Effect::hold);
  EXPECT_THAT(v.question->typed_of, ElementsAre("id"));
}

TEST_F(TypedTest, AllCasesThatHoldAreTyped) {
  w.policy.tools[0].approval.typed = by("id");
  for (const char* argument : {"amount", "id", ""}) {
    Case one;
    one.rule = W::rule("case", 20);
    one.then = Effect::hold;
    one.arguments = {W::one_of("id", {"a"})};
    one.approval.typed = by(argument);
    w.policy.tools[0].cases.list.push_back(std::move(one));
  }
  const Verdict v = look(R"({"amount":3,"id":"a"})");
  ASSERT_EQ(v.effect, Effect::hold);
  EXPECT_THAT(v.question->typed_of, ElementsAre("amount", "id"));
}

// Otherwise the agent would choose what its reviewers have to read.
TEST_F(TypedTest, ACallWithoutThatTextIsDeniedAndNoReviewerIsAsked) {
  w.policy.tools[0].approval.typed = by("id");
  for (const std::string arguments : {"{}", R"({"id":null})", R"({"id":"a\u200b"})"}) {
    const Verdict v = look(arguments);
    EXPECT_EQ(v.effect, Effect::deny) << arguments;
    EXPECT_EQ(v.reason.code, Code::constraint);
    EXPECT_EQ(v.reason.argument, "id");
    EXPECT_THAT(v.reason.says, HasSubstr("could type"));
  }
}

TEST_F(TypedTest, AnAnswerIsStaleWhereMoreHasToBeTyped) {
  const std::string arguments = R"({"id":"ORD-1"})";
  w.propose("pay", W::small, arguments);
  w.approve();
  EXPECT_EQ(w.look("pay", W::small, arguments, Look::after_hold).effect, Effect::allow);
  w.policy.tools[0].approval.typed = by("id");
  EXPECT_EQ(w.look("pay", W::small, arguments, Look::after_hold).effect, Effect::hold);
}

}  // namespace
}  // namespace pawl
