// What a call does on its way: decided, written, executed, settled, answered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>
#include "base/text.h"

namespace pawl::crash {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* policy = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - {name: put_note, class: reversible small, max_records_per_run: 3}
    - {name: read_card, class: read_only, scope: [name]}
    - {name: send_mail, class: irreversible small, requires_approval: true}
  blocked: [drop_all]
execution: {max_steps: 25, max_wall_clock: 2m}
approval: {reviewers: [leads]}
)";

class GateCall : public ::testing::Test {
 protected:
  GateCall() : world(policy) {
    world.start();
    world.open();
  }
  World world;
};

TEST_F(GateCall, AReadIsForwardedAfterItsRecordIsWritten) {
  world.sync.held = true;
  const Settled reply = world.call("read_note", R"({"b":1.0,"a":"x"})");
  EXPECT_EQ(reply.kind, Settled::Kind::result);
  EXPECT_EQ(reply.text, world.server.result);
  ASSERT_EQ(world.server.executed.size(), 1u);
  EXPECT_EQ(world.server.executed[0].arguments, R"({"a":"x","b":1})");
  EXPECT_LT(world.server.executed[0].synced, world.server.executed[0].records);
  EXPECT_EQ(world.count("call.decided"), 1u);
  EXPECT_EQ(world.count("call.ended"), 1u);
}

TEST_F(GateCall, AnEffectWaitsUntilItsDecisionIsDurable) {
  world.sync.held = true;
  Asked& asked = world.ask("put_note");
  world.settle();
  EXPECT_TRUE(world.server.executed.empty());
  world.sync.run();
  world.settle();
  ASSERT_EQ(world.server.executed.size(), 1u);
  EXPECT_EQ(world.server.executed[0].synced, world.server.executed[0].records);
  EXPECT_FALSE(asked.done()) << "the reply waits for the durable record of the end";
  world.sync.run();
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->kind, Settled::Kind::result);
}

TEST_F(GateCall, WhatIsNotGrantedNeverReachesTheServer) {
  for (const char* tool : {"drop_all", "Drop_All", "not_listed"}) {
    const Settled reply = world.call(tool);
    EXPECT_EQ(reply.kind, Settled::Kind::refused);
    EXPECT_THAT(reply.text, HasSubstr("\ninstead: "));
    EXPECT_THAT(reply.decision, HasSubstr("\"code\":\""));
    EXPECT_FALSE(reply.call.empty());
  }
  EXPECT_TRUE(world.server.executed.empty());
  EXPECT_EQ(world.gate->state().run(world.run)->steps.settled, 3u);
}

// A ceiling that only the next call meets would let a server that hangs keep a run for ever.
TEST_F(GateCall, ACallThatExecutesAtTheEndOfTheRunsTimeIsCancelledThere) {
  world.call("read_note");
  world.server.answers = false;
  Asked& read = world.ask("read_note", R"({"n":1})");
  Asked& effect = world.ask("put_note");
  world.advance(Duration::seconds(119));
  EXPECT_EQ(world.server.cancels, 0u);
  EXPECT_EQ(world.count("run.halted"), 0u);
  world.advance(Duration::seconds(2));
  EXPECT_EQ(world.server.cancels, 2u);
  const pawl::Run& run = *world.gate->state().run(world.run);
  EXPECT_EQ(run.phase, RunPhase::halted);
  EXPECT_EQ(run.halted, "ceiling");
  EXPECT_EQ(run.why, "the run has taken longer than 2m; its calls were cancelled");
  EXPECT_THAT(world.escalations, testing::Contains("ceiling"));
  world.server.answer({Outcome::Kind::cancelled, {}, "stopped"});
  world.server.answer({Outcome::Kind::cancelled, {}, "stopped"});
  world.settle();
  for (const Asked* one : {&read, &effect}) {
    ASSERT_TRUE(one->done());
    EXPECT_EQ(one->reply->code, Code::ceiling);
    EXPECT_THAT(one->reply->text, HasSubstr("the time of the run was over"));
    EXPECT_THAT(one->reply->text, HasSubstr("retry: no, the run is halted until then"));
  }
  std::vector<std::string> outcomes;
  for (const Record& record : world.records()) {
    const auto* ended = std::get_if<CallEnded>(&record.body);
    if (ended != nullptr) outcomes.push_back(ended->outcome);
  }
  EXPECT_THAT(outcomes, testing::ElementsAre("completed", "cancelled", "indeterminate"));
}

