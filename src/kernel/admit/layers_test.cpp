// What layers ask of a call, from the texts of role and layers to the verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kernel/admit/admit.h"
#include "kernel/admit/explain.h"
#include "kernel/admit/test_world.h"
#include "kernel/admit/trace.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LayersTest : public ::testing::Test {
 protected:
  void load(const std::string& entry, const std::vector<std::string>& layers,
            const std::string& rest = "") {
    std::string text = "version: 1\nagent: {id: agent, identity: agent@myco.iam, owner: o@x}\n";
    text += rest + "tools:\n  allowed:\n    - name: crm/update\n" + entry;
    LoadSources sources;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string name = "l" + std::to_string(i + 1);
      sources.layers.push_back(
          {name + ".yaml", "layer: " + name + "\nowner: o@x\n" + layers[i], {}});
    }
    Loaded loaded = load_policy(text, "p.yaml", sources);
    for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
    ASSERT_NE(loaded.policy, nullptr);
    policy = loaded.policy;
    RunOpened opened;
    opened.run = opened.key = "r";
    opened.agent = "agent";
    opened.identity = "agent@myco.iam";
    if (state.run("r") == nullptr) {
      ASSERT_TRUE(state.apply({state.next_seq(), now, 0, opened}));
    }
  }
  Situation situation(std::string_view arguments) {
    documents.push_back(std::make_unique<json::Document>(*json::parse(arguments)));
    calls.push_back(std::make_unique<Call>("crm", "update", documents.back()->root()));
    bound.push_back(
        std::make_unique<BoundTool>(bind(*policy, policy->tools.front(), nullptr, now)));
    return {.policy = *policy,
            .state = state,
            .run = *state.run("r"),
            .call = *calls.back(),
            .tool = bound.back().get(),
            .facts = facts,
            .now = now};
  }
  Verdict look(std::string_view arguments = "{}") {
    const Situation s = situation(arguments);
    EXPECT_TRUE(trace(s)) << "the stages one by one say something else";
    return admit(s);
  }
  std::string effect(std::string_view arguments = "{}") {
    return std::string(to_string(look(arguments).effect));
  }
  std::string binding() {
    const Situation s = situation("{}");
    return to_string(binding_of(*policy, *s.tool, s.run, s.call, facts));
  }

  std::shared_ptr<const Policy> policy;
  State state;
  Facts facts;
  Instant now{1'800'000'000'000'000'000};  // 2027-01-15
  std::vector<std::unique_ptr<json::Document>> documents;
  std::vector<std::unique_ptr<Call>> calls;
  std::vector<std::unique_ptr<BoundTool>> bound;
};

const std::string kSmall = "      class: reversible small\n";
const std::string kHold =
    "require: [{if: 'class.reversibility == \"reversible\"', then: hold, say: look first}]\n";

std::string except(const std::string& more) {
  return "except: [{role: agent, tool: crm/update, then: notify, reason: r, " + more + "}]\n";
}

TEST_F(LayersTest, ARoleAloneIsAsItWas) {
  load(kSmall, {});
  EXPECT_EQ(effect(), "allow");
  load(kSmall, {"blocked: [other]\n"});
  EXPECT_EQ(effect(), "allow");
}

TEST_F(LayersTest, ARowHoldsByClassAndSaysWhose) {
  load(kSmall, {kHold});
  const Verdict v = look();
  EXPECT_EQ(v.effect, Effect::hold);
  EXPECT_EQ(v.reason.code, Code::approval_pending);
  EXPECT_EQ(place_of(v.reason.rule), "l1.yaml:3");
  EXPECT_EQ(v.reason.rule->path, "layers/l1/require/1");
  EXPECT_EQ(v.question->why, "the layer `l1` asks for approval: look first");
}

TEST_F(LayersTest, ARowDenies) {
  load(kSmall, {"require: [{if: 'tool == \"crm/update\"', then: deny, say: not from here}]\n"});
  const Verdict v = look();
  EXPECT_EQ(v.effect, Effect::deny);
  EXPECT_EQ(v.reason.code, Code::constraint);
  const Call call{"crm", "update", {}};
  EXPECT_THAT(denial_text(v, call, &policy->tools.front()),
              ::testing::AllOf(HasSubstr("l1.yaml:3"), HasSubstr("not from here")));
}

