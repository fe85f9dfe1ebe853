// What runs although the policy stops it, while a role is watched; and what never does.
#include "kernel/admit/let_through.h"

#include <gtest/gtest.h>

#include "kernel/definition/definition.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

constexpr std::string_view kWatchedHead = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
)";
constexpr std::string_view kWatchedTools = R"(tools:
  allowed:
    - {name: read_note, class: read_only, args: {id: {max: 10}}}
    - name: put_note
      class: reversible small
      args: {text: {max_length: 5}}
      constraints: {max_calls_per_run: 1, max_records_per_run: 3}
      records: size(args.ids)
    - {name: update_note, class: reversible small, requires_approval: true}
    - {name: send_mail, class: irreversible small, args: {to: {matches: "a@x"}}}
    - {name: fetch_page, class: read_only external_sink, args: {text: {max_length: 5}}}
    - name: book
      class: reversible small
      cases:
        - {if: 'args.kind == "plain"'}
        - {if: 'args.kind == "forbidden"', then: deny}
        - {if: 'args.kind == "final"', class: irreversible small, then: hold}
        - {if: 'args.kind == "asked"', then: hold}
        - {if: 'args.odd > 1', class: irreversible small, then: notify}
    - {name: "mcp:resources/read", class: read_only, args: {uri: {prefix: "note:"}}}
  blocked: [set_flag]
)";

struct Watched {
  std::shared_ptr<const Policy> policy;
  State state;
  Facts facts;
  Instant now{1'800'000'000'000'000'000};
  Verdict verdict{Effect::deny, kMostDangerous};
  std::optional<BoundTool> bound;
  std::uint64_t calls = 0;

  explicit Watched(const std::string& more = "", std::string_view tools = kWatchedTools) {
    LoadSources sources;
    sources.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
    const Loaded loaded =
        load_policy(std::string(kWatchedHead) + more + std::string(tools), "policy.yaml", sources);
    EXPECT_TRUE(loaded.policy) << (loaded.errors.empty() ? "" : to_string(loaded.errors.front()));
    policy = loaded.policy;
    RunOpened opened;
    opened.run = opened.key = "r";
    opened.agent = "agent";
    opened.identity = "agent@x";
    apply(opened);
    facts.pin = PinState::accepted;
  }
  void apply(Body body) {
    const Status done = state.apply({state.next_seq(), now, 0, std::move(body)});
    ASSERT_TRUE(done) << done.error().message;
  }
  static std::shared_ptr<const ToolDefinition> definition(const std::string& name,
                                                          const std::string& properties = "{}",
                                                          const std::string& annotations = "{}") {
    const auto document =
        json::parse(R"({"name":")" + name + R"(","inputSchema":{"type":"object","properties":)" +
                    properties + R"(},"annotations":)" + annotations + "}");
    return std::make_shared<const ToolDefinition>(*parse_definition(document->root(), ""));
  }
  std::optional<LetThrough> look(const std::string& tool, const std::string& arguments = "{}",
                                 std::shared_ptr<const ToolDefinition> defined = nullptr,
                                 Look which = Look::proposal) {
    const auto document = json::parse(arguments);
    const Call call{"", tool, document->root()};
    bound.reset();
    if (const ToolRule* entry = policy->find("", tool)) {
      bound = bind(*policy, *entry, defined, now);
    }
    const Situation situation{.policy = *policy,
                              .state = state,
                              .run = *state.run("r"),
                              .call = call,
                              .tool = bound ? &*bound : nullptr,
                              .facts = facts,
                              .now = now,
                              .look = which};
    verdict = admit(situation);
    return let_through(situation, verdict, defined);
  }
  // As the gate records it.
  void let(const std::string& tool, const std::string& arguments) {
    const auto passing = look(tool, arguments);
    ASSERT_TRUE(passing) << tool << " " << arguments;
    CallDecided d;
    d.call = "c" + std::to_string(++calls);
    d.run = "r";
    d.tool = tool;
    d.effect = to_string(verdict.effect);
    d.code = to_string(verdict.reason.code);
    d.enforced = false;
    d.class_text = to_string(passing->action_class);
    d.steps = passing->reservation.steps;
    d.calls = passing->reservation.calls;
    d.records = passing->reservation.records;
    if (bound) d.entry = bound->entry->key;
    apply(d);
  }
};

