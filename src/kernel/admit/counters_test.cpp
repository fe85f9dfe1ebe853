// Counters, from the text of a policy to the verdict, over several calls, ends and runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kernel/admit/admit.h"
#include "kernel/admit/test_world.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

// One agent whose tool is `update`, in as many runs as a test needs.
class CountersTest : public ::testing::Test {
 protected:
  void load(const std::string& entry, const std::string& file = "") {
    const std::string text =
        "version: 1\nagent: {id: agent, identity: agent@myco.iam, owner: o@x}\n" + file +
        "tools:\n  allowed:\n    - name: update\n      class: reversible small\n" + entry;
    Loaded loaded = load_policy(text, "p.yaml", {});
    for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
    ASSERT_NE(loaded.policy, nullptr);
    policy = loaded.policy;
    if (state.run("r") == nullptr) open("r");
  }
  void open(const std::string& run) {
    RunOpened opened;
    opened.run = opened.key = run;
    opened.agent = "agent";
    opened.identity = "agent@myco.iam";
    apply(opened);
  }
  void apply(Body body) {
    const Status done = state.apply({state.next_seq(), now, 0, std::move(body)});
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(state.consistent());
  }
  Verdict look(std::string_view arguments, const std::string& run = "r",
               const std::string& tool = "update") {
    documents.push_back(std::make_unique<json::Document>(*json::parse(arguments)));
    const Call call{"", tool, documents.back()->root()};
    const ToolRule* entry = policy->find("", tool);
    bound.push_back(std::make_unique<BoundTool>(bind(*policy, *entry, nullptr, now)));
    return admit({.policy = *policy,
                  .state = state,
                  .run = *state.run(run),
                  .call = call,
                  .tool = bound.back().get(),
                  .facts = facts,
                  .now = now});
  }
  // Decides and records; the id of the call that runs, or nothing.
  std::string start(std::string_view arguments, const std::string& run = "r",
                    const std::string& tool = "update") {
    const Verdict v = look(arguments, run, tool);
    last = v.reason.says;
    retry = v.retry;
    if (!v.runs()) {
      EXPECT_EQ(v.reason.code, Code::ceiling) << v.reason.says;
      EXPECT_FALSE(v.halt);
      return {};
    }
    CallDecided d;
    d.call = "c" + std::to_string(state.next_seq());
    d.run = run;
    d.tool = d.entry = tool;
    d.effect = to_string(v.effect);
    d.code = "none";
    d.class_text = "reversible small";
    d.steps = v.reservation.steps;
    d.calls = v.reservation.calls;
    d.sums = v.reservation.sums;
    apply(d);
    return d.call;
  }
  void end(const std::string& call, const std::string& outcome = "completed",
           const std::string& run = "r") {
    CallEnded e;
    e.call = call;
    e.run = run;
    e.outcome = outcome;
    apply(e);
  }
  // Runs it to its end; whether it might.
  bool runs(std::string_view arguments, const std::string& run = "r",
            const std::string& tool = "update") {
    const std::string call = start(arguments, run, tool);
    if (!call.empty()) end(call, "completed", run);
    return !call.empty();
  }

  std::shared_ptr<const Policy> policy;
  State state;
  Facts facts;
  Instant now{1'800'000'000'000'000'000};
  std::string last;
  bool retry = false;
  std::vector<std::unique_ptr<json::Document>> documents;
  std::vector<std::unique_ptr<BoundTool>> bound;
};

const std::string kPerRun = "      counters: [{add: args.amount, per: run, max: 0.30}]\n";
const std::string kPerCustomer =
    "      counters: [{add: args.amount, per: 24h, by: args.customer, max: 200.00}]\n";

TEST_F(CountersTest, AmountsAddUpExactly) {
  load(kPerRun);
  EXPECT_TRUE(runs(R"({"amount":0.1})"));
  EXPECT_TRUE(runs(R"({"amount":0.2})")) << "0.1 + 0.2 is 0.3";
  EXPECT_FALSE(runs(R"({"amount":0.000000001})"));
  EXPECT_THAT(last, HasSubstr("0 are left"));
  EXPECT_FALSE(retry) << "nothing comes back within a run";
  EXPECT_TRUE(runs(R"({"amount":-0.0})")) << "nothing is nothing";
}

TEST_F(CountersTest, WhatIsNoAmountIsDenied) {
  load("      counters: [{add: args.amount, per: run, max: 9000000000}]\n");
  for (const std::string_view call :
       {R"({})", R"({"amount":null})", R"({"amount":"5"})", R"({"amount":true})",
        R"({"amount":[5]})", R"({"amount":{"a":5}})", R"({"amount":-5})", R"({"amount":-0.01})",
        R"({"amount":0.30000000000000004})", R"({"amount":1e300})", R"({"amount":1e-300})",
        R"({"amount":9000000001})", R"({"Amount":5})"}) {
    EXPECT_FALSE(runs(call)) << call;
    EXPECT_FALSE(retry) << call;
  }
  EXPECT_TRUE(runs(R"({"amount":1e2})"));
  EXPECT_EQ(to_string(state.run("r")->sums.counters().begin()->second.sums.at("").settled), "100");
}

