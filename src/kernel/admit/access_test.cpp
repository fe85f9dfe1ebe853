// Access on request, from the text of the policy to the verdict: what may be asked for, and what a
// grant is good for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kernel/admit/access.h"
#include "kernel/admit/explain.h"
#include "kernel/admit/let_through.h"
#include "kernel/admit/trace.h"
#include "kernel/policy/access.h"
#include "model/access.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kAskedTool =
    R"({"name":"export_report","description":"Exports a report.","inputSchema":{"type":"object",)"
    R"("properties":{"rows":{"type":"integer"},"format":{"type":"string"},)"
    R"("customer":{"type":"string"}}}})";

class AccessTest : public ::testing::Test {
 protected:
  void load(const std::string& lines, const std::string& rest = "") {
    const std::string text =
        "version: 1\nagent: {id: agent, identity: agent@myco.iam, owner: o@x}\n" + rest +
        "tools:\n  allowed: [{name: read_it, class: read_only}]\n  blocked: [wipe_all]\n"
        "may_request:\n" +
        lines;
    Loaded loaded = load_policy(text, "p.yaml", {});
    for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
    ASSERT_NE(loaded.policy, nullptr);
    policy = loaded.policy;
    if (state.run("r") != nullptr) return;
    RunOpened opened;
    opened.run = opened.key = "r";
    opened.agent = "agent";
    opened.identity = "agent@myco.iam";
    opened.sponsor = "ada";
    apply(opened);
  }
  void apply(Body body) {
    const Status done = state.apply({state.next_seq(), now, 0, std::move(body)});
    ASSERT_TRUE(done) << done.error().message;
  }
  Situation situation(const std::string& tool, std::string_view arguments,
                      Look which = Look::proposal) {
    documents.push_back(std::make_unique<json::Document>(*json::parse(arguments)));
    names.push_back(std::make_unique<std::string>(tool));
    calls.push_back(std::make_unique<Call>("crm", *names.back(), documents.back()->root()));
    bound.push_back(std::make_unique<std::optional<BoundTool>>(
        bind_call(*policy, "crm", tool, definition, now)));
    return {.policy = *policy,
            .state = state,
            .run = *state.run("r"),
            .call = *calls.back(),
            .tool = *bound.back() ? &**bound.back() : nullptr,
            .facts = facts,
            .now = now,
            .look = which};
  }
  Verdict look(const std::string& tool, std::string_view arguments = "{}") {
    const Situation s = situation(tool, arguments);
    EXPECT_TRUE(trace(s)) << "the stages one by one say something else";
    return admit(s);
  }
  Verdict request(std::string_view arguments, const std::string& tool = "export_report") {
    return look(access_name(tool), arguments);
  }
  std::string refusal(std::string_view arguments, const std::string& tool = "export_report") {
    const Verdict v = request(arguments, tool);
    EXPECT_EQ(v.effect, Effect::deny);
    return std::string(to_string(v.reason.code)) + ": " + v.reason.says;
  }
  // People say yes to a request, and the gate makes the grant of it.
  std::string grant(std::string_view arguments, const std::string& tool = "export_report") {
    const std::string id = "g-" + std::to_string(++given);
    const std::string call = "c-" + id, approval = "a-" + id;
    CallDecided decided;
    decided.call = call;
    decided.run = "r";
    decided.server = "crm";
    decided.tool = access_name(tool);
    decided.effect = "hold";
    decided.approval = approval;
    decided.class_text = "read_only small";
    decided.entry = access_name(tool);
    apply(decided);
    ApprovalOpened asked;
    asked.approval = approval;
    asked.call = call;
    asked.run = "r";
    asked.binding = "b";
    asked.expires = now + Duration::seconds(300);
    asked.class_text = decided.class_text;
    asked.tool = "crm/" + access_name(tool);
    apply(asked);
    apply(ApprovalAnswered{approval, "grace", "approve", "", "passphrase", ""});
    decided.round = 2;
    decided.effect = "allow";
    apply(decided);
    const Situation s = situation(access_name(tool), arguments, Look::after_hold);
    const AccessGiven given_now = access_given(s);
    GrantMade made{id,
                   "r",
                   call,
                   approval,
                   given_now.tool,
                   given_now.line,
                   now + given_now.lasts,
                   given_now.calls,
                   given_now.before,
                   {}};
    for (auto [name, value] : given_now.arguments.members()) {
      made.arguments.push_back({std::string(name), granted_digest(id, name, value)});
    }
    apply(made);
    CallEnded ended;
    ended.call = call;
    ended.run = "r";
    ended.outcome = "completed";
    apply(ended);
    return id;
  }
  // A call that runs, as the gate records it.
  void run_call(const std::string& call, const Verdict& v) {
    CallDecided decided;
    decided.call = call;
    decided.run = "r";
    decided.server = "crm";
    decided.tool = decided.entry = "export_report";
    decided.effect = "allow";
    decided.class_text = to_string(v.action_class);
    decided.calls = v.reservation.calls;
    decided.grant = v.grant;
    apply(decided);
  }
  void end_call(const std::string& call, const std::string& outcome) {
    CallEnded ended;
    ended.call = call;
    ended.run = "r";
    ended.outcome = outcome;
    apply(ended);
  }

  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const ToolDefinition> definition = std::make_shared<const ToolDefinition>(
      *parse_definition(json::parse(kAskedTool)->root(), "crm"));
  State state;
  Facts facts = [] {
    Facts known;
    known.pin = PinState::accepted;
    return known;
  }();
  Instant now{1'800'000'000'000'000'000};
  int given = 0;
  std::vector<std::unique_ptr<json::Document>> documents;
  std::vector<std::unique_ptr<std::string>> names;
  std::vector<std::unique_ptr<Call>> calls;
  std::vector<std::unique_ptr<std::optional<BoundTool>>> bound;
};

