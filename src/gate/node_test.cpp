// Runs, the switch, floods, faults and crashes: what holds when things go wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_fixture.h>

namespace pawl::crash {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GateNode : public GateTest {};

TEST_F(GateNode, TheSameKeyIsTheSameRunAlsoAfterARestart) {
  const std::string first = world.run;
  world.call("read_note");
  EXPECT_EQ(world.open(), first);
  world.kill();
  world.start();
  EXPECT_EQ(world.open(), first);
  EXPECT_EQ(run().steps.settled, 1u);
  EXPECT_NE(world.open("another"), first);
}

TEST_F(GateNode, AHaltSurvivesEveryRestartOfTheClient) {  // R04
  world.server.answers = false;
  world.ask("put_note");
  world.settle();
  world.server.answer({Outcome::Kind::lost, {}, "gone"});
  world.settle();
  ASSERT_EQ(run().phase, RunPhase::halted);
  world.server.answers = true;
  const std::size_t opened = world.count("run.opened");
  for (int i = 0; i < 10; ++i) {
    world.open("client " + std::to_string(i));
    EXPECT_EQ(world.call("read_note").code, Code::run_halted);
    if (i == 5) {
      world.kill();
      world.start();
    }
  }
  EXPECT_EQ(world.count("run.opened"), opened) << "no fresh counters, and no flood of runs";
  EXPECT_EQ(world.server.executed.size(), 1u);
  EXPECT_FALSE(world.gate->kill_switch.resume("run", world.run, "", "please"));
  ASSERT_TRUE(world.gate->kill_switch.resume("run", world.run, "ann", "checked by hand"));
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
  EXPECT_FALSE(world.gate->kill_switch.resume("run", world.run, "ann", "again"));
}

TEST_F(GateNode, ACrashInTheMiddleOfAnEffectHaltsTheRun) {
  world.server.answers = false;
  world.ask("put_note");
  world.settle();
  ASSERT_EQ(world.server.executed.size(), 1u);
  world.kill();
  world.escalations.clear();
  world.start();
  EXPECT_EQ(run().phase, RunPhase::halted);
  EXPECT_THAT(world.escalations, ElementsAre("indeterminate"));
  EXPECT_EQ(run().entries.at("put_note").calls.settled, 1u) << "the charge stays";
  world.open();
  EXPECT_EQ(world.call("read_note").code, Code::run_halted);
}

TEST_F(GateNode, ACrashInTheMiddleOfAReadIsOnlyMarked) {  // J02 too: the decision is there
  world.server.answers = false;
  world.sync.held = true;
  world.ask("read_note");
  world.kill();
  world.start();
  EXPECT_EQ(run().phase, RunPhase::open);
  EXPECT_EQ(run().live, 0u);
  EXPECT_EQ(world.count("call.decided"), 1u);
}

TEST_F(GateNode, AKillBetweenTheDecisionAndTheForwardAborts) {  // J06
  world.sync.held = true;
  Asked& asked = world.ask("put_note");
  world.settle();
  const auto stopped = world.gate->kill_switch.kill("agent", "agent", "", "enough");
  ASSERT_TRUE(stopped);
  EXPECT_THAT(stopped->runs, ElementsAre(world.run));
  EXPECT_TRUE(stopped->cancelled.empty());
  world.sync.run();
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->code, Code::killed);
  EXPECT_TRUE(world.server.executed.empty());
  EXPECT_EQ(std::get<CallEnded>(world.records().back().body).outcome, "aborted");
}

TEST_F(GateNode, AKillDuringTheForwardCancelsAndTheOutcomeIsUnknown) {  // J06
  world.server.answers = false;
  Asked& asked = world.ask("put_note");
  world.settle();
  const auto stopped = world.gate->kill_switch.kill("tool", "PUT_NOTE", "ann", "");
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->cancelled.size(), 1u);
  EXPECT_EQ(world.server.cancels, 1u);
  world.server.answer({Outcome::Kind::cancelled, {}, "stopped"});
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->code, Code::killed);
  EXPECT_EQ(run().phase, RunPhase::halted);
  EXPECT_EQ(world.gate->kill_switch.kill("tool", "", "ann", "").has_value(), false);
  EXPECT_EQ(world.gate->kill_switch.kill("everything", "", "ann", "").has_value(), false);
  EXPECT_EQ(world.gate->kill_switch.kill("run", "r-unknown", "ann", "").has_value(), false);
}