TEST_F(LayersTest, TheStrictestOfAllLayersWinsInAnyOrder) {
  const std::string notify = "require: [{if: 'env == \"none\"', then: notify}]\n";
  const std::string deny = "require: [{if: 'agent == \"agent\"', then: deny}]\n";
  load(kSmall, {notify});
  EXPECT_EQ(effect(), "notify");
  for (const auto& layers : {std::vector{notify, kHold}, std::vector{kHold, notify}}) {
    load(kSmall, layers);
    EXPECT_EQ(effect(), "hold");
  }
  for (const auto& layers : {std::vector{deny, kHold, notify}, std::vector{notify, kHold, deny}}) {
    load(kSmall, layers);
    EXPECT_EQ(effect(), "deny");
  }
}

// An expression that fails stops the call; one that is not about the call at all does not.
TEST_F(LayersTest, WhatFailsIsStrict) {
  load(kSmall, {"require: [{if: 'args.amount > 100', then: deny}]\n"});
  EXPECT_EQ(effect(R"({"amount": 5})"), "allow");
  EXPECT_EQ(effect(R"({"amount": 500})"), "deny");
  EXPECT_EQ(effect("{}"), "deny");
  EXPECT_EQ(effect(R"({"amount": "5"})"), "deny");
  load(kSmall, {"require: [{if: '!args.list.all(x, args.list.all(y, x + y > 0))', then: hold}]\n"});
  std::string many = R"({"list": [1)";
  for (int i = 0; i < 2000; ++i) many += ",1";
  EXPECT_EQ(effect(R"({"list": [1]})"), "allow");
  EXPECT_EQ(effect(many + "]}"), "hold");
}

TEST_F(LayersTest, SeesTheClassOfTheCaseThatApplies) {
  load(kSmall +
           "      cases:\n        - {if: 'args.n == 1'}\n"
           "        - {if: 'args.n == 2', class: irreversible small}\n",
       {"require: [{if: 'class.reversibility == \"irreversible\"', then: deny}]\n"});
  EXPECT_EQ(effect(R"({"n": 1})"), "allow");
  EXPECT_EQ(effect(R"({"n": 2})"), "deny");
}

TEST_F(LayersTest, SeesTheStage) {
  const std::string row = "require: [{if: 'run.stage == \"new\"', then: deny}]\n";
  load(kSmall, {row}, "autonomy: {default: new}\n");
  EXPECT_EQ(effect(), "deny");
  load(kSmall, {row}, "autonomy: {default: mature}\n");
  EXPECT_EQ(effect(), "allow");
}

TEST_F(LayersTest, AnExceptionWeakensItsOwnLayerOnly) {
  load(kSmall, {kHold + except("until: 2027-03-31")});
  EXPECT_EQ(effect(), "notify");
  load(kSmall, {kHold, kHold + except("until: 2027-03-31")});
  EXPECT_EQ(effect(), "hold");
  load(kSmall,
       {"require: [{if: 'agent == \"agent\"', then: deny}]\n" + except("until: 2027-03-31")});
  EXPECT_EQ(effect(), "notify");
}

TEST_F(LayersTest, AnExceptionEnds) {
  load(kSmall, {kHold + except("until: 2027-01-14")});
  EXPECT_EQ(effect(), "hold");
  load(kSmall, {kHold + except("until: 2027-01-16")});
  EXPECT_EQ(effect(), "notify");
  // The time is uncertain: it may have ended.
  facts.clock_suspect = true;
  EXPECT_EQ(effect(), "hold");
}

TEST_F(LayersTest, AnExceptionIsForItsCallsOnly) {
  load(kSmall, {kHold + except("until: 2027-03-31, if: 'args.amount <= 25.0'")});
  EXPECT_EQ(effect(R"({"amount": 5})"), "notify");
  EXPECT_EQ(effect(R"({"amount": 26})"), "hold");
  EXPECT_EQ(effect("{}"), "hold");
  const std::string rest = "then: notify, until: 2027-03-31, reason: r}]\n";
  load(kSmall, {kHold + "except: [{role: other, tool: crm/update, " + rest});
  EXPECT_EQ(effect(), "hold");
  load(kSmall, {kHold + "except: [{role: agent, tool: crm/Update, " + rest});
  EXPECT_EQ(effect(), "hold");
  load(kSmall, {kHold + "except: [{role: agent, tool: mail/update, " + rest});
  EXPECT_EQ(effect(), "hold");
  load(kSmall, {kHold + "except: [{role: agent, tool: update, " + rest});
  EXPECT_EQ(effect(), "notify");
}

