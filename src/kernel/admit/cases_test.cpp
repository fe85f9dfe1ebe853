// Conditions and cases, from the text of a policy to the verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kernel/admit/admit.h"
#include "kernel/admit/explain.h"
#include "kernel/admit/test_world.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One policy, its run, and calls of the tool `update`.
class CasesTest : public ::testing::Test {
 protected:
  void load(const std::string& entry, const std::string& rest = "") {
    std::string text = "version: 1\nagent: {id: agent, identity: agent@myco.iam, owner: o@x}\n";
    text += rest + "tools:\n  allowed:\n    - name: update\n" + entry;
    Loaded loaded = load_policy(text, "p.yaml", {});
    for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
    ASSERT_NE(loaded.policy, nullptr);
    policy = loaded.policy;
    RunOpened opened;
    opened.run = opened.key = "r";
    opened.agent = "agent";
    opened.identity = "agent@myco.iam";
    ASSERT_TRUE(state.apply({state.next_seq(), now, 0, opened}));
  }
  void define(std::string_view schema) {
    const auto document = json::parse(schema);
    definition =
        std::make_shared<const ToolDefinition>(*definition_of("", "update", document->root(), {}));
  }
  Verdict look(std::string_view arguments) {
    documents.push_back(std::make_unique<json::Document>(*json::parse(arguments)));
    const Call call{"", "update", documents.back()->root()};
    bound.push_back(
        std::make_unique<BoundTool>(bind(*policy, policy->tools.front(), definition, now)));
    return admit({.policy = *policy,
                  .state = state,
                  .run = *state.run("r"),
                  .call = call,
                  .tool = bound.back().get(),
                  .facts = facts,
                  .now = now});
  }
  std::string effect(std::string_view arguments) {
    return std::string(to_string(look(arguments).effect));
  }
  void run_once(std::uint64_t records) {
    CallDecided d;
    d.call = "c" + std::to_string(state.next_seq());
    d.run = "r";
    d.tool = d.entry = "update";
    d.effect = "allow";
    d.steps = d.calls = 1;
    d.records = records;
    d.class_text = "reversible small";
    ASSERT_TRUE(state.apply({state.next_seq(), now, 0, d}));
  }

  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const ToolDefinition> definition;
  State state;
  Facts facts;
  Instant now{1'800'000'000'000'000'000};
  std::vector<std::unique_ptr<json::Document>> documents;
  std::vector<std::unique_ptr<BoundTool>> bound;
};

TEST_F(CasesTest, TheStrictestOfAllThatApplyWinsAndNoneIsADenial) {
  load(R"(      class: reversible small
      cases:
        - if: args.amount <= 100.0
        - {if: args.amount > 50.0, then: notify}
        - {if: args.amount > 70.0, then: hold, say: a person looks}
        - {if: args.amount > 90.0, then: deny, say: too much, instead: ask a person}
)");
  EXPECT_EQ(effect(R"({"amount": 10.0})"), "allow");
  EXPECT_EQ(effect(R"({"amount": 60.0})"), "notify");
  EXPECT_EQ(effect(R"({"amount": 80.0})"), "hold");
  const Verdict v = look(R"({"amount": 95.0})");
  EXPECT_EQ(v.effect, Effect::deny);
  EXPECT_EQ(v.reason.code, Code::constraint);
  EXPECT_EQ(v.reason.rule->path, "tools/update/cases/4");
  EXPECT_EQ(v.reason.rule->at.line, 11U);
  EXPECT_EQ(v.cases, 0b1111U);
  const Call call{"", "update", documents.back()->root()};
  const std::string text = denial_text(v, call, &policy->tools.front());
  EXPECT_THAT(text, HasSubstr("too much"));
  EXPECT_THAT(text, HasSubstr("instead: ask a person"));
  EXPECT_THAT(text, HasSubstr("p.yaml:11"));
}

TEST_F(CasesTest, WhereNoneAppliesElseHolds) {
  load("      class: reversible small\n      cases: [{if: args.amount < 5}]\n");
  const Verdict none = look(R"({"amount": 9})");
  EXPECT_EQ(none.effect, Effect::deny);
  EXPECT_THAT(none.reason.says, HasSubstr("none of its cases applies (line 7)"));
}

TEST_F(CasesTest, ElseMayHold) {
  load("      class: reversible small\n      cases: [{if: args.amount < 5}]\n      else: hold\n");
  EXPECT_EQ(effect(R"({"amount": 4})"), "allow");
  const Verdict held = look(R"({"amount": 9})");
  EXPECT_EQ(held.effect, Effect::hold);
  EXPECT_EQ(held.reason.rule->path, "tools/update/else");
}

TEST_F(CasesTest, AFailingCaseGrantsNothingAndStopsEverything) {
  load(R"(      class: reversible small
      cases:
        - if: args.kind == "small"
        - {if: args.force == true, then: hold}
)");
  EXPECT_EQ(effect(R"({"kind": "small", "force": false})"), "allow");
  EXPECT_EQ(effect(R"({"kind": "small"})"), "hold");  // it cannot be told
  EXPECT_EQ(effect(R"({"kind": "small", "force": "yes"})"), "allow");
  EXPECT_EQ(effect(R"({"force": false})"), "deny");
  EXPECT_EQ(effect(R"({})"), "hold");
}