const std::string kLine =
    "  - {name: export_report, args: {rows: {max: 100}, format: [csv, pdf], customer: {required: "
    "false}}, by: [leads], for: 30m, max_calls: 2}\n";

TEST_F(AccessTest, ARequestWaitsForAPerson) {
  load(kLine);
  const Verdict v = request(R"({"why":"the quarter is over"})");
  ASSERT_EQ(v.effect, Effect::hold) << v.reason.says;
  EXPECT_THAT(v.question->why, HasSubstr("`crm/export_report`"));
  EXPECT_THAT(v.question->why, HasSubstr("for 30m, at most 2 calls"));
  EXPECT_EQ(v.question->reviewers, std::vector<std::string>{"leads"});
  EXPECT_FALSE(v.action_class.has_effect()) << "nothing happens by asking";
}

TEST_F(AccessTest, WhereArgumentsAreTypedItsNameIs) {
  load(kLine, "approval: {reviewers: [leads], typed: args.customer}\n");
  const Verdict v = request(R"({"why":"x"})");
  ASSERT_EQ(v.effect, Effect::hold) << v.reason.says;
  EXPECT_TRUE(v.question->typed && v.question->typed_of.empty());
}

TEST_F(AccessTest, WithoutAGrantTheToolIsNotGranted) {
  load(kLine);
  const Verdict v = look("export_report", R"({"rows":5,"format":"csv"})");
  EXPECT_EQ(v.effect, Effect::deny);
  EXPECT_EQ(v.reason.code, Code::not_granted);
  const auto document = json::parse("{}");
  const Call call{"crm", "export_report", document->root()};
  const std::string told = denial_text(v, call, nullptr);
  EXPECT_THAT(told, HasSubstr("pawl_request_access"));
  EXPECT_THAT(told, HasSubstr("p.yaml:"));
}

TEST_F(AccessTest, WhatIsWiderThanItsLineIsRefusedWithoutAskingAnybody) {
  load(kLine);
  EXPECT_THAT(refusal(R"({"why":"x","minutes":31})"), HasSubstr("constraint: it may be asked for"));
  EXPECT_EQ(request(R"({"why":"x","minutes":30})").effect, Effect::hold);
  EXPECT_THAT(refusal(R"({"why":"x","calls":3})"), HasSubstr("2 calls at most"));
  EXPECT_THAT(refusal(R"({"why":"x","arguments":{"rows":101}})"),
              HasSubstr("a grant cannot exceed what the policy"));
  EXPECT_THAT(refusal(R"({"why":"x","arguments":{"format":"xml"}})"), HasSubstr("constraint"));
  EXPECT_THAT(refusal(R"({"why":"x","arguments":{"approved_by":"security"}})"),
              HasSubstr("constraint"));
  EXPECT_THAT(refusal(R"({"why":"x","minutes":0})"), HasSubstr("schema"));
  EXPECT_THAT(refusal(R"({"why":"x","minutes":1e9})"), HasSubstr("schema"));
  EXPECT_THAT(refusal(R"({"why":""})"), HasSubstr("schema"));
  EXPECT_THAT(refusal(R"({})"), HasSubstr("schema"));
  EXPECT_THAT(refusal(R"({"why":"x","approved":true})"), HasSubstr("schema"));
  EXPECT_THAT(refusal(R"({"why":")" + std::string(501, 'x') + R"("})"), HasSubstr("schema"));
  EXPECT_THAT(refusal(R"({"why":"one line\nand another"})"), HasSubstr("constraint"));
}

