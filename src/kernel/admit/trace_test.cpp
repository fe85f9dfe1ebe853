#include "kernel/admit/trace.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "kernel/admit/stages.h"
#include "kernel/admit/test_world.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct TraceWorld : ::testing::Test {
  TestWorld world;

  Trace trace_of(const std::string& tool, Class c, const std::string& arguments = "{}") {
    document = std::make_unique<json::Document>(*json::parse(arguments));
    call = Call{"", tool, document->root()};
    name = tool;
    call.tool = name;
    bound = world.bind_to(tool, c);
    auto made = trace({.policy = world.policy,
                       .state = world.state,
                       .run = *world.state.run("r"),
                       .call = call,
                       .tool = bound ? &*bound : nullptr,
                       .facts = world.facts,
                       .now = world.now});
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }

  const TracedStage& stage(const Trace& in, std::string_view wanted, bool can_deny = true) {
    const auto found = std::ranges::find_if(in.stages, [&](const TracedStage& one) {
      return one.name == wanted && one.can_deny == can_deny;
    });
    EXPECT_NE(found, in.stages.end()) << wanted;
    return *found;
  }

  std::unique_ptr<json::Document> document;
  std::string name;
  Call call;
  std::optional<BoundTool> bound;
};

// A stage that explains nothing would look like one whose rules do not apply.
TEST_F(TraceWorld, EveryStageExplainsItself) {
  std::vector<std::string_view> silent;
  for (const DenyStage& row : deny_stages()) {
    if (row.explain == nullptr) silent.push_back(row.name);
  }
  EXPECT_THAT(silent, ElementsAre("fault"));  // it has no rules: its sentence is all there is
  silent.clear();
  for (const HoldStage& row : hold_stages()) {
    if (row.explain == nullptr) silent.push_back(row.name);
  }
  EXPECT_THAT(silent, ElementsAre("cases"));  // the deny stage of this name explains them
}

TEST_F(TraceWorld, TheRuleThatDecidedIsTheOneThatObjects) {
  ToolRule& entry = world.grant("update");
  entry.arguments = {TestWorld::one_of("note", {"fine"}),
                     TestWorld::one_of("status", {"cancelled", "refunded"})};
  entry.named = {"note", "status"};
  world.policy.index();
  world.open();
  const Trace found = trace_of("update", TestWorld::small, R"({"note":"fine","status":"shipped"})");
  EXPECT_EQ(found.verdict.effect, Effect::deny);
  const TracedStage& looked = stage(found, "constraints");
  EXPECT_EQ(looked.outcome, TracedStage::Outcome::denies);
  ASSERT_EQ(looked.steps.size(), 3U);
  EXPECT_EQ(looked.steps[0].answer, ExplainedStep::Answer::fine);
  EXPECT_EQ(looked.steps[1].answer, ExplainedStep::Answer::objects);
  EXPECT_THAT(looked.steps[1].seen, ElementsAre("\"shipped\""));
  EXPECT_EQ(looked.steps[1].wants, "one of 2 permitted values");
  EXPECT_EQ(looked.rule, found.verdict.reason.rule);
  EXPECT_EQ(stage(found, "limits").outcome, TracedStage::Outcome::not_reached);
  EXPECT_EQ(stage(found, "class and stage", false).outcome, TracedStage::Outcome::not_reached);
}

TEST_F(TraceWorld, WhatAsksIsUnited) {
  ToolRule& entry = world.grant("send");
  entry.requires_approval = true;
  entry.approval_rule = TestWorld::rule("tools/send/approval", 30);
  world.policy.index();
  world.open();
  const Trace found = trace_of("send", TestWorld::mail);
  EXPECT_EQ(found.verdict.effect, Effect::hold);
  EXPECT_EQ(stage(found, "requires_approval", false).outcome, TracedStage::Outcome::asks);
  EXPECT_EQ(stage(found, "class and stage", false).outcome, TracedStage::Outcome::asks);
  EXPECT_EQ(stage(found, "freeze", false).outcome, TracedStage::Outcome::fine);
}

TEST_F(TraceWorld, WhatNoRuleGrantsEndsThere) {
  world.grant("read");
  world.policy.index();
  world.open();
  const Trace found = trace_of("delete", TestWorld::mail);
  EXPECT_EQ(stage(found, "grant").outcome, TracedStage::Outcome::denies);
  EXPECT_EQ(stage(found, "pin").outcome, TracedStage::Outcome::not_reached);
}

// The last denial that `max_denials` leaves becomes a halt: the trace names the stage behind it.
TEST_F(TraceWorld, AHaltByDenialsAgreesWithItsStage) {
  world.grant("read");
  world.policy.ceilings.denials = 0;
  world.policy.ceilings.denials_rule = TestWorld::rule("execution/max_denials", 50);
  world.policy.index();
  world.open();
  const Trace found = trace_of("delete", TestWorld::mail);
  EXPECT_TRUE(found.verdict.halt);
  EXPECT_EQ(stage(found, "grant").outcome, TracedStage::Outcome::denies);
}

TEST_F(TraceWorld, SecretsAndListsAreNotShown) {
  const auto show = [](std::string_view name, const std::string& value) {
    const auto parsed = json::parse(value);
    return shown_value(name, parsed->root());
  };
  EXPECT_EQ(show("status", "\"open\""), "\"open\"");
  EXPECT_EQ(show("n", "12"), "12");
  EXPECT_EQ(show("api_key", "\"open\""), "(a secret, not shown)");
  EXPECT_EQ(show("userPassword", "\"open\""), "(a secret, not shown)");
  EXPECT_EQ(show("text", "\"ghp_abcdefghijklmnop\""), "(looks like a secret)");
  EXPECT_EQ(show("to", R"(["a@x","b@x"])"), "a list of 2");
  EXPECT_THAT(show("t", R"("\u001b[2J\u202e")"), Not(HasSubstr("\x1b")));
  EXPECT_LT(show("t", "\"" + std::string(100'000, 'a') + "\"").size(), 200U);
}

}  // namespace
}  // namespace pawl