TEST_F(GateCall, ARunThatDoesNothingAtTheEndOfItsTimeIsLeftAlone) {
  world.call("read_note");
  world.advance(Duration::seconds(600));
  EXPECT_EQ(world.count("run.halted"), 0u);
  EXPECT_EQ(world.call("read_note").code, Code::ceiling);
  EXPECT_EQ(world.count("run.halted"), 1u);
}

// Waiting for a person does not count, so the timer stands where the clock will be.
TEST_F(GateCall, TheTimeInWhichACallWaitsForAPersonIsNotTheRuns) {
  Asked& mail = world.ask("send_mail");
  world.advance(Duration::seconds(250));
  ASSERT_FALSE(mail.approval.empty());
  world.server.answers = false;
  ASSERT_TRUE(world.approve(mail.approval));
  world.advance(Duration::seconds(119));
  EXPECT_EQ(world.server.cancels, 0u);
  world.advance(Duration::seconds(2));
  EXPECT_EQ(world.server.cancels, 1u);
  world.server.answer({Outcome::Kind::cancelled, {}, "stopped"});
  world.settle();
  ASSERT_TRUE(mail.done());
  EXPECT_EQ(mail.reply->code, Code::ceiling);
}

TEST_F(GateCall, ACallOfNoRunIsRefused) {
  Asked& asked = world.ask({.run = "r-unknown", .tool = "read_note"});
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->kind, Settled::Kind::refused);
  EXPECT_EQ(asked.reply->code, Code::identity);
}

TEST_F(GateCall, RecordCeilingsHoldAcrossServersOfOneRun) {
  EXPECT_EQ(world.open("key"), world.run);  // a second connection with the same key
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(world.call("put_note").kind, Settled::Kind::result);
  }
  const Settled reply = world.call("put_note");
  EXPECT_EQ(reply.code, Code::ceiling);
  EXPECT_EQ(world.gate->state().run(world.run)->phase, RunPhase::open);
}

TEST_F(GateCall, ReservationsOfCallsInFlightCount) {
  world.server.answers = false;
  for (int i = 0; i < 3; ++i) world.ask("put_note");
  Asked& fourth = world.ask("put_note");
  world.settle();
  ASSERT_TRUE(fourth.done());
  EXPECT_EQ(fourth.reply->code, Code::ceiling);
  EXPECT_EQ(world.server.executed.size(), 3u);
  while (!world.server.waiting.empty()) {
    world.server.answer({Outcome::Kind::result, "{}", {}});
    world.settle();
  }
  EXPECT_EQ(world.gate->state().run(world.run)->entries.at("put_note").records.settled, 3u);
}

TEST_F(GateCall, TheStepCeilingHaltsAndTheContactIsTold) {
  for (int i = 0; i < 25; ++i) {
    EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
  }
  const Settled reply = world.call("read_note");
  EXPECT_EQ(reply.code, Code::ceiling);
  EXPECT_EQ(world.gate->state().run(world.run)->phase, RunPhase::halted);
  EXPECT_THAT(world.escalations, ::testing::ElementsAre("ceiling"));
  EXPECT_EQ(world.call("read_note").code, Code::run_halted);
  EXPECT_EQ(world.server.executed.size(), 25u);
}

