// Requests to models: from the text of a policy over what each reserves and used to the next one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kernel/admit/admit.h"
#include "kernel/admit/decision_record.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

class ModelTest : public ::testing::Test {
 protected:
  void load(const std::string& execution, const std::string& models = "") {
    const std::string text = "version: 1\nagent: {id: agent, identity: agent@x, owner: o@x}\n" +
                             models + "execution: {" + execution +
                             "}\ntools: {allowed: [{name: \"*\", class: read_only}]}\n";
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
    opened.identity = "agent@x";
    opened.sponsor = run;
    apply(opened);
  }
  void apply(Body body) {
    const Status done = state.apply({state.next_seq(), now, 0, std::move(body)});
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(state.consistent());
    const auto again = State::from_json(state.to_json());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->to_json(), state.to_json());
  }
  // $1 for a million tokens in, $10 out.
  static ModelFact request(std::uint64_t input, std::uint64_t cap) {
    ModelFact fact;
    fact.input_most = input;
    fact.output_asked = cap;
    fact.price = DearestPrice{nano_usd_per_usd, 10 * nano_usd_per_usd, 0, "acme/one", "sha256:t"};
    return fact;
  }
  Verdict look(const ModelFact& fact, const std::string& arguments = "{}",
               const std::string& model = "one") {
    documents.push_back(std::make_unique<json::Document>(*json::parse(arguments)));
    const Call call{"model:acme", model, documents.back()->root()};
    auto tool = bind_call(*policy, call.server, call.tool, nullptr, now);
    bound.push_back(tool ? std::make_unique<BoundTool>(std::move(*tool)) : nullptr);
    facts.model = fact;
    if (!fact.input_most) facts.model.reset();
    const auto read = parse_facts(json::parse(to_json(facts))->root());
    EXPECT_TRUE(read && read->model == facts.model);
    return admit({.policy = *policy,
                  .state = state,
                  .run = *state.run("r"),
                  .call = call,
                  .tool = bound.back().get(),
                  .facts = facts,
                  .now = now});
  }
  // Decides and records; empty where it does not run.
  std::string start(const ModelFact& fact) {
    const Verdict verdict = look(fact);
    CallDecided decided = decision_record(verdict, {"model:acme", "one", {}}, bound.back().get());
    decided.call = "c" + std::to_string(++calls);
    decided.run = "r";
    const auto read = parse_record(to_json(Record{0, now, 0, decided}));
    EXPECT_TRUE(read) << read.error().message;
    apply(decided);
    return verdict.runs() ? decided.call : std::string();
  }
  void end(const std::string& call, const std::optional<Spent>& spent,
           const std::string& outcome = "completed") {
    CallEnded ended;
    ended.call = call;
    ended.run = "r";
    ended.outcome = outcome;
    ended.spent = spent;
    const auto read = parse_record(to_json(Record{0, now, 0, ended}));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(std::get<CallEnded>(read->body).spent, spent);
    apply(ended);
  }
  static Spent used(std::uint64_t input, std::uint64_t output, NanoUsd money) {
    Spent spent;
    spent.usage.input = input;
    spent.usage.output = output;
    spent.money = money;
    return spent;
  }
  const Spending& spending() const { return state.run("r")->spending; }

  std::shared_ptr<const Policy> policy;
  State state;
  Facts facts;
  Instant now = Instant{1'800'000'000'000'000'000};
  std::vector<std::unique_ptr<json::Document>> documents;
  std::vector<std::unique_ptr<BoundTool>> bound;
  int calls = 0;
};

TEST_F(ModelTest, WithoutCeilingsARequestIsCountedAndNotLimited) {
  load("max_steps: 5");
  ModelFact fact = request(1000, 0);
  fact.price.reset();
  const Verdict v = look(fact);
  ASSERT_TRUE(v.runs()) << v.reason.says;
  ASSERT_TRUE(v.reservation.spend);
  EXPECT_FALSE(v.reservation.spend->bounded);
  EXPECT_EQ(v.reservation.steps, 0U);
  const std::string call = start(fact);
  end(call, used(900, 5'000'000, 0));
  EXPECT_EQ(state.run("r")->phase, RunPhase::open);
  EXPECT_EQ(spending().tokens_settled(), 5'000'900U);
  EXPECT_EQ(state.run("r")->steps.settled, 0U);
}

