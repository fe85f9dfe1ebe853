#include "analysis/replay/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "kernel/admit/admit.h"
#include "kernel/definition/definition.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kPolicy = R"(version: 1
agent: {id: files, identity: files@test}
tools:
  allowed:
    - name: read_file
      class: read_only
      args: {path: {under: /srv}}
    - name: send_mail
      class: irreversible small
  blocked: [drop_table]
execution: {max_steps: 3}
)";
constexpr std::string_view kReadFile =
    R"({"inputSchema":{"properties":{"path":{"type":"string"}},"type":"object"},)"
    R"("name":"read_file"})";
constexpr std::string_view kSendMail =
    R"({"inputSchema":{"properties":{"to":{"type":"string"}},"type":"object"},"name":"send_mail"})";

CallEnded completed(const std::string& call) {
  CallEnded ended;
  ended.call = call;
  ended.run = "r-1";
  ended.outcome = "completed";
  return ended;
}

ApprovalFact granted(const std::string& approval, const std::string& binding) {
  ApprovalFact fact;
  fact.approval = approval;
  fact.binding = binding;
  fact.granted = true;
  return fact;
}

// A small journal, written as a gate writes it: looks, records what it saw, folds.
struct World {
  std::vector<Record> records;
  std::map<std::string, std::string, std::less<>> payloads;
  State state;
  Instant now{1'800'000'000'000'000'000};
  std::shared_ptr<const Policy> policy;
  std::string why;  // of the newest question
  std::map<std::string, std::shared_ptr<const ToolDefinition>, std::less<>> tools;

  World() {
    policy = load_policy(kPolicy, "/etc/pol.yaml", {}).policy;
    EXPECT_TRUE(policy);
    append(NodeStarted{.node = "n", .version = "0", .boot_id = "b", .setup = "wrap", .epoch = 1});
    append(PolicyLoaded{spelled(policy->digest), "files", policy->file, keep(policy->bundle)});
    append(RunOpened{.run = "r-1",
                     .key = "k",
                     .agent = "files",
                     .identity = "files@test",
                     .sponsor = "ada",
                     .policy = spelled(policy->digest),
                     .client = "test"});
    define(kReadFile);
    define(kSendMail);
  }

  std::string keep(std::string_view bytes) {
    const std::string commitment = spelled(sha256({"salt", bytes}));
    payloads[commitment] = bytes;
    return commitment;
  }
  void append(Body body) {
    records.push_back({records.size(), now, 0, std::move(body)});
    const Status done = state.apply(records.back());
    ASSERT_TRUE(done) << done.error().message;
    now = now + Duration::milliseconds(250);
  }
  void define(std::string_view text) {
    const auto document = json::parse(text);
    auto tool = parse_definition(document->root(), "");
    ASSERT_TRUE(tool);
    append(DefinitionSeen{spelled(tool->digest), "", tool->name, "accepted", keep(tool->text)});
    const std::string name = tool->name;
    tools[name] = std::make_shared<const ToolDefinition>(std::move(*tool));
  }