// H12: no reviewer is asked for what is blocked, stopped, not on a line, or not what was accepted.
TEST_F(AccessTest, WhatCannotBeHadCannotBeAskedFor) {
  load(kLine + "  - {name: wipe_some, for: 1h}\n");
  EXPECT_THAT(refusal(R"({"why":"x"})", "wipe_all"), HasSubstr("not_granted"));
  EXPECT_THAT(refusal(R"({"why":"x"})", "read_it"), HasSubstr("not_granted"));
  apply(KillSet{"k1", "tool", "wipe_some", "ada", "no"});
  EXPECT_THAT(refusal(R"({"why":"x"})", "wipe_some"), HasSubstr("killed: "));
  facts.pin = PinState::changed;
  EXPECT_THAT(refusal(R"({"why":"x"})"), HasSubstr("tool_changed"));
  facts.pin = PinState::unknown_tool;
  EXPECT_THAT(refusal(R"({"why":"x"})"), HasSubstr("tool_changed"));
}

TEST_F(AccessTest, ALayerThatBlocksTheToolBlocksTheRequest) {
  LoadSources sources;
  sources.layers.push_back({"org.yaml", "layer: org\nowner: o@x\nblocked: [export_report]\n", {}});
  const Loaded loaded = load_policy(
      "version: 1\nagent: {id: agent, identity: agent@myco.iam, owner: o@x}\n"
      "tools: {allowed: [{name: read_it, class: read_only}]}\nmay_request:\n" +
          kLine,
      "p.yaml", sources);
  ASSERT_NE(loaded.policy, nullptr);
  load(kLine);
  policy = loaded.policy;
  EXPECT_THAT(refusal(R"({"why":"x"})"), HasSubstr("blocked: "));
}

TEST_F(AccessTest, AGrantLetsCallsThroughUntilItsTimeIsOver) {
  load(kLine);
  grant(R"({"why":"x","minutes":10})");
  const Verdict v = look("export_report", R"({"rows":5,"format":"csv"})");
  EXPECT_NE(v.reason.code, Code::not_granted) << v.reason.says;
  EXPECT_EQ(v.grant, "g-1");
  EXPECT_EQ(look("export_report", R"({"rows":101,"format":"csv"})").reason.code, Code::constraint);
  now = now + Duration::seconds(599);
  EXPECT_EQ(look("export_report", R"({"rows":5,"format":"csv"})").grant, "g-1");
  now = now + Duration::seconds(1);
  const Verdict over = look("export_report", R"({"rows":5,"format":"csv"})");
  EXPECT_EQ(over.reason.code, Code::not_granted);
  EXPECT_THAT(over.reason.says, HasSubstr("its time is over"));
}

TEST_F(AccessTest, AGrantIsForTheArgumentsThatWereAskedFor) {
  load(kLine);
  grant(R"({"why":"x","arguments":{"customer":"c-17","rows":5}})");
  EXPECT_EQ(look("export_report", R"({"customer":"c-17","format":"csv","rows":5})").grant, "g-1");
  for (const std::string_view other :
       {R"({"customer":"c-18","format":"csv","rows":5})", R"({"format":"csv","rows":5})",
        R"({"customer":"c-17","format":"csv","rows":6})"}) {
    EXPECT_EQ(look("export_report", other).reason.code, Code::not_granted) << other;
  }
}

TEST_F(AccessTest, CallsUnderWayUseAGrantUp) {
  load(kLine);
  grant(R"({"why":"x","calls":1})");
  const std::string call = R"({"rows":5,"format":"csv"})";
  run_call("c1", look("export_report", call));
  EXPECT_THAT(look("export_report", call).reason.says, HasSubstr("used up"));
  end_call("c1", "aborted");
  EXPECT_EQ(look("export_report", call).grant, "g-1") << "it never ran";
  run_call("c2", look("export_report", call));
  end_call("c2", "completed");
  EXPECT_EQ(look("export_report", call).reason.code, Code::not_granted);
  grant(R"({"why":"y","calls":1})");
  EXPECT_EQ(look("export_report", call).grant, "g-2") << "a second grant is one more call";
}

// A call that was on its way when the second grant came counts for it, whatever becomes of it.
TEST_F(AccessTest, NoCallIsCountedForTwoGrants) {
  load(kLine);
  const std::string call = R"({"rows":5,"format":"csv"})";
  grant(R"({"why":"x","calls":1})");
  run_call("c1", look("export_report", call));
  grant(R"({"why":"y","calls":1})");
  EXPECT_EQ(look("export_report", call).reason.code, Code::not_granted);
  end_call("c1", "aborted");
  run_call("c2", look("export_report", call));
  EXPECT_EQ(look("export_report", call).reason.code, Code::not_granted);
}

