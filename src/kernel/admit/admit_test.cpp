// The deny stages: which code, which rule, in which order.
#include "kernel/admit/admit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/admit/stages.h"
#include "kernel/admit/test_world.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using W = TestWorld;

class AdmitTest : public ::testing::Test {
 protected:
  void SetUp() override {
    w.grant("read");
    ToolRule& update = w.grant("update");
    update.arguments.push_back(W::one_of("status", {"cancelled", "refunded"}));
    update.named = {"status"};
    w.block("delete_it");
    w.policy.index();
    w.open();
  }
  Verdict denied(const Verdict& v, Code code) {
    EXPECT_EQ(v.effect, Effect::deny);
    EXPECT_EQ(to_string(v.reason.code), to_string(code)) << v.reason.says;
    EXPECT_FALSE(v.runs());
    EXPECT_EQ(v.reservation.calls, 0U);
    EXPECT_EQ(v.reservation.records, 0U);
    EXPECT_EQ(v.question, nullptr);
    return v;
  }
  TestWorld w;
};

TEST_F(AdmitTest, AllowsWhatIsGranted) {
  const Verdict v = w.look("read", W::read);
  EXPECT_EQ(v.effect, Effect::allow);
  EXPECT_EQ(v.reason.code, Code::none);
  ASSERT_NE(v.reason.rule, nullptr);
  EXPECT_EQ(v.reason.rule->path, "tools/read");
  EXPECT_EQ(v.reservation.steps, 1U);
  EXPECT_EQ(v.reservation.calls, 1U);
  EXPECT_FALSE(v.halt);
}

TEST_F(AdmitTest, DeniesWhatNoRuleGrants) {
  const Verdict v = denied(w.look("unknown"), Code::not_granted);
  EXPECT_EQ(v.reason.rule, &w.policy.default_rule);
  EXPECT_EQ(v.action_class, kMostDangerous);
  EXPECT_EQ(v.reservation.steps, 1U);  // it costs its step all the same
}

TEST_F(AdmitTest, ANameIsExactWhereItGrantsAndFoldedWhereItBlocks) {
  denied(w.look("Read"), Code::not_granted);
  denied(w.look("read "), Code::not_granted);
  for (const char* name :
       {"delete_it", "Delete_It", "DELETE_IT", "\uff44\uff45\uff4c\uff45\uff54\uff45_it"}) {
    denied(w.look(name), Code::blocked);
    denied(w.look(name, W::small, "{}", Look::proposal, "r", "crm2"), Code::blocked);
  }
}

TEST_F(AdmitTest, BlockedWinsOverAGrant) {
  w.grant("delete_it");
  w.policy.index();
  const Verdict v = denied(w.look("delete_it"), Code::blocked);
  EXPECT_EQ(v.reason.rule->path, "tools/blocked");
}

TEST_F(AdmitTest, AFaultOfTheNodeStopsEverything) {
  w.facts.fault = "the disk is full";
  const Verdict v = denied(w.look("read", W::read), Code::audit_unavailable);
  EXPECT_TRUE(v.retry);
  EXPECT_THAT(v.reason.says, HasSubstr("the disk is full"));
}

TEST_F(AdmitTest, TheSwitchStopsWhatItCovers) {
  w.apply(KillSet{"k1", "tool", "UPDATE", "", ""});
  denied(w.look("update", W::small, R"({"status":"refunded"})"), Code::killed);
  EXPECT_EQ(w.look("read", W::read).effect, Effect::allow);
  w.apply(KillSet{"k2", "all", "", "", ""});
  denied(w.look("read", W::read), Code::killed);
  denied(w.look("delete_it"), Code::killed);  // it speaks first
}

TEST_F(AdmitTest, AHaltedKilledOrClosedRunRunsNothing) {
  w.apply(RunHalted{"r", "ceiling", "25 steps"});
  const Verdict v = denied(w.look("read", W::read), Code::run_halted);
  EXPECT_THAT(v.reason.says, HasSubstr("25 steps"));
  denied(w.look("delete_it"), Code::run_halted);
  denied(w.look("unknown"), Code::run_halted);
  w.apply(RunClosed{"r", ""});
  denied(w.look("read", W::read), Code::run_halted);
}

// R04: a restart is no fresh start.
TEST_F(AdmitTest, AnEarlierHaltOfTheSameAgentAndSponsorStillStands) {
  w.apply(RunHalted{"r", "ceiling", "25 steps"});
  w.apply(RunClosed{"r", ""});
  for (int i = 0; i < 10; ++i) {
    const std::string run = "again" + std::to_string(i);
    w.open(run);
    denied(w.look("read", W::read, "{}", Look::proposal, run), Code::run_halted);
    w.apply(RunClosed{run, ""});
  }
  w.open("second", "another sponsor");
  EXPECT_EQ(w.look("read", W::read, "{}", Look::proposal, "second").effect, Effect::allow);
  w.apply(Resumed{"run", "r", "reviewer", ""});
  w.open("resumed");
  EXPECT_EQ(w.look("read", W::read, "{}", Look::proposal, "resumed").effect, Effect::allow);
}