TEST_F(LayersTest, OfSeveralExceptionsTheOneThatAsksLeast) {
  load(kSmall, {"require: [{if: 'agent == \"agent\"', then: deny}]\nexcept:\n"
                "  - {role: agent, tool: update, then: hold, until: 2027-01-16, reason: r}\n"
                "  - {role: agent, tool: update, then: notify, until: 2027-03-31, reason: r}\n"});
  EXPECT_EQ(effect(), "notify");
  // The end of the other one changes nothing.
  now = *parse_instant("2027-02-01T00:00:00Z");
  EXPECT_EQ(effect(), "notify");
}

// What the role itself asks stays, whatever a layer excepts.
TEST_F(LayersTest, AnExceptionDoesNotWeakenTheRole) {
  load("      class: irreversible small\n",
       {"require: [{if: 'class.reversibility == \"irreversible\"', then: hold}]\n" +
        except("until: 2027-03-31")});
  EXPECT_EQ(effect(), "hold");
}

TEST_F(LayersTest, AQuestionIsTheStrictestOfEach) {
  const std::string terms =
      "require: [{if: 'agent == \"agent\"', approval: {by: [security], quorum: 3, within: 1h}}]\n";
  load(kSmall, {terms});
  Verdict v = look();
  EXPECT_EQ(v.question->quorum, 3);
  EXPECT_EQ(v.question->within, Duration::seconds(3600));
  EXPECT_THAT(v.question->reviewers, ElementsAre("security"));
  // The role asks too: the reviewer has to be of both.
  load(kSmall + "      approval: {by: [leads, heads], within: 10m, quorum: 2}\n", {terms});
  v = look();
  EXPECT_EQ(v.question->quorum, 3);
  EXPECT_EQ(v.question->within, Duration::seconds(600));
  EXPECT_THAT(v.question->reviewers, ElementsAre("leads & security", "heads & security"));
  EXPECT_FALSE(v.question->typed);
  // The role names no reviewers.
  load(kSmall + "      requires_approval: true\n", {terms});
  EXPECT_THAT(look().question->reviewers, ElementsAre("security"));
  // Two layers, one of which names no reviewers: the file's reviewers answer for that one.
  load(kSmall, {terms, kHold}, "approval: {reviewers: [leads]}\n");
  v = look();
  EXPECT_THAT(v.question->reviewers, ElementsAre("leads & security"));
  EXPECT_EQ(v.question->within, Duration::seconds(300));
}

// The tool's name, or what the role says besides.
TEST_F(LayersTest, ALayerMakesReviewersType) {
  const std::string terms = "require: [{if: 'agent == \"agent\"', typed: true}]\n";
  load(kSmall, {terms});
  Verdict v = look();
  ASSERT_NE(v.question, nullptr);
  EXPECT_TRUE(v.question->typed);
  EXPECT_TRUE(v.question->typed_of.empty());
  const std::string before = binding();
  load(kSmall, {"require: [{if: 'agent == \"agent\"', then: hold}]\n"});
  EXPECT_FALSE(look().question->typed);
  EXPECT_NE(binding(), before) << "an answer that was not typed is none";
  load(kSmall + "      approval: {typed: args.id}\n", {terms});
  v = look(R"({"id":"ORD-1"})");
  EXPECT_TRUE(v.question->typed);
  EXPECT_THAT(v.question->typed_of, ElementsAre("id"));
}

TEST_F(LayersTest, AQuestionOfALayerNeverStaysOpen) {
  load(kSmall + "      auto_deny_on_timeout: false\n", {kHold});
  EXPECT_TRUE(look().question->deny_on_timeout);
}

TEST_F(LayersTest, BlocksAndFreezesAndCeilingsNameTheLayer) {
  load(kSmall, {"blocked: [CRM/Update]\n"});
  Verdict v = look();
  EXPECT_EQ(v.reason.code, Code::blocked);
  EXPECT_EQ(place_of(v.reason.rule), "l1.yaml:3");
  load(kSmall, {"freeze: [{name: f, from: 2027-01-01T00:00:00Z, until: 2027-02-01T00:00:00Z, stop: "
                "[reversible]}]\n"});
  v = look();
  EXPECT_EQ(v.reason.code, Code::frozen);
  EXPECT_EQ(v.reason.rule->path, "layers/l1/freeze/f");
}

TEST_F(LayersTest, AnApprovalIsForWhatTheLayersAskedThen) {
  load(kSmall, {kHold});
  const std::string first = binding();
  load(kSmall, {});
  EXPECT_NE(binding(), first);
  load(kSmall, {"# a remark\n" + kHold});
  EXPECT_EQ(binding(), first);
  load(kSmall, {kHold + except("until: 2027-03-31")});
  EXPECT_NE(binding(), first);
}

}  // namespace
}  // namespace pawl