TEST_F(ModelTest, FiftyRequestsOfTenCentsFitIntoFiveDollarsAndNotOneMore) {
  load("max_cost_usd: 5.00");
  // 50'000 in and 5'000 out: $0.05 and $0.05.
  const ModelFact fact = request(50'000, 5'000);
  std::vector<std::string> running;
  for (int i = 0; i < 1000; ++i) {
    if (const std::string call = start(fact); !call.empty()) running.push_back(call);
  }
  ASSERT_EQ(running.size(), 50U);
  EXPECT_EQ(spending().money.reserved, 5 * nano_usd_per_usd);
  const Verdict later = look(fact);
  EXPECT_EQ(later.reason.code, Code::ceiling);
  EXPECT_TRUE(later.retry);
  EXPECT_FALSE(later.halt);
  for (const std::string& call : running) end(call, used(50'000, 5'000, nano_usd_per_usd / 10));
  EXPECT_EQ(spending().money.settled, 5 * nano_usd_per_usd);
  const Verdict over = look(fact);
  EXPECT_TRUE(over.halt);
  EXPECT_THAT(over.reason.says, HasSubstr("$5.00"));
  EXPECT_EQ(over.reason.rule->path, "execution/max_cost_usd");
}

TEST_F(ModelTest, ACapIsLoweredToWhatIsLeftForGoodAndNeverForWhatIsReserved) {
  load("max_tokens_per_run: 10000");
  const std::string first = start(request(1000, 6000));
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(spending().tokens(), 7000U);
  const Verdict second = look(request(1000, 6000));
  EXPECT_FALSE(second.runs());
  EXPECT_TRUE(second.retry);
  end(first, used(1000, 6000, 0));
  const Verdict third = look(request(1000, 6000));
  ASSERT_TRUE(third.runs()) << third.reason.says;
  EXPECT_EQ(third.reservation.spend->output, 2000U);
  ModelFact two = request(1000, 6000);
  two.choices = 2;
  EXPECT_EQ(look(two).reservation.spend->output, 2000U);  // 1000 each
  const Verdict none = look(request(2990, 6000));
  EXPECT_TRUE(none.halt);
}

TEST_F(ModelTest, AThinkingBudgetAboveTheCapIsARefusal) {
  load("max_output_tokens: 3000");
  ModelFact fact = request(10, 8000);
  fact.output_least = 4001;
  const Verdict v = look(fact);
  EXPECT_TRUE(v.halt);
  EXPECT_EQ(v.reason.rule->path, "execution/max_output_tokens");
  load("max_steps: 5", "models: {allowed: [{name: acme/one, max_output_tokens: 100}]}\n");
  const Verdict capped = look(fact);
  EXPECT_EQ(capped.reason.code, Code::constraint);
  EXPECT_FALSE(capped.halt);
  EXPECT_EQ(look(request(10, 8000)).reservation.spend->output, 100U);
  EXPECT_EQ(look(request(10, 50)).reservation.spend->output, 50U);
}