TEST_F(CountersTest, OfTwoInFlightTheSecondMayComeBack) {
  load(kPerRun);
  const std::string first = start(R"({"amount":0.2})");
  ASSERT_FALSE(first.empty());
  EXPECT_TRUE(start(R"({"amount":0.2})").empty());
  EXPECT_TRUE(retry) << "only a reservation stands in the way";
  EXPECT_TRUE(start(R"({"amount":0.4})").empty());
  EXPECT_FALSE(retry) << "this one never fits";
  end(first, "aborted");
  EXPECT_TRUE(runs(R"({"amount":0.2})"));
  EXPECT_FALSE(runs(R"({"amount":0.2})"));
  EXPECT_FALSE(retry);
}

TEST_F(CountersTest, CancellingAndFailingBringNothingBack) {
  load(kPerRun);
  for (const char* outcome : {"cancelled", "failed", "cancelled"}) {
    end(start(R"({"amount":0.1})"), outcome);
  }
  EXPECT_TRUE(start(R"({"amount":0.1})").empty());
}

TEST_F(CountersTest, AWindowOfTheAgentSlidesOverAllItsRuns) {
  load(kPerCustomer);
  open("s");
  EXPECT_TRUE(runs(R"({"amount":150,"customer":"C-1"})"));
  EXPECT_FALSE(runs(R"({"amount":51,"customer":"C-1"})", "s"));
  EXPECT_TRUE(retry);
  EXPECT_TRUE(runs(R"({"amount":51,"customer":"C-2"})", "s"));
  now = now + Duration::seconds(86'399);
  EXPECT_FALSE(runs(R"({"amount":51,"customer":"C-1"})"));
  now = now + Duration::seconds(1);
  facts.clock_suspect = true;
  EXPECT_FALSE(runs(R"({"amount":51,"customer":"C-1"})")) << "the time is uncertain";
  facts.clock_suspect = false;
  EXPECT_TRUE(runs(R"({"amount":51,"customer":"C-1"})"));
  now = now + Duration::seconds(-86'400);
  EXPECT_FALSE(runs(R"({"amount":150,"customer":"C-1"})")) << "the clock was set back";
}

TEST_F(CountersTest, SpellingsOfOneValueShareItsSum) {
  load(kPerCustomer);
  EXPECT_TRUE(runs(R"({"amount":150,"customer":"c-1"})"));
  for (const std::string_view call :
       {R"({"amount":51,"customer":"C-1"})", R"({"amount":51,"customer":" c-1 "})",
        R"({"amount":51,"customer":"\uff43-1"})", R"({"amount":51,"customer":"c\u200b-1"})"}) {
    EXPECT_FALSE(runs(call)) << call;
  }
  EXPECT_TRUE(runs(R"({"amount":150,"customer":5})"));
  EXPECT_FALSE(runs(R"({"amount":51,"customer":"5"})"));
  EXPECT_FALSE(runs(R"({"amount":51,"customer":5.0})"));
  for (const std::string_view call :
       {R"({"amount":1})", R"({"amount":1,"customer":null})", R"({"amount":1,"customer":""})",
        R"({"amount":1,"customer":" "})", R"({"amount":1,"customer":["c-1"]})",
        R"({"amount":1,"customer":{"id":"c-1"}})"}) {
    EXPECT_FALSE(runs(call)) << call;
    EXPECT_FALSE(retry);
  }
}

TEST_F(CountersTest, SeveralToolsShareASumOfTheFile) {
  load("      counters: [refunds]\n    - name: change\n      class: reversible small\n",
       "counters: {refunds: {add: args.amount, per: args.customer, window: 1d, max: 100, "
       "tools: [change]}}\n");
  EXPECT_TRUE(runs(R"({"amount":60,"customer":"a"})"));
  EXPECT_FALSE(runs(R"({"amount":60,"customer":"a"})", "r", "change"));
  EXPECT_TRUE(runs(R"({"amount":40,"customer":"a"})", "r", "change"));
  EXPECT_FALSE(runs(R"({"amount":0.01,"customer":"a"})"));
}

TEST_F(CountersTest, CountsListsAndExpressions) {
  load(
      "      counters:\n        - {per: 1h, max: 2}\n"
      "        - {add: size(args.ids), per: run, max: 3}\n"
      "        - {add: \"args.items[].sum\", per: run, max: 10}\n");
  EXPECT_FALSE(runs(R"({"ids":["a","b","c","d"],"items":[{"sum":1}]})"));
  EXPECT_FALSE(runs(R"({"ids":["a"],"items":[]})")) << "an empty list has no amount";
  EXPECT_FALSE(runs(R"({"ids":["a"],"items":[{"sum":1},{}]})"));
  EXPECT_FALSE(runs(R"({"ids":["a"],"items":[{"sum":6},{"sum":5}]})"));
  EXPECT_FALSE(runs(R"({"ids":5,"items":[{"sum":1}]})"));
  EXPECT_TRUE(runs(R"({"ids":["a"],"items":[{"sum":6},{"sum":4}]})"));
  EXPECT_FALSE(runs(R"({"ids":["a"],"items":[{"sum":1}]})"));
  EXPECT_TRUE(runs(R"({"ids":["a"],"items":[{"sum":0}]})"));
  EXPECT_FALSE(runs(R"({"ids":["a"],"items":[{"sum":0}]})")) << "two calls in an hour";
  EXPECT_TRUE(retry);
}

// What is counted is what is forwarded.
TEST_F(CountersTest, KeysAreTakenFromWhatIsForwarded) {
  load(
      "      args: {file: {path: {under: /srv, base: /srv}}}\n"
      "      counters: [{per: run, by: args.file, max: 1}]\n");
  facts.paths = {{"/file", "", ""}};
  EXPECT_TRUE(runs(R"({"file":"a"})"));
  EXPECT_FALSE(runs(R"({"file":"/srv/a"})"));
}

TEST_F(CountersTest, AHeldCallReservesWithItsSecondLook) {
  load(kPerRun + "      requires_approval: true\n");
  const Verdict held = look(R"({"amount":0.2})");
  EXPECT_EQ(held.effect, Effect::hold);
  EXPECT_TRUE(held.reservation.sums.empty());
  const Verdict never = look(R"({"amount":0.4})");
  EXPECT_EQ(never.effect, Effect::deny) << "no reviewer is asked for what cannot be";
}

// An answer is good whatever the sums are; whether there is room is judged anew.
TEST(CountersAndPeople, TheSecondLookFindsTheSumsOfThen) {
  for (const std::uint64_t max : {2U, 1U}) {
    TestWorld w;
    CounterRule counter;
    counter.id = "c";
    counter.rule = TestWorld::rule("counters/c", 50);
    counter.whole = Amount{nano_per_unit};
    counter.max = Amount{max * nano_per_unit};
    w.grant("asks").counters = {counter};
    w.policy.tools.back().requires_approval = true;
    w.grant("runs").counters = {counter};
    w.policy.index();
    w.open();
    EXPECT_EQ(w.propose("asks").effect, Effect::hold);
    const std::string held = w.last;
    EXPECT_EQ(w.propose("runs").effect, Effect::allow);
    w.end(w.last);
    w.last = held;
    w.approve();
    const Verdict v = w.look("asks", TestWorld::small, "{}", Look::after_hold);
    EXPECT_EQ(v.effect, max == 2 ? Effect::allow : Effect::deny) << v.reason.says;
    EXPECT_EQ(v.reservation.sums.size(), max == 2 ? 1U : 0U);
    EXPECT_FALSE(v.halt);
  }
}

// A policy that changes within a run: what its name still says goes on.
TEST_F(CountersTest, ASumGoesOnUnderAnotherCeiling) {
  load("      counters: {refunds: {add: args.amount, per: 1d, max: 100}}\n");
  EXPECT_TRUE(runs(R"({"amount":60})"));
  load("      counters: {refunds: {add: args.amount, per: 2d, max: 80}}\n");
  EXPECT_FALSE(runs(R"({"amount":30})"));
  EXPECT_TRUE(runs(R"({"amount":20})"));
  load("      counters: {refunds: {add: args.amount, per: 1d, max: 50}}\n");
  EXPECT_FALSE(runs(R"({"amount":0.01})")) << "more is spent than the new one allows at all";
}

TEST_F(CountersTest, NothingOfAnArgumentIsInARecord) {
  load(kPerCustomer);
  ASSERT_TRUE(runs(R"({"amount":1,"customer":"jane@example.org"})"));
  EXPECT_EQ(state.to_json().find("jane"), std::string::npos);
}

TEST_F(CountersTest, AnExplanationShowsTheSum) {
  load(kPerCustomer);
  ASSERT_TRUE(runs(R"({"amount":150,"customer":"a"})"));
  const Verdict v = look(R"({"amount":60,"customer":"a"})");
  EXPECT_EQ(
      v.reason.says,
      "`args.amount` may come to at most 200 in 1d for each `args.customer`, and 50 are left");
  EXPECT_EQ(v.reason.rule->path, "tools/update/counters/1");
}

}  // namespace
}  // namespace pawl
