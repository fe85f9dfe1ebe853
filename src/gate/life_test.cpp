// The long life of a node: runs that close, definitions, people, notes, snapshots.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_fixture.h>

namespace pawl::crash {
namespace {

class GateLife : public GateTest {};

TEST_F(GateLife, ARunClosesWhenNoClientIsThereForLong) {
  const std::string id = world.run;
  world.call("read_note");
  world.gate->runs.leave(id);
  world.advance(Duration::seconds(599));
  EXPECT_EQ(run().phase, RunPhase::open);
  world.open();  // back again
  world.advance(Duration::seconds(1000));
  EXPECT_EQ(run().phase, RunPhase::open);
  world.gate->runs.leave(id);
  world.advance(Duration::seconds(601));
  EXPECT_EQ(run().phase, RunPhase::closed);
  EXPECT_NE(world.open(), id);
}

TEST_F(GateLife, ARunOfAnEarlierLifeClosesToo) {
  world.call("read_note");
  world.kill();
  world.start();
  world.advance(Duration::seconds(599));
  EXPECT_EQ(run().phase, RunPhase::open);
  world.advance(Duration::seconds(2));
  EXPECT_EQ(run().phase, RunPhase::closed);
}

TEST_F(GateLife, AKillEndsMoreQuestionsThanTheStateRemembers) {
  world.limits.questions_per_run_max = 10'000;
  world.stop();
  world.start();
  world.open("many");
  for (int i = 0; i < 5000; ++i) {
    Asked& asked = world.ask("send_mail", "{\"n\":" + std::to_string(i) + "}");
    if (i % 2 == 0) asked.leave();
  }
  world.settle();
  ASSERT_EQ(run().live, 5000u);
  const auto stopped = world.gate->kill_switch.kill("all", "", "", "");
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->withdrawn.size(), 5000u);
  world.settle();
  EXPECT_EQ(run().live, 0u);
  EXPECT_TRUE(world.gate->state().consistent());
}

TEST_F(GateLife, AnOpenQuestionKeepsItsRun) {
  Asked& asked = world.ask({.run = world.run, .tool = "send_mail"});
  world.settle();
  asked.leave();
  world.gate->runs.leave(world.run);
  world.advance(Duration::seconds(250));
  EXPECT_EQ(run().phase, RunPhase::open);
  world.advance(Duration::seconds(2000));
  EXPECT_EQ(run().phase, RunPhase::closed);
}

TEST_F(GateLife, AClosedRunWithdrawsItsQuestions) {
  Asked& asked = world.ask("send_mail");
  world.settle();
  ASSERT_TRUE(world.gate->runs.close(world.run, "the client said so"));
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->code, Code::run_halted);
  EXPECT_TRUE(world.gate->runs.close(world.run, "again"));
  EXPECT_FALSE(world.gate->runs.close("r-unknown", ""));
}

TEST_F(GateLife, DefinitionsAreComparedWithWhatWasAccepted) {
  ToolDefinition tool = *definition_of("crm", "read_note", {}, {});
  tool.text = R"({"name":"read_note"})";
  tool.digest = sha256(tool.text);
  const std::string digest = to_string(tool.digest);
  Gate& gate = *world.gate;
  EXPECT_EQ(gate.policies.pin(world.run, tool, false, {}), PinState::first_use);
  EXPECT_EQ(gate.policies.pin(world.run, tool, false, {}), PinState::first_use);
  EXPECT_FALSE(gate.policies.accept("crm", "read_note", digest, ""));
  EXPECT_FALSE(gate.policies.accept("pawl", "policy/agent", digest, "ann"));
  ASSERT_TRUE(gate.policies.accept("crm", "read_note", digest, "ann"));
  EXPECT_EQ(gate.policies.pin(world.run, tool, false, {}), PinState::accepted);
  EXPECT_EQ(gate.policies.pin(world.run, tool, true, digest), PinState::accepted);
  EXPECT_EQ(gate.policies.pin(world.run, tool, true, {}), PinState::changed);
  tool.text = R"({"name":"read_note","title":"x"})";
  tool.digest = sha256(tool.text);
  EXPECT_EQ(gate.policies.pin(world.run, tool, false, {}), PinState::changed);
  tool.hidden_characters = true;
  EXPECT_EQ(gate.policies.pin(world.run, tool, true, to_string(tool.digest)), PinState::hidden);
  EXPECT_EQ(gate.policies.pin("r-unknown", tool, false, {}), PinState::changed);
  EXPECT_EQ(world.count("definition.seen"), 2u);
}

TEST_F(GateLife, OnlyTheFirstReviewerComesFromTheConfiguration) {  // H08
  Gate& gate = *world.gate;
  EXPECT_FALSE(gate.reviewers.enroll("eve", "passphrase", "v", "ann"));
  ASSERT_TRUE(gate.reviewers.enroll("ann", "passphrase", "v", ""));
  EXPECT_FALSE(gate.reviewers.enroll("eve", "passphrase", "v", ""));
  EXPECT_FALSE(gate.reviewers.enroll("ann", "passphrase", "other", ""))
      << "nor is the first one replaced";
  EXPECT_FALSE(gate.reviewers.enroll("eve", "passphrase", "v", "unknown"));
  EXPECT_TRUE(gate.reviewers.enroll("bob", "passphrase", "v", "ann"));
}

TEST_F(GateLife, ThoseOfTheVeryFirstFileAreEnrolledTogether) {
  Gate& gate = *world.gate;
  EXPECT_FALSE(gate.reviewers.enroll_first({{"ann", "passphrase", ""}}));
  ASSERT_TRUE(
      gate.reviewers.enroll_first({{"ann", "passphrase", "v"}, {"bob", "passphrase", "w"}}));
  EXPECT_EQ(gate.state().reviewers().size(), 2u);
  EXPECT_FALSE(gate.reviewers.enroll_first({{"eve", "passphrase", "v"}}));
  EXPECT_FALSE(gate.state().reviewers().contains("eve"));
}

TEST_F(GateLife, NotesAreBounded) {
  int written = 0;
  for (int i = 0; i < 1000; ++i)
    written += world.gate->alerts.note(world.run, "t", "x").has_value();
  EXPECT_EQ(written, 32);
  world.advance(Duration::seconds(61));
  EXPECT_TRUE(world.gate->alerts.note(world.run, "t", "x"));
}

TEST_F(GateLife, ASnapshotIsTakenAndTrusted) {
  world.limits.snapshot_records = 50;
  world.stop();
  world.start();
  world.open("busy");
  for (int i = 0; i < 100; ++i) world.call("read_note");
  EXPECT_GE(world.count("snapshot.taken"), 2u);
  const std::string before = world.gate->state().to_json();
  world.stop();
  world.start();
  EXPECT_GT(world.journal->recovery().from_snapshot, 0u);
  EXPECT_EQ(run().steps.settled, 100u);
  (void)before;
}

}  // namespace
}  // namespace pawl::crash