TEST_F(GateCall, TheWallClockHaltsButNotWhileAPersonIsAsked) {
  ASSERT_EQ(world.call("read_note").kind, Settled::Kind::result);
  Asked& held = world.ask("send_mail");
  world.advance(Duration::seconds(200));
  ASSERT_TRUE(world.approve(held.approval));
  world.settle();
  ASSERT_TRUE(held.done());
  EXPECT_EQ(held.reply->kind, Settled::Kind::result);
  world.advance(Duration::seconds(110));
  EXPECT_EQ(world.call("read_note").kind, Settled::Kind::result);
  world.advance(Duration::seconds(20));
  EXPECT_EQ(world.call("read_note").code, Code::ceiling);
  EXPECT_EQ(world.gate->state().run(world.run)->phase, RunPhase::halted);
}

TEST_F(GateCall, ScopeCoversResultsAndErrors) {
  world.server.result =
      R"({"content":[{"text":"{\"name\":\"A\",\"card\":\"4111\"}","type":"text"}]})";
  const Settled reply = world.call("read_card");
  EXPECT_EQ(reply.kind, Settled::Kind::result);
  EXPECT_THAT(reply.text, Not(HasSubstr("4111")));
  EXPECT_THAT(reply.text, HasSubstr("A"));
  EXPECT_FALSE(reply.withheld.empty());

  world.server.result = "4111 is not JSON";
  EXPECT_THAT(world.call("read_card").text, Not(HasSubstr("4111")));
  world.server.result = R"({"content":[],"content":[{"text":"4111","type":"text"}]})";
  EXPECT_THAT(world.call("read_card").text, Not(HasSubstr("4111")));

  world.server.answers = false;
  Asked& asked = world.ask("read_card");
  world.server.answer({Outcome::Kind::error, R"({"code":-32001,"message":"card 4111"})", {}});
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->kind, Settled::Kind::error);
  EXPECT_THAT(asked.reply->text, Not(HasSubstr("4111")));
  EXPECT_THAT(asked.reply->text, HasSubstr("-32001"));
}

TEST_F(GateCall, ALostEffectHaltsTheRunAndALostReadDoesNot) {
  world.server.answers = false;
  Asked& read = world.ask("read_note");
  world.server.answer({Outcome::Kind::lost, {}, "the server ended"});
  world.settle();
  ASSERT_TRUE(read.done());
  EXPECT_EQ(read.reply->code, Code::upstream_failed);
  EXPECT_EQ(world.gate->state().run(world.run)->phase, RunPhase::open);

  Asked& write = world.ask("put_note");
  world.settle();
  world.server.answer({Outcome::Kind::lost, {}, "the server ended"});
  world.settle();
  ASSERT_TRUE(write.done());
  EXPECT_EQ(write.reply->code, Code::upstream_failed);
  EXPECT_THAT(write.reply->text, HasSubstr("the server ended"));
  EXPECT_EQ(world.gate->state().run(world.run)->phase, RunPhase::halted);
  EXPECT_EQ(world.gate->state().run(world.run)->entries.at("put_note").records.settled, 1u);
  EXPECT_THAT(world.escalations, ::testing::ElementsAre("upstream_failed"));
}

TEST_F(GateCall, ACancelledCallWaitsForTheEndOfTheServer) {
  world.server.answers = false;
  Asked& asked = world.ask("put_note");
  world.settle();
  asked.leave();
  asked.leave();
  world.settle();
  EXPECT_EQ(world.server.cancels, 1u);
  EXPECT_FALSE(asked.done());
  world.server.answer({Outcome::Kind::result, "{}", {}});
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->kind, Settled::Kind::gone);
  const Record last = world.records().back();
  EXPECT_EQ(std::get<CallEnded>(last.body).outcome, "completed") << "what happened is recorded";
}

TEST_F(GateCall, AClientThatLeavesBeforeTheDecisionIsDurableGetsNothingDone) {
  world.sync.held = true;
  Asked& asked = world.ask("put_note");
  world.settle();
  asked.leave();
  world.sync.run();
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->kind, Settled::Kind::gone);
  EXPECT_TRUE(world.server.executed.empty());
  EXPECT_EQ(std::get<CallEnded>(world.records().back().body).outcome, "aborted");
  EXPECT_EQ(world.gate->state().run(world.run)->entries.at("put_note").records.total(), 0u);
}