TEST_F(GateNode, AKillWithdrawsQuestionsAndStandsUntilItIsLifted) {
  Asked& asked = world.ask("send_mail");
  Asked& left = world.ask("send_mail", R"({"n":1})");
  world.settle();
  left.leave();
  world.settle();
  const auto stopped = world.gate->kill_switch.kill("all", "", "", "");
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->withdrawn.size(), 2u);
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->code, Code::killed);
  EXPECT_EQ(run().live, 0u);
  world.kill();
  world.start();
  world.open();
  EXPECT_EQ(world.call("read_note").code, Code::killed);
  ASSERT_TRUE(world.gate->kill_switch.resume("all", "", "ann", "fine again"));
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
}

TEST_F(GateNode, ADeniedFloodIsCountedAndStaysSmall) {  // R08
  for (int i = 0; i < 2000; ++i) {
    EXPECT_EQ(world.call("nothing_like_it").code, Code::not_granted);
  }
  EXPECT_LE(world.count("call.decided"), 16u);
  world.advance(Duration::seconds(61));
  EXPECT_EQ(run().steps.settled, 2000u);
  EXPECT_EQ(run().denials.settled, 2000u);
  EXPECT_LE(world.journal->bytes_written(), 64u << 10);
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
  expect_same_after_restart();
}

TEST_F(GateNode, ADeathInAFloodLosesNoDenial) {
  for (const int calls : {17, 32, 33, 49, 700}) {
    world.open("flood of " + std::to_string(calls));
    for (int i = 0; i < calls; ++i) world.call("nothing_like_it");
    EXPECT_EQ(run().denials.settled, 16u) << "while it lives they are counted once a minute";
    world.kill();
    world.start();
    EXPECT_GE(run().denials.settled, static_cast<std::uint64_t>(calls));
    EXPECT_LE(run().denials.settled, 2u * static_cast<std::uint64_t>(calls));
    EXPECT_EQ(run().steps.settled, run().denials.settled);
  }
  EXPECT_LE(world.count("denials.counted"), 2u + 2u + 3u + 4u + 8u);
}

TEST_F(GateNode, ARunThatIsClosedOnAFullDiskLosesNoDenial) {
  for (int i = 0; i < 100; ++i) world.call("nothing_like_it");
  world.disk.set_capacity(world.disk.used_bytes());
  for (int i = 0; i < 2000 && world.gate->fault().empty(); ++i) {
    world.call("put_note", R"({"x":")" + std::string(1000, 'y') + R"("})");
  }
  ASSERT_FALSE(world.gate->fault().empty());
  const std::string closed = world.run;
  ASSERT_TRUE(world.gate->runs.close(closed, "the client said so"));
  world.disk.set_capacity(1ULL << 40);
  world.advance(Duration::seconds(3));
  for (int i = 0; i < 150; ++i) world.call("nothing_like_it");
  world.kill();
  world.start();
  EXPECT_GE(world.gate->state().run(closed)->denials.settled, 250u);
}

TEST_F(GateNode, ACountedFloodStillReachesTheCeiling) {
  world.policy =
      world.load(std::string(policy) + "execution: {max_denials: 40, max_steps: 1000}\n");
  ASSERT_TRUE(world.gate->policies.accept_policy("agent", to_string(world.policy->digest), "ann"));
  world.open("bounded");
  int denied = 0;
  while (world.call("nothing_like_it").code == Code::not_granted) ++denied;
  EXPECT_EQ(denied, 40);
  EXPECT_EQ(run().phase, RunPhase::halted);
  for (int i = 0; i < 1000; ++i) world.call("read_note");
  EXPECT_LE(world.count("call.decided"), 16u + 16u + 2u);
  EXPECT_TRUE(world.server.executed.empty());
}