  // The approval fact answers the look after a hold.
  CallDecided look(const std::string& tool, const std::string& arguments, int round = 1,
                   std::optional<ApprovalFact> approval = {}) {
    const auto document = json::parse(arguments);
    const std::string canonical = json::write(document->root());
    Facts facts;
    facts.pin = PinState::accepted;
    std::shared_ptr<const ToolDefinition> definition;
    if (tools.contains(tool)) definition = tools[tool];
    if (definition) facts.definition = spelled(definition->digest);
    facts.approval = std::move(approval);
    const Call call{"", tool, document->root()};
    std::optional<BoundTool> bound;
    if (const ToolRule* entry = policy->find("", tool)) {
      bound = bind(*policy, *entry, definition, now);
    }
    const Verdict verdict = admit({.policy = *policy,
                                   .state = state,
                                   .run = *state.run("r-1"),
                                   .call = call,
                                   .tool = bound ? &*bound : nullptr,
                                   .facts = facts,
                                   .now = now,
                                   .look = round == 1 ? Look::proposal : Look::after_hold});
    if (verdict.question) why = verdict.question->why;
    CallDecided d;
    d.run = "r-1";
    d.round = round;
    d.tool = tool;
    d.args = keep(canonical);
    d.args_bytes = canonical.size();
    d.policy = spelled(policy->digest);
    d.definition = facts.definition;
    d.facts = to_json(facts);
    d.effect = to_string(verdict.effect);
    d.code = to_string(verdict.reason.code);
    if (verdict.reason.rule != nullptr) {
      d.rule = verdict.reason.rule->path;
      d.rule_at = to_string(verdict.reason.rule->at);
    }
    d.class_text = to_string(verdict.action_class);
    d.halt = verdict.halt;
    d.notify = verdict.notify;
    d.retry = verdict.retry;
    d.steps = verdict.reservation.steps;
    d.calls = verdict.reservation.calls;
    d.records = verdict.reservation.records;
    if (bound) d.entry = bound->entry->key;
    if (!verdict.rewrites.empty() && verdict.effect != Effect::deny) {
      d.forwarded = keep(*forwarded_arguments(call.arguments, verdict.rewrites));
    }
    if (verdict.effect == Effect::hold) {
      d.args_digest = spelled(binding_of(*policy, *bound, *state.run("r-1"), call, facts));
    }
    return d;
  }
  // A read that runs and ends.
  void read(const std::string& call) {
    CallDecided d = look("read_file", R"({"path":"/srv/a.txt"})");
    d.call = call;
    append(d);
    if (d.effect != "deny") append(completed(call));
  }

  Replay replay(const std::string& run = "r-1") {
    Replayer replayer(run, [this](std::string_view commitment) -> Result<StoredText> {
      const auto found = payloads.find(commitment);
      if (found == payloads.end()) return StoredText{};
      if (found->second == "ERASED") return StoredText{StoredText::Kind::erased, {}};
      return StoredText{StoredText::Kind::present, found->second};
    });
    for (const Record& record : records) {
      // Through its bytes, as a journal hands it over.
      const auto stored = parse_record(to_json(record));
      EXPECT_TRUE(stored);
      if (!replayer.take(*stored)) break;
    }
    return replayer.finish();
  }
  CallDecided& decision(const std::string& call) {
    for (Record& record : records) {
      auto* decided = std::get_if<CallDecided>(&record.body);
      if (decided != nullptr && decided->call == call) return *decided;
    }
    ADD_FAILURE() << "no decision " << call;
    return std::get<CallDecided>(records.front().body);
  }
  void held_and_approved() {
    CallDecided d = look("send_mail", R"({"to":"x@test"})");
    ASSERT_EQ(d.effect, "hold");
    d.call = "c-mail";
    d.approval = "a-1";
    append(d);
    ApprovalOpened asked;
    asked.approval = "a-1";
    asked.call = "c-mail";
    asked.run = "r-1";
    asked.binding = d.args_digest;
    asked.agent = "files";
    asked.sponsor = "ada";
    asked.tool = "send_mail";
    asked.why = why;
    asked.expires = now + Duration::seconds(300);
    append(asked);
    append(ApprovalAnswered{"a-1", "bob", "approve", "", "", ""});
    CallDecided second = look("send_mail", R"({"to":"x@test"})", 2, granted("a-1", d.args_digest));
    ASSERT_EQ(second.effect, "allow");
    second.call = "c-mail";
    second.approval = "a-1";
    append(second);
    append(completed("c-mail"));
  }
};

std::vector<std::string> members_of(const Replay& replay) {
  std::vector<std::string> names;
  for (const Difference& one : replay.differences) names.push_back(one.member);
  return names;
}