TEST(LetThroughTest, AConstraintThatDoesNotHoldStopsNoReadAndNothingReversible) {
  Watched w;
  const auto read = w.look("read_note", R"({"id":11})");
  ASSERT_TRUE(read);
  EXPECT_EQ(w.verdict.effect, Effect::deny) << "the verdict is what it is";
  EXPECT_EQ(w.verdict.reason.code, Code::constraint);
  EXPECT_EQ(to_string(read->action_class), "read_only");
  EXPECT_EQ(read->reservation.steps, 1U);
  EXPECT_EQ(read->reservation.calls, 1U);
  EXPECT_TRUE(w.look("put_note", R"({"text":"too long","ids":[1]})"));
  EXPECT_TRUE(w.look("update_note"));
  EXPECT_EQ(w.verdict.effect, Effect::hold);
  EXPECT_FALSE(w.look("read_note", R"({"id":1})")) << "what runs anyway is not let through";
}

TEST(LetThroughTest, NothingIrreversibleAndNothingThatCarriesDataOutside) {
  Watched w;
  EXPECT_FALSE(w.look("send_mail", R"({"to":"b@x"})"));
  EXPECT_FALSE(w.look("send_mail", R"({"to":"a@x"})")) << "held as always";
  EXPECT_EQ(w.verdict.effect, Effect::hold);
  EXPECT_FALSE(w.look("fetch_page", R"({"text":"too long"})"));
}