TEST_F(CasesTest, ACaseSaysTheClassAndAFailureOnlyRaisesIt) {
  load(R"(      class: reversible small
      cases:
        - {if: 'args.state == "open"'}
        - {if: 'args.state == "gone"', class: irreversible large}
        - {if: args.everything, class: irreversible small}
)");
  EXPECT_EQ(to_string(look(R"({"state":"open","everything":false})").action_class),
            "reversible small");
  const Verdict gone = look(R"({"state":"gone","everything":true})");
  EXPECT_EQ(to_string(gone.action_class), "irreversible large");
  EXPECT_EQ(gone.effect, Effect::hold);  // by the table
  const Verdict unclear = look(R"({"state":"open"})");
  EXPECT_EQ(to_string(unclear.action_class), "irreversible small");
  EXPECT_EQ(unclear.cases, 0b1U);
}

TEST_F(CasesTest, TheClassInForceDecidesAboutFreezes) {
  load(R"(      class: reversible small
      cases:
        - if: args.write == false
        - {if: args.write == true, class: irreversible small}
)",
       "freeze: [{name: stop, from: 2026-01-01T00:00:00Z, until: 2028-01-01T00:00:00Z, "
       "stop: [irreversible]}]\n");
  EXPECT_EQ(effect(R"({"write": false})"), "allow");
  EXPECT_EQ(look(R"({"write": true})").reason.code, Code::frozen);
}

TEST_F(CasesTest, AMappingComparesArguments) {
  load(R"(      class: reversible small
      cases:
        - if: {status: [open, closed]}
        - {if: {status: refunded}, approval: {by: [leads], quorum: 2, within: 1h}}
)");
  EXPECT_EQ(effect(R"({"status": "open"})"), "allow");
  EXPECT_EQ(effect(R"({"status": "other"})"), "deny");
  EXPECT_EQ(effect(R"({})"), "hold");  // one that stops applies where it cannot be told
  EXPECT_EQ(effect(R"({"status": ["refunded"]})"), "hold");
  const Verdict v = look(R"({"status": "refunded"})");
  ASSERT_NE(v.question, nullptr);
  EXPECT_EQ(v.question->quorum, 2);
  EXPECT_EQ(v.question->within, Duration::seconds(3600));
  EXPECT_THAT(v.question->reviewers, ElementsAre("leads"));
}

TEST_F(CasesTest, RequiresApprovalAndIfTakeExpressions) {
  load(R"(      class: reversible small
      if: '!has(args.dry) || args.dry == true'
      requires_approval: args.amount > 5
)");
  EXPECT_EQ(effect(R"({"amount": 5})"), "allow");
  EXPECT_EQ(effect(R"({"amount": 6})"), "hold");
  EXPECT_EQ(effect(R"({"amount": "many"})"), "hold");
  const Verdict v = look(R"({"amount": 5, "dry": false})");
  EXPECT_EQ(v.reason.code, Code::constraint);
  EXPECT_EQ(v.reason.rule->at.line, 7U);
}

TEST_F(CasesTest, RecordsByAnExpressionAreReservedAndSeen) {
  load(R"(      class: reversible small
      max_records_per_run: 5
      records: size(args.ids) - args.skip
      requires_approval: run.records["update"] >= 3
)");
  EXPECT_EQ(look(R"({"ids": [1, 2, 3], "skip": 1})").reservation.records, 2U);
  EXPECT_EQ(look(R"({"ids": [1, 2, 3, 4, 5, 6], "skip": 0})").reason.code, Code::ceiling);
  EXPECT_EQ(look(R"({"ids": [1], "skip": 2})").reason.code, Code::ceiling);  // negative
  EXPECT_EQ(look(R"({"ids": [1]})").reason.code, Code::ceiling);             // fails
  run_once(3);
  EXPECT_EQ(effect(R"({"ids": [1], "skip": 0})"), "hold");
}

TEST_F(CasesTest, SeenCountsCallsThatWereLetThrough) {
  load("      class: reversible small\n      if: run.seen[\"update\"] < 2\n");
  EXPECT_EQ(effect("{}"), "allow");
  run_once(1);
  run_once(1);
  EXPECT_EQ(effect("{}"), "deny");
}

TEST_F(CasesTest, RoutesOfAnApprovalReplaceItsReviewers) {
  load(R"(      class: reversible small
      requires_approval: true
)",
       "approval:\n  reviewers: [leads]\n  route:\n"
       "    - {if: 'args.place == \"a\"', to: [owner-of-a]}\n"
       "    - {if: args.amount > 100.0, to: [finance]}\n");
  EXPECT_THAT(look(R"({"place": "b", "amount": 1.0})").question->reviewers, ElementsAre("leads"));
  EXPECT_THAT(look(R"({"place": "a", "amount": 1.0})").question->reviewers,
              ElementsAre("owner-of-a"));
  EXPECT_THAT(look(R"({"place": "a", "amount": 101.0})").question->reviewers,
              ElementsAre("owner-of-a", "finance"));
  EXPECT_THAT(look(R"({"amount": 1.0})").question->reviewers, ElementsAre("owner-of-a"));
}

