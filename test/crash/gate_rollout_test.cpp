// How a role comes into force: a candidate beside it, and a time in which it is watched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/replay/replay.h"
#include "base/id.h"
#include "crash/gate_fixture.h"
#include "kernel/definition/definition.h"

namespace pawl::crash {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kNext = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: read_note, class: read_only, args: {id: {max: 10}}}
    - {name: send_mail, class: irreversible small, requires_approval: true}
    - {name: get_page, class: read_only}
  blocked: [put_note]
approval: {reviewers: [leads]}
)";

constexpr const char* kWatched = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
execution: {max_denials: 2}
tools:
  allowed:
    - {name: read_note, class: read_only, args: {id: {max: 10}}}
    - {name: put_note, class: reversible small, requires_approval: true}
    - {name: send_mail, class: irreversible small, args: {to: {matches: "a@x"}}}
approval: {reviewers: [leads]}
)";

std::shared_ptr<const ToolDefinition> page() {
  const auto document = json::parse(
      R"({"name":"get_page","inputSchema":{"type":"object","additionalProperties":false}})");
  return std::make_shared<const ToolDefinition>(*parse_definition(document->root(), ""));
}

class GateRollout : public GateTest {
 protected:
  void beside(const char* text) {
    world.gate->policies.set_candidates(
        {{.agent = "agent", .file = "next.yaml", .policy = world.load(text)}});
  }
  std::vector<CallDecided> decided() {
    std::vector<CallDecided> all;
    for (const Record& record : world.records()) {
      if (const auto* one = std::get_if<CallDecided>(&record.body)) all.push_back(*one);
    }
    return all;
  }
  CallDecided last() { return decided().back(); }
  std::vector<std::string> notes(std::string_view topic) {
    std::vector<std::string> all;
    for (const Record& record : world.records()) {
      const auto* one = std::get_if<Noted>(&record.body);
      if (one != nullptr && one->topic == topic) all.push_back(one->text);
    }
    return all;
  }
  // Every decision of the journal, once more.
  static void expect_replays(World& world) {
    Replayer replayer("", [&world](std::string_view commitment) -> Result<StoredText> {
      Digest digest{};
      std::string bytes;
      EXPECT_TRUE(unhex(commitment.substr(7), bytes));
      std::ranges::copy(bytes, digest.begin());
      auto stored = world.journal->payload(digest);
      if (!stored) return std::unexpected(stored.error());
      if (stored->state != PayloadState::present) return StoredText{};
      return StoredText{StoredText::Kind::present, stored->bytes};
    });
    for (const Record& record : world.records()) EXPECT_TRUE(replayer.take(record));
    const Replay replay = replayer.finish();
    for (const Difference& one : replay.differences) {
      ADD_FAILURE() << one.call << " " << one.member << ": " << one.recorded << " / "
                    << one.decided_again;
    }
    EXPECT_THAT(replay.indeterminate, IsEmpty());
    EXPECT_GT(replay.equal, 0U);
  }
};

TEST_F(GateRollout, ACandidateIsAskedAndActsOnNothing) {
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
  EXPECT_FALSE(last().candidate) << "there was none";
  beside(kNext);
  EXPECT_EQ(world.call("read_note", R"({"id":1})").kind, Settled::Kind::result);
  EXPECT_EQ(candidate_kind(last()), CandidateKind::same);
  EXPECT_EQ(last().candidate, CandidateSaid{.policy = to_string(world.load(kNext)->digest)});
  EXPECT_EQ(world.call("read_note", R"({"id":11})").kind, Settled::Kind::result);
  EXPECT_EQ(candidate_kind(last()), CandidateKind::stricter);
  EXPECT_EQ(last().candidate->code, "constraint");
  EXPECT_EQ(last().candidate->rule, "tools/read_note/args/id/max");
  EXPECT_THAT(last().candidate->rule_at, HasSubstr("policy.yaml:5"));
  EXPECT_EQ(world.call("put_note").kind, Settled::Kind::result);
  EXPECT_EQ(last().candidate->code, "blocked");
  EXPECT_EQ(world.call("get_page").code, Code::not_granted);
  EXPECT_EQ(candidate_kind(last()), CandidateKind::laxer);
  EXPECT_EQ(run().steps.settled, 5U);
  EXPECT_EQ(run().denials.settled, 1U);
  const auto now = world.gate->policies.candidates();
  ASSERT_EQ(now.size(), 1U);
  EXPECT_EQ(now[0].counts.of(CandidateKind::same), 1U);
  EXPECT_EQ(now[0].counts.of(CandidateKind::stricter), 2U);
  EXPECT_EQ(now[0].counts.of(CandidateKind::laxer), 1U);
  expect_replays(world);
  expect_same_after_restart();
}

