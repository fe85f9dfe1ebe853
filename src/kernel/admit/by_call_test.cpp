// `class: by_call`: the class of one call out of a pack's table, wherever a class decides.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <string>

#include "kernel/admit/admit.h"
#include "kernel/admit/trace.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHead =
    "version: 1\nagent: {id: agent, identity: agent@x, owner: o}\nuse: [pawl:own@1]\n";

LoadSources pack_sources(Class otherwise = {Reversibility::irreversible, Blast::large, false}) {
  LoadSources out;
  out.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
  out.pack = [otherwise](std::string_view) -> Result<std::string> {
    return "pack: own\nsources: {s: x}\ntools:\n  - name: [thing_write, other]\n    by: method\n"
           "    calls: {get: read_only, update: reversible small}\n    absent: read_only\n"
           "    class: " +
           to_string(otherwise) + "\n    source: s\n";
  };
  return out;
}

class ByCallTest : public ::testing::Test {
 protected:
  void load(const std::string& entry, const std::string& rest = "",
            const LoadSources& from = pack_sources()) {
    const std::string text =
        std::string(kHead) + rest + "tools:\n  allowed:\n    - name: thing_write\n" + entry;
    Loaded loaded = load_policy(text, "p.yaml", from);
    for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
    ASSERT_NE(loaded.policy, nullptr);
    policy = loaded.policy;
    tool = std::make_unique<BoundTool>(bind(*policy, policy->tools.front(),
                                            std::make_shared<const ToolDefinition>(*definition_of(
                                                "", "thing_write", json::View(), json::View())),
                                            now));
    if (state.run("r") != nullptr) return;
    RunOpened opened;
    opened.run = opened.key = "r";
    opened.agent = "agent";
    opened.identity = "agent@x";
    ASSERT_TRUE(state.apply({state.next_seq(), now, 0, opened}));
  }
  Situation about(const std::string& arguments) {
    document = std::make_unique<json::Document>(*json::parse(arguments));
    call = Call{"", "thing_write", document->root()};
    return {.policy = *policy,
            .state = state,
            .run = *state.run("r"),
            .call = call,
            .tool = tool.get(),
            .facts = facts,
            .now = now};
  }
  std::string effect(const std::string& arguments) {
    return std::string(to_string(admit(about(arguments)).effect));
  }

  std::shared_ptr<const Policy> policy;
  std::unique_ptr<BoundTool> tool;
  std::unique_ptr<json::Document> document;
  Call call;
  State state;
  Facts facts;
  Instant now = *parse_instant("2026-11-21T08:00:00Z");
};

TEST_F(ByCallTest, TheArgumentDecides) {
  load("      class: by_call\n", "autonomy: {default: established}\n");
  EXPECT_EQ(effect(R"({"method":"get"})"), "allow");
  EXPECT_EQ(effect("{}"), "allow");
  EXPECT_EQ(effect(R"({"method":"update"})"), "allow");
  for (const char* worst :
       {R"({"method":"delete"})", R"({"method":"GET"})", R"({"method":null})",
        R"({"method":["get"]})", R"({"method":{"get":1}})", R"({"method":1})"}) {
    EXPECT_EQ(effect(worst), "hold") << worst;
  }
  EXPECT_EQ(to_string(admit(about(R"({"method":"update"})")).action_class), "reversible small");
}

TEST_F(ByCallTest, AFreezeStopsWhatTheCallIs) {
  load("      class: by_call\n",
       "freeze: [{name: f, from: 2026-11-01T00:00:00Z, until: 2026-12-01T00:00:00Z, "
       "stop: [reversible, irreversible]}]\n");
  EXPECT_EQ(effect(R"({"method":"get"})"), "allow");
  EXPECT_EQ(effect(R"({"method":"update"})"), "deny");
  EXPECT_EQ(effect(R"({"method":"delete"})"), "deny");
}

TEST_F(ByCallTest, ConditionsSeeTheClassOfTheCall) {
  load("      class: by_call\n      if: 'class.reversibility == \"read_only\"'\n");
  EXPECT_EQ(effect(R"({"method":"get"})"), "allow");
  EXPECT_EQ(effect(R"({"method":"update"})"), "deny");
}

TEST_F(ByCallTest, AnExplanationSaysTheClassOfTheCall) {
  load("      class: by_call\n");
  const auto traced = trace(about(R"({"method":"delete"})"));
  ASSERT_TRUE(traced) << traced.error().message;
  const auto stage = std::ranges::find(traced->stages, "class and stage", &TracedStage::name);
  ASSERT_NE(stage, traced->stages.end());
  ASSERT_FALSE(stage->steps.empty());
  EXPECT_THAT(stage->steps.front().seen.front(),
              HasSubstr("irreversible large (by_call: pack, by `method`)"));
}

// Another edition of the pack is another rule: what was approved under the old one is not approved.
TEST_F(ByCallTest, AnApprovalIsBoundToThePack) {
  load("      class: by_call\n");
  const std::string arguments = R"({"method":"delete"})";
  const auto binding = [&] {
    const Situation s = about(arguments);
    return to_string(binding_of(s.policy, *s.tool, s.run, s.call, s.facts));
  };
  const std::string first = binding();
  load("      class: by_call\n", "",
       pack_sources({Reversibility::irreversible, Blast::large, true}));
  EXPECT_NE(binding(), first);
}

TEST(ByCall, NeedsAPackThatKnowsTheTool) {
  const auto errors = [](const std::string& entry, const LoadSources& from = pack_sources()) {
    std::string out;
    const Loaded loaded = load_policy(
        std::string(kHead) + "tools:\n  allowed:\n    - " + entry + "\n", "p.yaml", from);
    for (const Error& error : loaded.errors) out += to_string(error) + "\n";
    return out;
  };
  EXPECT_EQ(errors("{name: [a/thing_write, other], class: by_call}"), "");
  EXPECT_THAT(errors("{name: unknown, class: by_call}"),
              HasSubstr("p.yaml:6:30: no pack of `use` tells the calls of `unknown` apart"));
  EXPECT_THAT(errors("{name: \"thing_*\", class: by_call}"), HasSubstr("apart"));
  EXPECT_THAT(errors("{name: thing_write, class: read_only, cases: [{if: 'args.x == 1', class: "
                     "by_call}]}"),
              HasSubstr("stands at an entry"));
  // A table may not name what is worse than what it does not name.
  EXPECT_THAT(
      errors("{name: thing_write}", pack_sources({Reversibility::read_only, Blast::small, false})),
      HasSubstr("is more dangerous than `class`"));
}

}  // namespace
}  // namespace pawl