TEST_F(CasesTest, WhatIsComparedIsWhatIsForwarded) {
  load(R"(      class: reversible small
      args: {path: {under: /srv, base: /srv/app}}
      cases:
        - if: args.path.startsWith("/srv/")
        - {if: 'args.path.startsWith("/srv/app/secret")', then: deny}
)");
  facts.paths.push_back({"/path", "/srv/app/secret/key", ""});
  const Verdict v = look(R"({"path": "secret/key"})");
  EXPECT_EQ(v.reason.rule->path, "tools/update/cases/2");
}

TEST_F(CasesTest, AnExpressionThatDoesNotFitTheSchemaDeniesTheTool) {
  load("      class: reversible small\n      if: args.amunt < 5\n");
  define(R"({"type":"object","properties":{"amount":{"type":"integer"}},"required":["amount"]})");
  const Verdict v = look(R"({"amount": 1})");
  EXPECT_EQ(v.reason.code, Code::schema);
  ASSERT_FALSE(bound.back()->misfits.empty());
  EXPECT_THAT(to_string(bound.back()->misfits.front()), HasSubstr("p.yaml:7:16"));
  EXPECT_THAT(to_string(bound.back()->misfits.front()), HasSubstr("`amount` is meant?"));
}

TEST_F(CasesTest, ACaseMayNotClaimLessThanIsKnown) {
  load(R"(      cases:
        - {if: args.dry == true, class: reversible small}
        - {if: args.dry == false, class: read_only}
)",
       "accept_risk: [{rule: tools/update/cases/2/class, reason: r, owner: o@x, "
       "until: 2030-01-01}]\n");
  define(R"({"type":"object","properties":{"dry":{"type":"boolean"}},"required":["dry"]})");
  EXPECT_EQ(to_string(look(R"({"dry": false})").action_class), "read_only");
  now = Instant{2'000'000'000'000'000'000};
  EXPECT_EQ(look(R"({"dry": false})").reason.code, Code::schema);
}

TEST_F(CasesTest, AnUpperBoundHoldsInItsSituationOnly) {
  load(R"(      class: reversible small
      cases:
        - {if: args.kind == "gift", max_amounts: 50, say: gifts are small}
        - if: args.kind == "order"
)");
  EXPECT_EQ(effect(R"({"amount":50,"kind":"gift"})"), "allow");
  EXPECT_EQ(effect(R"({"amount":5000,"kind":"order"})"), "allow");
  for (const std::string_view call :
       {R"({"amount":50.01,"kind":"gift"})", R"({"amount":"5","kind":"gift"})",
        R"({"kind":"gift"})", R"({"amount":null,"kind":"gift"})",
        R"({"amount":[1,51],"kind":"gift"})"}) {
    const Verdict v = look(call);
    EXPECT_EQ(v.effect, Effect::deny) << call;
    EXPECT_EQ(v.reason.code, Code::constraint);
    ASSERT_NE(v.reason.rule, nullptr);
    EXPECT_EQ(v.reason.rule->path, "tools/update/cases/1/max_amounts");
    ASSERT_NE(v.reason.words, nullptr);
    EXPECT_EQ(v.reason.words->say, "gifts are small");
  }
}

// A case that lets calls run and fails does not apply; what it bounds is bounded all the same.
TEST_F(CasesTest, ACaseThatFailsBoundsToo) {
  load(R"(      class: reversible small
      cases:
        - {if: args.gift.note == "x", max_amount: 50}
        - if: args.amount > 0
)");
  EXPECT_EQ(effect(R"({"amount":51})"), "deny");
  EXPECT_EQ(effect(R"({"amount":50})"), "allow");
  EXPECT_EQ(effect(R"({"amount":51,"gift":{"note":"y"}})"), "allow");
}

TEST_F(CasesTest, ABoundOfACaseBindsToTheArgumentOrItsSingular) {
  load(R"(      class: reversible small
      cases: [{if: args.kind == "gift", max_amounts: 50}]
)");
  define(R"({"type":"object","properties":{
      "kind":{"type":"string"},"amount":{"type":"number"}},"required":["kind"]})");
  EXPECT_EQ(look(R"({"amount":51,"kind":"gift"})").reason.argument, "amount");
  EXPECT_EQ(effect(R"({"amount":50,"kind":"gift"})"), "allow");
  define(R"({"type":"object","properties":{
      "kind":{"type":"string"},"sum":{"type":"number"}},"required":["kind"]})");
  const Verdict v = look(R"({"sum":1,"kind":"gift"})");
  EXPECT_EQ(v.effect, Effect::deny) << "no argument is bounded: the entry does not fit the tool";
  EXPECT_EQ(v.reason.code, Code::schema);
}

}  // namespace
}  // namespace pawl