TEST_F(GateNode, RequestsThatNeverBecomeCallsAreChargedToo) {
  world.policy = world.load(std::string(policy) + "execution: {max_steps: 5}\n");
  ASSERT_TRUE(world.gate->policies.accept_policy("agent", to_string(world.policy->digest), "ann"));
  world.open("bounded");
  for (int i = 0; i < 5; ++i) {
    const Settled reply = world.gate->calls.refuse(world.run, Code::ambiguous_request, "tools/Call",
                                                   "two keys are equal");
    EXPECT_EQ(reply.kind, Settled::Kind::refused);
    EXPECT_EQ(reply.code, Code::ambiguous_request);
    EXPECT_THAT(reply.text, HasSubstr("two keys are equal"));
  }
  EXPECT_EQ(run().phase, RunPhase::open);
  EXPECT_EQ(world.call("read_note").code, Code::ceiling);
  EXPECT_EQ(run().phase, RunPhase::halted);
  EXPECT_EQ(world.gate->calls.refuse("r-unknown", Code::identity, "x", "no run").kind,
            Settled::Kind::refused);
}

TEST_F(GateNode, RefusedRequestsAloneHaltTheRun) {
  world.policy = world.load(std::string(policy) + "execution: {max_denials: 3}\n");
  ASSERT_TRUE(world.gate->policies.accept_policy("agent", to_string(world.policy->digest), "ann"));
  world.open("bounded");
  for (int i = 0; i < 4; ++i)
    world.gate->calls.refuse(world.run, Code::ambiguous_request, "x", "odd");
  EXPECT_EQ(run().phase, RunPhase::halted);
  EXPECT_THAT(world.escalations, ElementsAre("ceiling"));
}

TEST_F(GateNode, LargeRefusedArgumentsAreKeptByTheirDigest) {  // R08
  const std::string large = R"({"x":")" + std::string(200'000, 'y') + R"("})";
  const std::uint64_t before = world.journal->bytes_written();
  world.call("nothing_like_it", large);
  EXPECT_LE(world.journal->bytes_written() - before, 8u << 10);
  const auto decided = std::get<CallDecided>(world.records().back().body);
  EXPECT_EQ(decided.args, to_string(sha256(large)));
}

TEST_F(GateNode, ARunThatWritesTooMuchHaltsAndOthersGoOn) {  // R08
  world.limits.run_journal_bytes_max = 64UL << 10;
  world.stop();
  world.start();
  world.open("greedy");
  Settled reply;
  int calls = 0;
  do {
    reply = world.call("read_note", R"({"x":")" + std::string(10'000, 'y') + R"("})");
  } while (reply.kind == Settled::Kind::result && ++calls < 100);
  EXPECT_EQ(reply.code, Code::ceiling);
  EXPECT_EQ(run().phase, RunPhase::halted);
  EXPECT_LT(calls, 7);
  world.open("modest", "other");
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
}

TEST_F(GateNode, AFullDiskGrantsNothingAndStillRecordsTheSwitch) {  // J03
  Asked& held = world.ask("send_mail");
  world.settle();
  world.disk.set_capacity(world.disk.used_bytes());
  Settled reply = world.call("put_note");
  for (int i = 0; i < 2000 && reply.kind == Settled::Kind::result; ++i) {
    reply = world.call("put_note", R"({"x":")" + std::string(1000, 'y') + R"("})");
  }
  ASSERT_EQ(reply.code, Code::audit_unavailable);
  EXPECT_FALSE(world.gate->fault().empty());
  const std::size_t executed = world.server.executed.size();
  EXPECT_EQ(world.call("read_note").code, Code::audit_unavailable);
  EXPECT_EQ(world.server.executed.size(), executed);
  EXPECT_FALSE(
      world.gate->runs.open({.key = "k", .sponsor = "s", .client = "", .policy = world.policy}));
  ASSERT_TRUE(world.gate->kill_switch.kill("tool", "put_note", "ann", "full"));
  world.settle();
  EXPECT_FALSE(held.done()) << "another tool's question stays";

  world.kill();
  world.start();
  EXPECT_EQ(world.gate->state().kills().size(), 1u);
  EXPECT_TRUE(world.gate->state().consistent());

  world.disk.set_capacity(1ULL << 40);
  world.open();
  world.advance(Duration::seconds(3));
  const Settled back = world.call("read_note");
  EXPECT_EQ(back.kind, Settled::Kind::result) << back.text;
  EXPECT_EQ(world.call("put_note").code, Code::killed);
}