TEST_F(GateRollout, WhatPeopleAnsweredIsAnAnswerToTheCandidateToo) {
  beside(kNext);
  Asked& asked = world.ask("send_mail");
  world.settle();
  EXPECT_EQ(candidate_kind(last()), CandidateKind::same) << "both ask";
  ASSERT_TRUE(world.approve(asked.approval));
  world.settle();
  EXPECT_EQ(asked.reply->kind, Settled::Kind::result);
  EXPECT_EQ(last().round, 2);
  EXPECT_EQ(candidate_kind(last()), CandidateKind::same);
  Asked& second = world.ask("send_mail", R"({"to":"x"})");
  world.settle();
  std::string without(kNext);
  const std::size_t mail = without.find("    - {name: send_mail");
  without.erase(mail, without.find('\n', mail) + 1 - mail);
  beside(without.c_str());
  ASSERT_TRUE(world.approve(second.approval));
  world.settle();
  EXPECT_EQ(second.reply->kind, Settled::Kind::result);
  EXPECT_EQ(candidate_kind(last()), CandidateKind::stricter) << "it changed while the call waited";
  expect_replays(world);
}

TEST_F(GateRollout, OneThatCannotBeUsedHurtsNoCallAndIsSaid) {
  world.gate->policies.set_candidates(
      {{.agent = "agent", .file = "next.yaml", .policy = nullptr, .why = "it does not load"}});
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
  EXPECT_FALSE(last().candidate);
  EXPECT_EQ(world.gate->policies.candidates()[0].why, "it does not load");
  EXPECT_THAT(notes("candidate"), ElementsAre(HasSubstr("cannot be used: it does not load")));
  world.gate->policies.set_candidates({});
  EXPECT_THAT(world.gate->policies.candidates(), IsEmpty());
  EXPECT_EQ(notes("candidate").size(), 2U);
}

TEST_F(GateRollout, AnEntryThatDoesNotFitTheLiveToolIsAnErrorAndNoVerdict) {
  std::string text(kNext);
  text.replace(text.find("get_page, class: read_only"), 26,
               "get_page, class: read_only, args: {missing: {max: 1}}");
  beside(text.c_str());
  world.ask(
      {.run = world.run, .tool = "get_page", .definition = page(), .pin = PinState::first_use});
  world.settle();
  EXPECT_EQ(candidate_kind(last()), CandidateKind::error);
  EXPECT_THAT(last().candidate->why, HasSubstr("does not fit the tool"));
  EXPECT_THAT(world.gate->policies.candidates()[0].last_error, HasSubstr("`get_page`"));
}

TEST_F(GateRollout, AWatchedRoleOfAnAgentThatRanNeedsAPerson) {  // rule 14
  const Observation what{"agent", world.clock.wall + Duration::seconds(3600), "first week"};
  world.gate->policies.set_observations({what});
  ASSERT_EQ(world.gate->policies.observations().size(), 1U);
  EXPECT_TRUE(world.gate->policies.observations()[0].waits);
  EXPECT_THAT(world.escalations, ElementsAre("observe"));
  world.gate->policies.set_observations({what});
  EXPECT_EQ(world.escalations.size(), 1U) << "told once";
  EXPECT_EQ(world.call("get_page").code, Code::not_granted);
  EXPECT_FALSE(world.gate->policies.accept_observation("agent", what.digest(), ""));
  Observation other = what;
  other.until = other.until + Duration::seconds(1);
  EXPECT_FALSE(world.gate->policies.accept_observation("agent", other.digest(), "ann"));
  ASSERT_TRUE(world.gate->policies.accept_observation("agent", what.digest(), "ann"));
  EXPECT_FALSE(world.gate->policies.observations()[0].waits);
  world.gate->policies.set_observations({other});
  EXPECT_EQ(world.gate->policies.observations().size(), 2U)
      << "longer waits, and what was accepted stands";
  other.until = what.until + Duration::seconds(-60);
  world.gate->policies.set_observations({other});
  ASSERT_EQ(world.gate->policies.observations().size(), 1U) << "sooner is stricter";
  EXPECT_EQ(world.gate->policies.observations()[0].what, other);
  world.gate->policies.set_observations({});
  EXPECT_THAT(world.gate->policies.observations(), IsEmpty());
  world.gate->policies.set_observations({what});
  EXPECT_TRUE(world.gate->policies.observations()[0].waits) << "what is over is not taken up again";
}

// A role that was never run, and is watched from its first call on.
class GateWatched : public GateRollout {
 protected:
  GateWatched() {
    fresh.start();
    until = fresh.clock.wall + Duration::seconds(7200);
    fresh.gate->policies.set_observations({{"agent", until, "first contact"}});
    fresh.open();
  }
  Asked& read_page() {
    (void)fresh.gate->policies.pin(fresh.run, *page(), false, "");
    Asked& asked = fresh.ask(
        {.run = fresh.run, .tool = "get_page", .definition = page(), .pin = PinState::first_use});
    fresh.settle();
    return asked;
  }
  const pawl::Run& watched_run() const { return *fresh.gate->state().run(fresh.run); }
  World fresh{kWatched};
  Instant until;
};