TEST_F(ModelTest, WhatIsNotMeasuredIsChargedInFullAndWhatNeverLeftIsGivenBack) {
  load("max_cost_usd: 1.00, max_model_calls: 4");
  const ModelFact fact = request(1000, 1000);  // $0.001 and $0.01
  end(start(fact), std::nullopt, "indeterminate");
  EXPECT_EQ(spending().money.settled, 11'000'000U);
  end(start(fact), std::nullopt, "aborted");
  EXPECT_EQ(spending().money.settled, 11'000'000U);
  EXPECT_EQ(spending().calls.settled, 1U);
  Spent missing;
  missing.measured = false;
  missing.why = "the answer has no usage";
  end(start(fact), missing);
  EXPECT_EQ(spending().money.settled, 22'000'000U);
  end(start(fact), used(1, 1, 11'000));
  EXPECT_EQ(spending().money.settled, 22'011'000U);
  end(start(fact), Spent{}, "failed");  // the provider refused it and bills nothing
  EXPECT_EQ(spending().money.settled, 22'011'000U);
  EXPECT_EQ(spending().calls.settled, 4U);
  EXPECT_TRUE(look(fact).halt);
}

TEST_F(ModelTest, ASettlementAboveItsReservationHalts) {
  load("max_cost_usd: 1.00");
  end(start(request(1000, 1000)), used(1000, 1001, 11'010'000));
  EXPECT_EQ(state.run("r")->phase, RunPhase::halted);
  EXPECT_THAT(state.run("r")->why, HasSubstr("more than it had reserved"));
  EXPECT_EQ(spending().money.settled, 11'010'000U);
}

TEST_F(ModelTest, AnUnknownPriceDeniesOnlyWhereMoneyIsLimited) {
  load("max_tokens_per_run: 10000");
  ModelFact fact = request(100, 100);
  fact.price.reset();
  EXPECT_TRUE(look(fact).runs());
  load("max_cost_usd: 1.00");
  const Verdict v = look(fact);
  EXPECT_FALSE(v.runs());
  EXPECT_FALSE(v.halt);
  EXPECT_THAT(v.reason.says, HasSubstr("`prices` of the deployment file"));
}

TEST_F(ModelTest, InputWithoutABoundIsDeniedWhereSomethingIsLimited) {
  load("max_steps: 5");
  const Verdict counted = look(request(no_bound, 10));
  ASSERT_TRUE(counted.runs()) << counted.reason.says;
  EXPECT_FALSE(counted.reservation.spend->bounded);
  load("max_model_calls: 5");
  EXPECT_TRUE(look(request(no_bound, 10)).runs());
  load("max_tokens_per_run: 5000");
  const Verdict v = look(request(no_bound, 10));
  EXPECT_EQ(v.reason.code, Code::constraint);
  EXPECT_FALSE(v.halt);
}

TEST_F(ModelTest, MoneyAndTokensCannotOverflow) {
  load("max_cost_usd: 1000000000");
  ModelFact fact = request(no_bound - 1, ~std::uint64_t{0});
  fact.choices = ~std::uint64_t{0};
  fact.price->input = fact.price->output = fact.price->request = ~std::uint64_t{0};
  EXPECT_TRUE(look(fact).halt);
  load("max_steps: 5");
  const Verdict v = look(fact);
  ASSERT_TRUE(v.runs());
  EXPECT_EQ(v.reservation.spend->money, ~std::uint64_t{0});
}

TEST_F(ModelTest, OnlyListedModelsAreAskedAndOnlyWhatIsNamedIsUsed) {
  const std::string models =
      "models:\n  allowed:\n    - {name: \"acme/o*\", uses: [\"url:*.acme.example\"]}\n"
      "    - {name: acme/other, requires_approval: true}\n  blocked: [ACME/one-pro]\n";
  load("max_steps: 5", models);
  EXPECT_TRUE(look(request(1, 1)).runs());
  EXPECT_EQ(look(request(1, 1), "{}", "one-pro").reason.code, Code::blocked);
  EXPECT_EQ(look(request(1, 1), "{}", "two").reason.code, Code::not_granted);
  EXPECT_EQ(look(request(1, 1), "{}", "other").effect, Effect::hold);
  EXPECT_TRUE(look(request(1, 1), R"({"uses":["url:a.acme.example"]})").runs());
  const Verdict search = look(request(1, 1), R"({"uses":["url:a.acme.example","web_search"]})");
  EXPECT_EQ(search.reason.code, Code::constraint);
  EXPECT_THAT(search.reason.says, HasSubstr("`web_search`"));
}

TEST_F(ModelTest, NoEntryOfAToolReachesAModelAndNoCallIsARequest) {
  load("max_steps: 5", "models: {allowed: [none/of-them]}\n");
  EXPECT_EQ(look(request(1, 1)).reason.code, Code::not_granted);
  load("max_steps: 5");
  const Verdict v = look({.input_most = 0, .price = {}, .budgets = {}});
  EXPECT_EQ(v.reason.code, Code::not_granted);
  EXPECT_THAT(v.reason.says, HasSubstr("model proxy"));
}

TEST_F(ModelTest, ABudgetCountsWithinItsWindowAndSettlesWhereItWasAdmitted) {
  load("max_steps: 5");
  ModelFact fact = request(1000, 1000);
  BudgetFact day;
  day.window = {"agent/agent per day", Instant{1'799'999'000'000'000'000}};
  day.money = 20'000'000;  // two cents
  fact.budgets = {day};
  const std::string first = start(fact);
  ASSERT_FALSE(first.empty());
  EXPECT_TRUE(look(fact).retry);
  ModelFact next = fact;
  next.budgets[0].window.since = Instant{1'800'086'400'000'000'000};
  const std::string second = start(next);
  ASSERT_FALSE(second.empty());
  end(first, used(1000, 1000, 11'000'000));
  EXPECT_EQ(state.spending(fact.budgets[0].window)->money.settled, 11'000'000U);
  EXPECT_EQ(state.spending(next.budgets[0].window)->money.reserved, 11'000'000U);
  end(second, used(1000, 1000, 11'000'000));
  const std::string third = start(next);  // with a lower cap: what is left pays for 800 tokens
  ASSERT_FALSE(third.empty());
  end(third, used(1000, 800, 9'000'000));
  EXPECT_TRUE(start(next).empty());
  EXPECT_EQ(state.run("r")->phase, RunPhase::halted);
  EXPECT_THAT(state.run("r")->why, HasSubstr("agent/agent per day"));
}

}  // namespace
}  // namespace pawl