TEST(Replay, DecidesTheSameAgainAndTellsTheStory) {
  World world;
  world.read("c-1");
  world.held_and_approved();
  const Replay replay = world.replay();
  EXPECT_TRUE(replay.holds());
  EXPECT_EQ(replay.decisions, 3u);
  EXPECT_EQ(replay.equal, 3u);
  EXPECT_THAT(replay.indeterminate, IsEmpty());
  EXPECT_EQ(replay.agent, "files");
  EXPECT_EQ(replay.policy_file, "/etc/pol.yaml");
  EXPECT_EQ(replay.phase, "open");
  ASSERT_THAT(replay.timeline, SizeIs(8));
  const TimelineStep& read = replay.timeline[1];
  EXPECT_EQ(read.entry.tool, "read_file");
  EXPECT_EQ(read.entry.arguments, "path: /srv/a.txt");
  EXPECT_THAT(read.entry.rule_at, HasSubstr("/etc/pol.yaml:5"));
  EXPECT_EQ(read.after.steps, 1u);
  EXPECT_EQ(read.after.steps_max, 3u);
  EXPECT_EQ(replay.timeline[2].entry.tool, "read_file");
  const TimelineEntry& release = replay.timeline[6].entry;
  EXPECT_TRUE(release.again);
  EXPECT_THAT(release.approved_by, ElementsAre("bob"));
}

TEST(Replay, ReportsATamperedVerdictWithBothSides) {
  World world;
  CallDecided d = world.look("read_file", R"({"path":"/etc/shadow"})");
  ASSERT_EQ(d.effect, "deny");
  d.call = "c-1";
  world.append(d);
  world.decision("c-1").effect = "allow";
  world.decision("c-1").code = "none";
  const Replay replay = world.replay();
  EXPECT_FALSE(replay.holds());
  EXPECT_EQ(replay.different, 1u);
  ASSERT_THAT(members_of(replay), ElementsAre("effect", "code"));
  EXPECT_EQ(replay.differences[0].recorded, "allow");
  EXPECT_EQ(replay.differences[0].decided_again, "deny");
  EXPECT_EQ(replay.differences[0].call, "c-1");
}

TEST(Replay, EveryMemberOfAVerdictCounts) {
  const std::vector<std::pair<std::string, std::function<void(CallDecided&)>>> changes = {
      {"rule", [](CallDecided& d) { d.rule = "tools/other"; }},
      {"rule_at", [](CallDecided& d) { d.rule_at = "/etc/pol.yaml:6:7"; }},
      {"class", [](CallDecided& d) { d.class_text = "irreversible large"; }},
      {"notify", [](CallDecided& d) { d.notify = true; }},
      {"retry", [](CallDecided& d) { d.retry = true; }},
      {"steps", [](CallDecided& d) { d.steps = 2; }},
      {"records", [](CallDecided& d) { d.records += 1; }},
      {"entry", [](CallDecided& d) { d.entry = "send_mail"; }},
  };
  for (const auto& [member, change] : changes) {
    World world;
    world.read("c-1");
    change(world.decision("c-1"));
    EXPECT_THAT(members_of(world.replay()), ElementsAre(member));
  }
}

TEST(Replay, ThePolicyMayLieElsewhereByNow) {
  World world;
  world.read("c-1");
  world.decision("c-1").rule_at = "policy:5:7";
  EXPECT_TRUE(world.replay().holds());
}

TEST(Replay, ChangedArgumentsGiveAnotherVerdict) {
  World world;
  world.read("c-1");
  world.payloads[world.decision("c-1").args] = R"({"path":"/etc/shadow"})";
  EXPECT_THAT(members_of(world.replay()), testing::Contains("effect"));
}

TEST(Replay, AGrantThatNobodyGaveIsADifference) {
  World world;
  world.held_and_approved();
  // The answer disappears: the fold itself refuses the release, and the decision differs.
  for (Record& record : world.records) {
    if (auto* answer = std::get_if<ApprovalAnswered>(&record.body)) answer->person = "files";
  }
  const Replay replay = world.replay();
  EXPECT_FALSE(replay.holds());
  EXPECT_THAT(members_of(replay), testing::Contains("approval"));
}

