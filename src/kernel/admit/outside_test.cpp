// What may not leave with a call that carries data outside (P15).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/admit/test_world.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Class outside_read{Reversibility::read_only, Blast::small, true};
const std::string key = std::string("AK") + "IAQWERTZUIOPASDFGH";

class OutsideTest : public ::testing::Test {
 protected:
  void SetUp() override {
    w.grant("search");
    w.policy.index();
    w.open();
  }
  Verdict look(const std::string& arguments, Class c = outside_read) {
    return w.look("search", c, arguments);
  }
  std::string with(const std::string& text) { return R"({"query":")" + text + "\"}"; }
  std::string long_encoded() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "aB3c";
    return text;
  }
  TestWorld w;
};

TEST_F(OutsideTest, ACredentialIsHeldAndNotShown) {
  const Verdict v = look(with("is " + key + " a key"));
  ASSERT_EQ(v.effect, Effect::hold);
  EXPECT_EQ(v.reason.code, Code::approval_pending);
  EXPECT_THAT(v.question->why, HasSubstr("`query` holds what looks like an AWS access key"));
  EXPECT_THAT(v.question->why, Not(HasSubstr(key)));
}

TEST_F(OutsideTest, OnlyTheMarkIsLookedAt) {
  EXPECT_EQ(look(with(key), TestWorld::read).effect, Effect::allow);
  EXPECT_EQ(look(with(key), TestWorld::small).effect, Effect::allow);
}

TEST_F(OutsideTest, TheFileAndTheEntrySayWhatHappens) {
  w.policy.secrets.then = Effect::deny;
  w.policy.secrets.rule = TestWorld::rule("secrets", 5);
  Verdict v = look(with(key));
  EXPECT_EQ(v.effect, Effect::deny);
  EXPECT_EQ(v.reason.code, Code::constraint);
  ASSERT_NE(v.reason.rule, nullptr);
  EXPECT_EQ(v.reason.rule->path, "secrets");
  w.policy.tools[0].secrets = Effect::hold;
  EXPECT_EQ(look(with(key)).effect, Effect::hold);
  w.policy.tools[0].secrets = Effect::allow;
  EXPECT_EQ(look(with(key)).effect, Effect::allow);
}

TEST_F(OutsideTest, NamesElementsAndNestedTextsCarryAsMuch) {
  EXPECT_EQ(look(R"({")" + key + R"(":1})").effect, Effect::hold);
  EXPECT_EQ(look(R"({"a":[1,{"b":["x )" + key + R"("]}]})").effect, Effect::hold);
  EXPECT_EQ(look(R"({"a":{")" + key + R"(":null}})").effect, Effect::hold);
}

TEST_F(OutsideTest, ListedTextsAreFoundInside) {
  w.policy.secrets.texts = {"Blue Heron"};
  w.policy.secrets.listed =
      std::make_shared<const ListedTexts>(*ListedTexts::make(w.policy.secrets.texts));
  EXPECT_EQ(look(with("who works on blueHeron?")).effect, Effect::hold);
  EXPECT_EQ(look(with("who works on herons?")).effect, Effect::allow);
}

TEST_F(OutsideTest, LongEncodedDataNeedsALengthThatPermitsIt) {
  EXPECT_THAT(look(with(long_encoded())).question->why, HasSubstr("look encoded"));
  ArgumentRule rule;
  rule.path = *parse_argument_path("query");
  Check check{};
  check.kind = CheckKind::max_length;
  check.count = 500;
  rule.checks.push_back(check);
  w.policy.tools[0].arguments = {rule};
  w.policy.tools[0].named = {"query"};
  std::string pieces;
  for (int i = 0; i < 20; ++i)
    pieces += (i > 0 ? ",\"" : "\"") + long_encoded().substr(0, 100) + "\"";
  EXPECT_EQ(look(R"({"query":[)" + pieces + "]}").effect, Effect::hold) << "pieces add up";
  w.policy.tools[0].arguments[0].checks[0].count = 5000;
  EXPECT_EQ(look(with(long_encoded())).effect, Effect::allow);
  EXPECT_EQ(look(with(key)).effect, Effect::hold) << "a length permits no credential";
}

TEST_F(OutsideTest, AnAnswerIsGoodForWhatItWasAskedFor) {
  Facts facts;
  const auto document = json::parse(with(key));
  const Call call{"", "search", document->root()};
  const auto bound = w.bind_to("search", outside_read);
  const pawl::Run& run = *w.state.run("r");
  const Digest before = binding_of(w.policy, *bound, run, call, facts);
  w.policy.tools[0].secrets = Effect::deny;
  EXPECT_NE(before, binding_of(w.policy, *w.bind_to("search", outside_read), run, call, facts));
}

}  // namespace
}  // namespace pawl