TEST_F(GateCall, ADroppedRequestIsRecordedAsWhatItWas) {
  world.server.answers = false;
  world.ask("put_note");
  world.settle();
  world.stop();  // drops the call in the middle of its execution
  const auto records = world.records();
  bool indeterminate = false;
  bool halted = false;
  for (const Record& record : records) {
    const auto* ended = std::get_if<CallEnded>(&record.body);
    indeterminate = indeterminate || (ended != nullptr && ended->outcome == "indeterminate");
    halted = halted || std::holds_alternative<RunHalted>(record.body);
  }
  EXPECT_TRUE(indeterminate);
  EXPECT_TRUE(halted);
}

TEST_F(GateCall, LargeResultsAreKeptByTheirDigest) {
  world.limits.result_payload_bytes_max = 64;
  world.stop();
  world.start();
  world.open("other");
  world.server.result =
      R"({"content":[{"type":"text","text":")" + std::string(200, 'x') + R"("}]})";
  EXPECT_EQ(world.call("read_note").text, world.server.result);
  const auto ended = std::get<CallEnded>(world.records().back().body);
  EXPECT_EQ(ended.result, to_string(sha256(world.server.result)));
  EXPECT_EQ(ended.result_bytes, world.server.result.size());
}

TEST_F(GateCall, WhatIsRecordedCanBeReadBack) {
  world.call("put_note", R"({"text":"hello"})");
  for (const Record& record : world.records()) {
    const auto* decided = std::get_if<CallDecided>(&record.body);
    if (decided == nullptr) continue;
    EXPECT_EQ(decided->effect, "allow");
    EXPECT_EQ(decided->args_bytes, 16u);
    std::string bytes;
    ASSERT_TRUE(unhex(std::string_view(decided->args).substr(7), bytes));
    Digest digest{};
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    const auto payload = world.journal->payload(digest);
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->bytes, R"({"text":"hello"})");
  }
}

// What telemetry hears of a call, copied while it lasts.
struct Measured {
  std::string role, tool;
  Settled::Kind kind;
  Code code;
  bool has_entry;
  CallTimes times;
};

TEST_F(GateCall, EachCallIsMeasuredOnceWhenItIsOver) {
  std::vector<Measured> heard;
  world.gate->calls.on_over([&heard](const CallOver& call) {
    heard.push_back({std::string(call.role), std::string(call.asked.call.tool), call.kind,
                     call.code, call.has_entry, call.times});
  });
  world.advance(Duration::seconds(1));
  (void)world.call("read_note");
  (void)world.call("not_listed");
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0].role, "agent");
  EXPECT_EQ(heard[0].kind, Settled::Kind::result);
  EXPECT_TRUE(heard[0].has_entry);
  EXPECT_EQ(to_string(heard[0].times.action_class), "read_only");
  EXPECT_GT(heard[0].times.asked.ns, 0);
  EXPECT_GE(heard[0].times.sent, heard[0].times.decided);
  EXPECT_GE(heard[0].times.over, heard[0].times.answered);
  EXPECT_EQ(heard[1].code, Code::not_granted);
  EXPECT_FALSE(heard[1].has_entry);
  EXPECT_EQ(heard[1].times.sent.ns, 0) << "it never was at the server";
  world.gate->calls.on_over({});
  (void)world.call("read_note");
  EXPECT_EQ(heard.size(), 2u);
}

TEST_F(GateCall, EveryListenerHearsOfRecordsUntilItLetsGo) {
  std::size_t first = 0, second = 0;
  auto one = world.gate->on_record([&first](const Record&) { ++first; });
  const auto other = world.gate->on_record([&second](const Record&) { ++second; });
  (void)world.call("read_note");
  EXPECT_EQ(first, 2u);
  EXPECT_EQ(second, 2u);
  one.reset();
  (void)world.call("read_note");
  EXPECT_EQ(first, 2u);
  EXPECT_EQ(second, 4u);
}

}  // namespace
}  // namespace pawl::crash