TEST(Replay, CountersComeFromTheRecordsBefore) {
  World world;
  for (const char* call : {"c-1", "c-2", "c-3", "c-4"}) world.read(call);
  EXPECT_EQ(world.decision("c-4").code, "ceiling");
  EXPECT_TRUE(world.decision("c-4").halt);
  const Replay replay = world.replay();
  EXPECT_TRUE(replay.holds());
  EXPECT_EQ(replay.equal, 4u);
  EXPECT_EQ(replay.phase, "halted");
}

TEST(Replay, WhatIsGoneIsNotGuessed) {
  World world;
  world.read("c-1");
  world.payloads[world.decision("c-1").args] = "ERASED";
  Replay replay = world.replay();
  EXPECT_TRUE(replay.holds());
  EXPECT_EQ(replay.equal, 0u);
  ASSERT_THAT(replay.indeterminate, SizeIs(1));
  EXPECT_EQ(replay.indeterminate[0].why, "the text of the arguments is erased");

  World other;
  other.read("c-1");
  other.payloads.erase(std::get<PolicyLoaded>(other.records[1].body).payload);
  replay = other.replay();
  ASSERT_THAT(replay.indeterminate, SizeIs(1));
  EXPECT_EQ(replay.indeterminate[0].why, "the text of the policy is not kept");
}

TEST(Replay, APayloadOfAnotherPolicyIsNotTaken) {
  World world;
  world.read("c-1");
  std::string changed(kPolicy);
  changed.replace(changed.find("max_steps: 3"), 12, "max_steps: 9");
  const auto other = load_policy(changed, "/etc/pol.yaml", {});
  ASSERT_TRUE(other.policy);
  world.payloads[std::get<PolicyLoaded>(world.records[1].body).payload] = other.policy->bundle;
  const Replay replay = world.replay();
  ASSERT_THAT(replay.indeterminate, SizeIs(1));
  EXPECT_THAT(replay.indeterminate[0].why, HasSubstr("another digest"));
}

TEST(Replay, AnotherDecisionVersionIsNotComparable) {
  World world;
  world.read("c-1");
  world.decision("c-1").abi = decision_abi + 1;
  const Replay replay = world.replay();
  EXPECT_TRUE(replay.holds());
  EXPECT_THAT(replay.not_comparable, SizeIs(1));
  EXPECT_EQ(replay.equal, 0u);
}

TEST(Replay, ARefusalAtTheDoorIsCountedAndOnlyARefusal) {
  World world;
  CallDecided d;
  d.call = "c-1";
  d.run = "r-1";
  d.effect = "deny";
  d.code = "ambiguous_request";
  d.steps = 1;
  world.append(d);
  EXPECT_EQ(world.replay().at_the_door, 1u);
  EXPECT_TRUE(world.replay().holds());
  world.decision("c-1").effect = "allow";
  EXPECT_THAT(members_of(world.replay()), ElementsAre("effect"));
}

TEST(Replay, ARecordThatCannotFollowStopsIt) {
  World world;
  world.read("c-1");
  std::erase_if(world.records,
                [](const Record& r) { return std::holds_alternative<CallDecided>(r.body); });
  for (std::size_t i = 0; i < world.records.size(); ++i) world.records[i].seq = i;
  const Replay replay = world.replay();
  EXPECT_FALSE(replay.holds());
  ASSERT_TRUE(replay.broken);
  EXPECT_THAT(replay.broken->message, HasSubstr("cannot follow"));
}

TEST(Replay, OtherRunsAreFoldedAndNotJudged) {
  World world;
  world.read("c-1");
  world.decision("c-1").code = "blocked";
  const Replay replay = world.replay("r-2");
  EXPECT_EQ(replay.decisions, 0u);
  EXPECT_THAT(replay.timeline, IsEmpty());
  EXPECT_EQ(replay.phase, "");
  EXPECT_FALSE(world.replay("").holds());
}

}  // namespace
}  // namespace pawl
