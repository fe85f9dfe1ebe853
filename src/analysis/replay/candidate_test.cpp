#include "analysis/replay/candidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "kernel/admit/admit.h"
#include "kernel/definition/definition.h"

namespace pawl {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr std::string_view kInForce = R"(version: 1
agent: {id: desk, identity: desk@test}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - {name: write_note, class: reversible small, args: {text: {max_length: 10}}}
)";

std::shared_ptr<const Policy> a_policy(std::string_view text) {
  const Loaded loaded = load_policy(text, "/etc/p.yaml", {});
  EXPECT_TRUE(loaded.policy) << (loaded.errors.empty() ? "" : to_string(loaded.errors.front()));
  return loaded.policy;
}

// A journal of one role, and what a candidate says of its calls.
struct Recorded {
  Recorded() : policy(a_policy(kInForce)) {
    add(NodeStarted{.node = "n", .version = "0", .boot_id = "b", .setup = "wrap", .epoch = 1});
    add(PolicyLoaded{to_string(policy->digest), "desk", policy->file, keep(policy->bundle)});
    open("r-1", "desk");
  }
  std::string keep(std::string_view bytes) {
    const std::string commitment = to_string(sha256({"salt", bytes}));
    payloads[commitment] = bytes;
    return commitment;
  }
  void add(Body body) {
    records.push_back({records.size(), now, 0, std::move(body)});
    ASSERT_TRUE(state.apply(records.back()));
    now = now + Duration::seconds(1);
  }
  void open(const std::string& run, const std::string& agent) {
    RunOpened opened;
    opened.run = opened.key = run;
    opened.agent = agent;
    opened.policy = to_string(policy->digest);
    add(opened);
  }
  void call(const std::string& tool, const std::string& arguments, const std::string& run = "r-1") {
    const auto document = json::parse(arguments);
    Facts facts;
    const Call asked{"", tool, document->root()};
    std::optional<BoundTool> bound;
    if (const ToolRule* entry = policy->find("", tool)) {
      bound = bind(*policy, *entry, nullptr, now);
    }
    const Verdict verdict = admit({.policy = *policy,
                                   .state = state,
                                   .run = *state.run(run),
                                   .call = asked,
                                   .tool = bound ? &*bound : nullptr,
                                   .facts = facts,
                                   .now = now,
                                   .look = Look::proposal});
    CallDecided d;
    d.call = "c-" + std::to_string(records.size());
    d.run = run;
    d.tool = tool;
    d.args = keep(json::write(document->root()));
    d.policy = to_string(policy->digest);
    d.facts = to_json(facts);
    d.effect = to_string(verdict.effect);
    d.code = to_string(verdict.reason.code);
    d.steps = verdict.reservation.steps;
    d.calls = verdict.reservation.calls;
    if (bound) d.entry = bound->entry->key;
    const std::string id = d.call;
    const bool ran = verdict.effect != Effect::deny;
    add(std::move(d));
    if (!ran) return;
    CallEnded ended;
    ended.call = id;
    ended.run = run;
    ended.outcome = "completed";
    add(ended);
  }
  std::vector<Compared> under(std::string_view candidate) {
    CandidateJudge judge(a_policy(candidate), [this](std::string_view commitment) {
      const auto found = payloads.find(commitment);
      if (found == payloads.end()) return StoredText{};
      return StoredText{StoredText::Kind::present, found->second};
    });
    std::vector<Compared> out;
    for (const Record& record : records) {
      const auto stored = parse_record(to_json(record));
      EXPECT_TRUE(stored);
      auto compared = judge.take(*stored);
      EXPECT_TRUE(compared);
      if (compared && *compared) out.push_back(std::move(**compared));
    }
    return out;
  }

  std::shared_ptr<const Policy> policy;
  std::map<std::string, std::string, std::less<>> payloads;
  std::vector<Record> records;
  State state;
  Instant now{1'800'000'000'000'000'000};
};

TEST(Candidate, ThePolicyInForceSaysTheSameOfItsOwnCalls) {
  Recorded world;
  world.call("read_note", R"({"id":"1"})");
  world.call("write_note", R"({"text":"far too long a text"})");
  world.call("drop_all", "{}");
  const auto found = world.under(kInForce);
  ASSERT_THAT(found, SizeIs(3));
  for (const Compared& one : found) EXPECT_EQ(one.kind, Compared::Kind::same) << one.tool;
}

TEST(Candidate, WhatItWouldPermitAndWhatItWouldStop) {
  Recorded world;
  world.call("read_note", R"({"id":"1"})");
  world.call("write_note", R"({"text":"far too long a text"})");
  world.call("write_note", R"({"text":"short"})");
  const auto found = world.under(R"(version: 1
agent: {id: desk, identity: desk@test}
tools:
  allowed: [{name: write_note, class: reversible small, requires_approval: true}]
)");
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[0].kind, Compared::Kind::stricter);
  EXPECT_EQ(found[0].would.code, "not_granted");
  EXPECT_EQ(found[1].kind, Compared::Kind::laxer);
  EXPECT_EQ(found[1].was.effect, Effect::deny);
  EXPECT_EQ(found[1].would.effect, Effect::hold);
  EXPECT_EQ(found[2].kind, Compared::Kind::stricter);
  EXPECT_THAT(found[2].would.rule, HasSubstr("write_note"));
}

TEST(Candidate, TheSameEffectForAnotherReasonIsSaid) {
  Recorded world;
  world.call("write_note", R"({"text":"far too long a text"})");
  const auto found = world.under(R"(version: 1
agent: {id: desk, identity: desk@test}
tools: {allowed: [{name: read_note, class: read_only}], blocked: [write_note]}
)");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].kind, Compared::Kind::reason);
  EXPECT_EQ(found[0].was.code, "constraint");
  EXPECT_EQ(found[0].would.code, "blocked");
}

TEST(Candidate, UnknownFactsAreNotGuessed) {
  Recorded world;
  world.call("read_note", R"({"id":"/srv/a"})");
  const auto found = world.under(R"(version: 1
agent: {id: desk, identity: desk@test}
tools: {allowed: [{name: read_note, class: read_only, args: {id: {path: {under: /srv}}}}]}
)");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].kind, Compared::Kind::unknown);
  EXPECT_EQ(found[0].why, "not checked: where `/id` leads");
  world.payloads.clear();
  EXPECT_EQ(world.under(kInForce)[0].kind, Compared::Kind::unknown);
}

TEST(Candidate, StepsThatWereTakenCountForItToo) {
  Recorded world;
  for (int i = 0; i < 3; ++i) world.call("read_note", R"({"id":"1"})");
  const auto found = world.under(std::string(kInForce) + "execution: {max_steps: 2}\n");
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[1].kind, Compared::Kind::same);
  EXPECT_EQ(found[2].kind, Compared::Kind::stricter);
  EXPECT_EQ(found[2].would.code, "ceiling");
}

TEST(Candidate, OtherAgentsAreNoneOfItsBusiness) {
  Recorded world;
  world.open("r-2", "other");
  world.call("read_note", R"({"id":"1"})", "r-2");
  EXPECT_THAT(world.under(kInForce), SizeIs(0));
}

}  // namespace
}  // namespace pawl