TEST_F(GateWatched, WhatIsHarmlessRunsAndTheRecordSaysThatItWasDenied) {
  ASSERT_EQ(fresh.gate->policies.observations().size(), 1U);
  EXPECT_FALSE(fresh.gate->policies.observations()[0].waits) << "not run so far";
  EXPECT_EQ(fresh.call("read_note", R"({"id":11})").kind, Settled::Kind::result);
  EXPECT_EQ(read_page().reply->kind, Settled::Kind::result);
  EXPECT_EQ(fresh.call("put_note").kind, Settled::Kind::result);
  EXPECT_THAT(fresh.questions, IsEmpty()) << "no reviewer is asked";
  std::vector<std::string> said;
  for (const Record& record : fresh.records()) {
    const auto* one = std::get_if<CallDecided>(&record.body);
    if (one == nullptr) continue;
    EXPECT_FALSE(one->enforced);
    said.push_back(one->effect + " " + one->code + " " + one->class_text);
  }
  EXPECT_THAT(said, ElementsAre("deny constraint read_only", "deny not_granted read_only",
                                "hold approval_pending reversible small"));
  EXPECT_EQ(watched_run().denials.settled, 0U);
  EXPECT_EQ(watched_run().steps.settled, 3U);
  EXPECT_EQ(fresh.gate->policies.observations()[0].passed, 3U);
  expect_replays(fresh);
}

TEST_F(GateWatched, AnIrreversibleCallIsHeldOrDeniedAsAlways) {
  EXPECT_EQ(fresh.call("send_mail", R"({"to":"b@x"})").code, Code::constraint);
  Asked& asked = fresh.ask("send_mail", R"({"to":"a@x"})");
  fresh.settle();
  EXPECT_FALSE(asked.done());
  ASSERT_TRUE(fresh.reject(asked.approval));
  fresh.settle();
  EXPECT_EQ(asked.reply->code, Code::approval_rejected);
  EXPECT_EQ(fresh.server.count("send_mail"), 0U);
}

TEST_F(GateWatched, ItEndsByItselfAndThatIsARecord) {
  EXPECT_EQ(fresh.call("read_note", R"({"id":11})").kind, Settled::Kind::result);
  fresh.advance(Duration::seconds(7199));
  EXPECT_EQ(fresh.call("read_note", R"({"id":11})").kind, Settled::Kind::result);
  fresh.advance(Duration::seconds(1));
  EXPECT_EQ(fresh.call("read_note", R"({"id":11})").code, Code::constraint);
  EXPECT_THAT(fresh.gate->policies.observations(), IsEmpty());
  EXPECT_THAT(fresh.escalations, ElementsAre("observe", "observe"));
}

TEST_F(GateWatched, AClockThatIsSetBackMakesItNoLonger) {
  fresh.clock.wall = fresh.clock.wall + Duration::seconds(-7200);
  fresh.advance(Duration::seconds(7200));
  EXPECT_EQ(fresh.call("read_note", R"({"id":11})").code, Code::constraint);
}

TEST_F(GateWatched, ItOutlivesACrashOnlyAsTheDeploymentSays) {
  fresh.kill();
  fresh.start();
  EXPECT_EQ(fresh.call("read_note", R"({"id":11})").code, Code::constraint)
      << "the deployment file did not say yet that it is watched";
  fresh.gate->policies.set_observations({{"agent", until, "first contact"}});
  EXPECT_FALSE(fresh.gate->policies.observations()[0].waits) << "it was accepted before";
  EXPECT_EQ(fresh.call("read_note", R"({"id":11})").kind, Settled::Kind::result);
}

TEST_F(GateWatched, ACallThatIsAboutToBeSentWhenItEndsIsNotSent) {
  fresh.sync.held = true;
  Asked& asked = fresh.ask("put_note");
  fresh.settle();
  ASSERT_FALSE(asked.done());
  fresh.gate->policies.set_observations({});
  fresh.sync.held = false;
  fresh.sync.run();
  fresh.settle();
  EXPECT_EQ(asked.reply->code, Code::cancelled);
  EXPECT_TRUE(fresh.server.executed.empty());
}

TEST_F(GateWatched, AFullDiskGrantsNothing) {
  fresh.disk.set_capacity(0);
  for (int i = 0; i < 40; ++i) (void)fresh.call("read_note", R"({"id":11})");
  EXPECT_EQ(fresh.call("read_note", R"({"id":11})").code, Code::audit_unavailable);
}

TEST_F(GateWatched, DenialsThatCountAreThoseThatStopped) {
  for (int i = 0; i < 5; ++i) (void)fresh.call("read_note", R"({"id":11})");
  for (int i = 0; i < 3; ++i) (void)fresh.call("send_mail", R"({"to":"b@x"})");
  EXPECT_EQ(watched_run().phase, RunPhase::halted);
  EXPECT_EQ(fresh.call("read_note", R"({"id":11})").code, Code::run_halted);
}

}  // namespace
}  // namespace pawl::crash