TEST_F(GateNode, RoomThatComesBackIsNoticed) {
  world.disk.set_capacity(world.disk.used_bytes());
  Settled reply;
  do {
    reply = world.call("read_note", R"({"x":")" + std::string(4000, 'y') + R"("})");
  } while (reply.kind == Settled::Kind::result);
  ASSERT_EQ(reply.code, Code::audit_unavailable);
  world.disk.set_capacity(1ULL << 40);
  world.advance(Duration::seconds(3));
  EXPECT_EQ(world.gate->fault(), "");
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
}

TEST_F(GateNode, RefusalsThatFoundNoRoomAreCountedWhenThereIsSome) {
  constexpr int refusals = 60;
  const std::string first = world.run;
  world.open("other", "other");
  for (int i = 0; i < refusals; ++i) {
    Asked& asked = world.ask({.run = first, .tool = "nothing"});
    world.settle();
    ASSERT_EQ(asked.reply->code, Code::not_granted);
  }
  ASSERT_LT(world.gate->state().run(first)->denials.settled, refusals) << "some are only counted";
  world.disk.set_capacity(world.disk.used_bytes());
  Settled reply;
  do {
    reply = world.call("read_note", R"({"x":")" + std::string(4000, 'y') + R"("})");
  } while (reply.kind == Settled::Kind::result);
  // It would be closed now, and what is not in the journal yet would be forgotten with it.
  world.gate->runs.leave(first);
  world.advance(world.limits.idle_close + Duration::seconds(120));
  world.disk.set_capacity(1ULL << 40);
  world.advance(world.limits.idle_close + Duration::seconds(120));
  EXPECT_EQ(world.gate->state().run(first)->denials.settled, refusals);
  EXPECT_EQ(world.gate->state().run(first)->phase, RunPhase::closed);
  world.kill();
  world.start();
  EXPECT_EQ(world.gate->state().run(first)->denials.settled, refusals);
}

TEST_F(GateNode, AFailedSyncStopsEverything) {
  world.server.answers = true;
  world.sync.held = true;
  Asked& asked = world.ask("put_note");
  Asked& held = world.ask("send_mail");
  world.settle();
  world.disk.set_faults({.sync_error = 1});
  world.sync.run();
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->code, Code::audit_unavailable);
  EXPECT_TRUE(world.server.executed.empty());
  EXPECT_EQ(world.call("read_note").code, Code::audit_unavailable);
  EXPECT_THAT(world.gate->fault(), HasSubstr("journal"));
  EXPECT_FALSE(world.approve(held.approval));
  EXPECT_FALSE(world.gate->kill_switch.kill("all", "", "", ""))
      << "it could not be recorded, and says so";
  world.disk.set_faults({});
  world.advance(Duration::seconds(400));
  ASSERT_TRUE(held.done());
  EXPECT_EQ(held.reply->kind, Settled::Kind::refused);
}

TEST_F(GateNode, ASuspectClockIsAFact) {  // R17
  world.clock.ahead = Duration::seconds(86'400);
  world.call("read_note");
  const auto decided = [&] {
    const auto records = world.records();
    for (auto it = records.rbegin(); it != records.rend(); ++it) {
      if (const auto* found = std::get_if<CallDecided>(&it->body)) return *found;
    }
    return CallDecided{};
  };
  EXPECT_THAT(decided().facts, HasSubstr("clock_suspect"));
  world.clock.ahead = Duration{-Duration::seconds(86'400).ns};
  world.call("read_note");
  EXPECT_THAT(decided().facts, HasSubstr("clock_suspect"));
}

}  // namespace
}  // namespace pawl::crash
