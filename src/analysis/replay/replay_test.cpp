#include "analysis/replay/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "analysis/replay/recorded_world_test.h"

namespace pawl {
namespace {

using namespace replaying;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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

TEST(Replay, AGrantThatNoReviewerGaveIsADifference) {
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