TEST(LetThroughTest, WhatIsBlockedOrForbiddenInSoManyWordsStays) {
  Watched w;
  EXPECT_FALSE(w.look("set_flag", "{}", Watched::definition("set_flag")));
  EXPECT_EQ(w.verdict.reason.code, Code::blocked);
  EXPECT_FALSE(w.look("book", R"({"kind":"forbidden","odd":0})"));
  EXPECT_TRUE(w.look("book", R"({"kind":"unforeseen","odd":0})"));
  EXPECT_EQ(w.verdict.reason.code, Code::constraint);
  EXPECT_FALSE(w.look("mcp:resources/read", R"({"uri":"file:///etc/passwd"})"));
}

TEST(LetThroughTest, TheClassIsThatOfTheCasesThatApplyOrCannotBeTold) {
  Watched w;
  EXPECT_TRUE(w.look("book", R"({"kind":"asked","odd":0})"));
  EXPECT_EQ(w.verdict.effect, Effect::hold);
  EXPECT_FALSE(w.look("book", R"({"kind":"final","odd":0})"));
  EXPECT_FALSE(w.look("book", R"({"kind":"unforeseen","odd":2})"));
  EXPECT_FALSE(w.look("book", R"({"kind":"unforeseen"})")) << "`odd` is not there";
}

TEST(LetThroughTest, CeilingsCountWhatWasLetThrough) {
  Watched w;
  EXPECT_FALSE(w.look("put_note", R"({"text":"too long","ids":[1,2,3,4]})")) << "four records";
  w.let("put_note", R"({"text":"too long","ids":[1,2]})");
  EXPECT_EQ(w.state.run("r")->entries.at("put_note").records.total(), 2U);
  EXPECT_FALSE(w.look("put_note", R"({"text":"too long","ids":[1]})")) << "one call";
  Watched steps("execution: {max_steps: 1}\n");
  steps.let("read_note", R"({"id":11})");
  EXPECT_FALSE(steps.look("read_note", R"({"id":11})"));
  EXPECT_TRUE(steps.verdict.halt);
}

TEST(LetThroughTest, AnUngrantedToolIsWhatItsDefinitionMakesItByTheWorstReading) {
  Watched w;
  const auto passing = w.look("get_page", "{}", Watched::definition("get_page"));
  ASSERT_TRUE(passing);
  EXPECT_EQ(w.verdict.reason.code, Code::not_granted);
  EXPECT_EQ(to_string(passing->action_class), "read_only");
  EXPECT_EQ(passing->credential, nullptr);
  EXPECT_FALSE(w.look("get_page")) << "an unknown definition";
  EXPECT_FALSE(w.look("delete_page", "{}", Watched::definition("delete_page")));
  EXPECT_FALSE(w.look("frobnicate", "{}", Watched::definition("frobnicate")));
  const std::string harmless = R"({"readOnlyHint":true})";
  EXPECT_FALSE(w.look("frobnicate", "{}", Watched::definition("frobnicate", "{}", harmless)))
      << "a server's word lowers nothing";
  const std::string grave = R"({"destructiveHint":true})";
  EXPECT_FALSE(w.look("get_page", "{}", Watched::definition("get_page", "{}", grave)));
  EXPECT_FALSE(w.look("get_page", R"({"more":1})", Watched::definition("get_page")))
      << "an unknown argument";
  EXPECT_FALSE(w.look("mcp:tools/list", "{}", Watched::definition("mcp:tools/list")));
}

TEST(LetThroughTest, ADefinitionThatWasNotAcceptedLetsNothingThrough) {
  for (const PinState pin : {PinState::none, PinState::changed, PinState::hidden,
                             PinState::ambiguous, PinState::unknown_tool}) {
    Watched w;
    w.facts.pin = pin;
    EXPECT_FALSE(w.look("get_page", "{}", Watched::definition("get_page"))) << to_string(pin);
  }
  Watched first;
  first.facts.pin = PinState::first_use;
  EXPECT_TRUE(first.look("get_page", "{}", Watched::definition("get_page")));
  Watched production("environment: production\n");
  production.facts.pin = PinState::first_use;
  EXPECT_FALSE(production.look("get_page", "{}", Watched::definition("get_page")));
  production.facts.pin = PinState::accepted;
  EXPECT_TRUE(production.look("get_page", "{}", Watched::definition("get_page")));
}

TEST(LetThroughTest, WhereCallsSayTheirEnvironmentAnUngrantedOneMayWorkInProduction) {
  const std::string freeze =
      "freeze: [{name: all, from: 2020-01-01T00:00, until: 2099-01-01T00:00, zone: UTC, "
      "stop: [reversible], env: [production], then: deny}]\n";
  const std::string_view tools = "tools: {allowed: [{name: read_note, class: read_only}]}\n";
  const auto move = Watched::definition("update_page", R"({"where":{"type":"string"}})");
  Watched by_call(
      "environment: {of: args.where, production: [live], development: [here]}\n" + freeze, tools);
  EXPECT_FALSE(by_call.look("update_page", R"({"where":"here"})", move)) << "no rule covers it";
  Watched known("environment: development\n" + freeze, tools);
  EXPECT_TRUE(known.look("update_page", R"({"where":"here"})", move));
}

TEST(LetThroughTest, WhatATaskTookFromItsRunStaysAway) {
  Watched w;
  EXPECT_TRUE(w.look("read_note", R"({"id":11})"));
  const Loaded task = load_task(*w.policy, "tools: [put_note]\n", "task.yaml");
  ASSERT_TRUE(task.policy);
  w.policy = task.policy;
  EXPECT_FALSE(w.look("read_note", R"({"id":1})", Watched::definition("read_note")));
  EXPECT_EQ(w.verdict.reason.code, Code::not_granted);
  EXPECT_FALSE(w.look("put_note", R"({"text":"too long","ids":[1]})"));
}

TEST(LetThroughTest, NodeRunAndPeopleComeFirst) {
  const std::string arguments = R"({"id":11})";
  Watched w;
  EXPECT_FALSE(w.look("read_note", arguments, nullptr, Look::after_hold));
  w.facts.clock_suspect = true;
  EXPECT_FALSE(w.look("read_note", arguments)) << "whether the time is over is unknown";
  w.facts.clock_suspect = false;
  w.facts.fault = "the disk is full";
  EXPECT_FALSE(w.look("read_note", arguments));
  w.facts.fault.clear();
  w.facts.approval =
      ApprovalFact{.approval = "a", .binding = "b", .rejected_by = "ann", .reason = {}};
  EXPECT_FALSE(w.look("update_note")) << "a person said no";
  w.facts.approval.reset();
  w.apply(KillSet{"k1", "tool", "read_note", "ann", "why"});
  EXPECT_FALSE(w.look("read_note", arguments));
  EXPECT_TRUE(w.look("put_note", R"({"text":"too long","ids":[1]})"));
  w.apply(RunHalted{"r", "ceiling", "why"});
  EXPECT_FALSE(w.look("put_note", R"({"text":"too long","ids":[1]})"));
}

TEST(LetThroughTest, SchemasFreezesAndNumbersWithoutOneReadingStay) {
  Watched w(
      "freeze: [{name: all, from: 2020-01-01T00:00, until: 2099-01-01T00:00, zone: UTC, "
      "stop: [reversible], then: hold}]\n");
  EXPECT_FALSE(w.look("put_note", R"({"text":"too long","ids":[1]})"));
  EXPECT_FALSE(w.look("update_note"));
  const auto typed = Watched::definition("read_note", R"({"id":{"type":"integer"}})");
  EXPECT_FALSE(w.look("read_note", R"({"id":"11"})", typed));
  EXPECT_EQ(w.verdict.reason.code, Code::schema);
  EXPECT_TRUE(w.look("read_note", R"({"id":11})", typed));
  EXPECT_FALSE(w.look("read_note", R"({"id":9007199254740993})")) << "two readings";
}

}  // namespace
}  // namespace pawl