TEST_F(AdmitTest, ARunOfAnotherAgentIsNotDecidedByThisPolicy) {
  w.policy.agent = "another";
  denied(w.look("read", W::read), Code::identity);
  w.policy.agent = "agent";
  w.policy.identity = "another@myco.iam";
  denied(w.look("read", W::read), Code::identity);
}

TEST_F(AdmitTest, APinThatIsNotAcceptedDenies) {
  for (const PinState pin :
       {PinState::changed, PinState::hidden, PinState::ambiguous, PinState::unknown_tool}) {
    w.facts.pin = pin;
    denied(w.look("read", W::read), Code::tool_changed);
  }
  w.facts.pin = PinState::first_use;
  EXPECT_EQ(w.look("read", W::read).effect, Effect::allow);
  w.policy.environment = Environment::production;
  denied(w.look("read", W::read), Code::tool_changed);
  w.facts.pin = PinState::accepted;
  EXPECT_EQ(w.look("read", W::read).effect, Effect::allow);
}

TEST_F(AdmitTest, AMisfitDeniesUntilItIsFixed) {
  const auto document = json::parse("{}");
  const Call call{"", "read", document->root()};
  BoundTool bound = *w.bind_to("read", W::read);
  bound.misfits.push_back({ErrorKind::invalid, "`read` has no argument `x`", {}});
  const Verdict v = admit({.policy = w.policy,
                           .state = w.state,
                           .run = *w.state.run("r"),
                           .call = call,
                           .tool = &bound,
                           .facts = w.facts,
                           .now = w.now});
  EXPECT_EQ(v.reason.code, Code::schema);
  EXPECT_THAT(v.reason.says, HasSubstr("`read` has no argument `x`"));
}

TEST_F(AdmitTest, AnArgumentThatDoesNotFitDenies) {
  EXPECT_EQ(w.look("update", W::small, R"({"status":"refunded"})").effect, Effect::allow);
  const Verdict v = denied(w.look("update", W::small, R"({"status":"shipped"})"), Code::constraint);
  EXPECT_EQ(v.reason.argument, "status");
  EXPECT_EQ(v.reason.rule->path, "tools/x/args/status");
  EXPECT_THAT(v.reason.says, Not(HasSubstr("refunded")));  // P16: no entry of the list
  EXPECT_THAT(v.reason.says, Not(HasSubstr("shipped")));
  denied(w.look("update", W::small, "{}"), Code::constraint);
  denied(w.look("update", W::small, R"({"status":[]})"), Code::constraint);
  denied(w.look("update", W::small, R"({"status":null})"), Code::constraint);
  denied(w.look("update", W::small, "[]"), Code::constraint);
}

TEST_F(AdmitTest, AKeyThatNoSchemaHasIsRefused) {
  auto definition = std::make_shared<ToolDefinition>();
  definition->name = "read";
  definition->has_schema = true;
  definition->arguments.type = ValueType::object;
  definition->arguments.properties.push_back({"id", true, {}, ""});
  BoundTool bound = *w.bind_to("read", W::read);
  bound.definition = definition;
  const auto look = [&](std::string_view arguments) {
    const auto document = json::parse(arguments);
    const Call call{"", "read", document->root()};
    return admit({.policy = w.policy,
                  .state = w.state,
                  .run = *w.state.run("r"),
                  .call = call,
                  .tool = &bound,
                  .facts = w.facts,
                  .now = w.now});
  };
  EXPECT_EQ(look(R"({"id":"x"})").effect, Effect::allow);
  EXPECT_EQ(look(R"({"id":"x","bcc":"y"})").reason.code, Code::constraint);  // P03
}

TEST_F(AdmitTest, TheStagesStandInTheOrderOfTheLifeOfACall) {
  std::vector<std::string_view> names;
  for (const DenyStage& stage : deny_stages()) names.push_back(stage.name);
  EXPECT_THAT(names,
              ::testing::ElementsAre("fault", "kill", "run state", "identity", "run ceilings",
                                     "repeats", "blocked", "grant", "environment", "credential",
                                     "pin", "schema", "constraints", "access", "cases", "commands",
                                     "layers", "outside", "freeze", "limits", "counters", "model"));
}

TEST_F(AdmitTest, ARefusedRequestIsBoundedLikeAnyOther) {
  w.policy.ceilings.denials = 1;
  const Call nothing{};
  const auto refuse = [&] {
    return admit_refused({.policy = w.policy,
                          .state = w.state,
                          .run = *w.state.run("r"),
                          .call = nothing,
                          .tool = nullptr,
                          .facts = w.facts,
                          .now = w.now},
                         Code::ambiguous_request, "two keys are the same");
  };
  denied(refuse(), Code::ambiguous_request);
  w.propose("unknown");
  const Verdict last = denied(refuse(), Code::ceiling);
  EXPECT_TRUE(last.halt);
  EXPECT_THAT(last.reason.says, HasSubstr("two keys are the same"));
  w.apply(RunHalted{"r", "ceiling", ""});
  denied(refuse(), Code::run_halted);
}

}  // namespace
}  // namespace pawl