TEST_F(AccessTest, WhatStopsTheRunEndsItsGrants) {
  for (const Body& end : std::vector<Body>{KillSet{"k1", "run", "r", "ada", ""},
                                           KillSet{"k2", "tool", "export_report", "ada", ""},
                                           KillSet{"k3", "upstream", "crm", "ada", ""},
                                           RunHalted{"r", "ceiling", ""}, RunClosed{"r", ""}}) {
    state = State();
    load(kLine);
    grant(R"({"why":"x"})");
    ASSERT_EQ(state.run("r")->grants.size(), 1U);
    apply(end);
    EXPECT_TRUE(state.run("r")->grants.empty());
  }
  state = State();
  load(kLine);
  apply(GrantEnded{grant(R"({"why":"x"})"), "r", "ada", "done"});
  EXPECT_EQ(look("export_report", R"({"rows":5,"format":"csv"})").reason.code, Code::not_granted);
}

// H05: a line that says something else is not the one that people answered for.
TEST_F(AccessTest, AGrantDoesNotOutliveItsLine) {
  load(kLine);
  grant(R"({"why":"x"})");
  const std::string call = R"({"rows":5,"format":"csv"})";
  load("\n# another place in the file\n" + kLine);
  EXPECT_EQ(look("export_report", call).grant, "g-1");
  std::string wider = kLine;
  wider.replace(wider.find("100"), 3, "900");
  load(wider);
  EXPECT_THAT(look("export_report", call).reason.says, HasSubstr("another line"));
}

TEST_F(AccessTest, AClockThatCannotBeBelievedEndsNothingAndGrantsNothing) {
  load(kLine);
  grant(R"({"why":"x"})");
  facts.clock_suspect = true;
  EXPECT_THAT(look("export_report", R"({"rows":5,"format":"csv"})").reason.says,
              HasSubstr("the time is not known"));
}

TEST_F(AccessTest, WhatTheFileSaysOfItsServersHolds) {
  load("  - {name: crm/export_report, for: 1h}\n",
       "servers: {crm: {args: {customer: [c-17]}}}\nenvironment: development\n");
  grant(R"({"why":"x"})");
  EXPECT_EQ(look("export_report", R"({"customer":"c-18"})").reason.code, Code::constraint);
  EXPECT_THAT(refusal(R"({"why":"x","arguments":{"customer":"c-18"}})"), HasSubstr("constraint"));
}

TEST_F(AccessTest, WhatCannotBeUndoneIsAskedAboutCallByCall) {
  definition = std::make_shared<const ToolDefinition>(*parse_definition(
      json::parse(R"({"name":"merge_records","description":"Merges and deletes.",)"
                  R"("inputSchema":{"type":"object","properties":{"a":{"type":"string"}}},)"
                  R"("annotations":{"destructiveHint":true}})")
          ->root(),
      "crm"));
  load("  - {name: merge_records, args: {a: {max_length: 9}}, by: [leads], for: 1h}\n");
  EXPECT_THAT(request(R"({"why":"x"})", "merge_records").question->why, HasSubstr("irreversible"));
  grant(R"({"why":"x"})", "merge_records");
  const Verdict v = look("merge_records", R"({"a":"1"})");
  EXPECT_EQ(v.effect, Effect::hold) << v.reason.says;
}

TEST_F(AccessTest, WatchingWithoutEnforcingGrantsNothing) {
  load(kLine);
  const Situation s = situation(access_name("export_report"), R"({"why":"x"})");
  EXPECT_FALSE(let_through(s, admit(s), definition).has_value());
}

TEST_F(AccessTest, AnAnswerIsForExactlyThisRequest) {
  load(kLine);
  const auto binding = [this](std::string_view arguments) {
    const Situation s = situation(access_name("export_report"), arguments);
    return to_string(binding_of(*policy, *s.tool, s.run, s.call, facts));
  };
  const std::string asked = binding(R"({"why":"x"})");
  EXPECT_EQ(asked, binding(R"({"why":"x"})"));
  EXPECT_NE(asked, binding(R"({"why":"x","minutes":5})"));
  std::string longer = kLine;
  longer.replace(longer.find("30m"), 3, "40m");
  load(longer);
  EXPECT_NE(asked, binding(R"({"why":"x"})"));
}

}  // namespace
}  // namespace pawl
