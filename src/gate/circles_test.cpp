// A run that goes in circles, at the gate: warned, held, halted; nothing of it is lost in a crash,
// and nothing of it is there without `max_repeats`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>

namespace pawl::crash {
namespace {

using ::testing::HasSubstr;

std::string policy_with(const std::string& repeats) {
  return "version: 1\n"
         "agent: {id: agent, identity: agent@x, owner: o@x}\n"
         "tools:\n"
         "  allowed:\n"
         "    - {name: [look, list], class: read_only}\n"
         "    - {name: put, class: reversible small, args: {n: {max: 9}}}\n"
         "execution: {max_steps: 1000" +
         repeats + "}\napproval: {reviewers: [leads], within: 5m}\n";
}
const std::string four = ", max_repeats: 4";

class GateCircles : public ::testing::Test {
 protected:
  explicit GateCircles(const std::string& repeats = four) : world(policy_with(repeats)) {
    world.start();
    world.open();
  }
  void answers(const std::string& text) {
    world.server.result = R"({"content":[{"text":")" + text + R"(","type":"text"}]})";
  }
  Settled look() { return world.call("look"); }
  RunPhase phase() { return world.gate->state().run(world.run)->phase; }
  Asked& held() {
    Asked& asked = world.ask("look");
    world.settle();
    EXPECT_FALSE(asked.done());
    return asked;
  }

  World world;
};

TEST_F(GateCircles, WarnedThenHeldThenHalted) {
  EXPECT_EQ(look().warning, "");
  EXPECT_EQ(look().warning, "") << "one repetition of four";
  const Settled third = look();
  EXPECT_THAT(third.warning, HasSubstr("was repeated 2 times without a new result"));
  EXPECT_THAT(third.text, HasSubstr(third.warning)) << "the agent reads it";
  EXPECT_THAT(third.text, HasSubstr("done")) << "… beside the result";
  look();
  EXPECT_THAT(look().text, HasSubstr("4 times"));
  Asked& asked = held();
  EXPECT_THAT(world.gate->state().approval(asked.approval)->asked.terms->why,
              HasSubstr("goes in circles"));
  ASSERT_TRUE(world.reject(asked.approval));
  world.settle();
  EXPECT_EQ(asked.reply->code, Code::approval_rejected);
  EXPECT_EQ(phase(), RunPhase::open) << "it may do something else";
  EXPECT_EQ(world.call("list").kind, Settled::Kind::result);
  EXPECT_EQ(world.server.count("look"), 5U);
}

TEST_F(GateCircles, OnceMoreAfterANoHalts) {
  for (int i = 0; i < 5; ++i) look();
  Asked& asked = held();
  ASSERT_TRUE(world.reject(asked.approval));
  world.settle();
  EXPECT_EQ(look().code, Code::ceiling);
  EXPECT_EQ(phase(), RunPhase::halted);
  EXPECT_EQ(world.server.count("look"), 5U);
}

TEST_F(GateCircles, WhoLetsItRunBeginsTheCountAnew) {
  for (int i = 0; i < 5; ++i) look();
  Asked& asked = held();
  ASSERT_TRUE(world.approve(asked.approval));
  world.settle();
  EXPECT_EQ(asked.reply->kind, Settled::Kind::result);
  EXPECT_EQ(asked.reply->warning, "");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(look().kind, Settled::Kind::result) << i;
  held();
}

TEST_F(GateCircles, NobodyAnswersUntilItHalts) {
  for (int i = 0; i < 5; ++i) look();
  for (int i = 0; i < 4; ++i) {
    Asked& asked = held();
    world.advance(Duration::seconds(301));
    ASSERT_TRUE(asked.done());
    EXPECT_EQ(asked.reply->code, Code::approval_expired);
  }
  EXPECT_EQ(look().code, Code::ceiling);
  EXPECT_EQ(phase(), RunPhase::halted);
}

TEST_F(GateCircles, AStatusThatChangesIsNoCircle) {
  for (int i = 0; i < 30; ++i) {
    answers("step " + std::to_string(i / 3));
    EXPECT_THAT(look().kind, Settled::Kind::result) << i;
  }
}

TEST_F(GateCircles, ACycleOfTwo) {
  for (int i = 0; i < 5; ++i) {
    look();
    world.call("list");
  }
  held();
}

TEST_F(GateCircles, TheSameErrorOfTheServer) {
  world.server.answers = false;
  for (int i = 0; i < 5; ++i) {
    Asked& asked = world.ask("look");
    world.settle();
    world.server.answer({.kind = Outcome::Kind::error,
                         .result = R"({"code":-32000,"message":"no such thing"})",
                         .why = {}});
    world.settle();
    ASSERT_TRUE(asked.done());
    EXPECT_THAT(asked.reply->text, HasSubstr("no such thing"));
    EXPECT_EQ(asked.reply->warning.empty(), i < 2) << i;
    if (i >= 2) EXPECT_THAT(asked.reply->text, HasSubstr("without a new result"));
  }
  held();
}

TEST_F(GateCircles, TheSameDenial) {
  for (int i = 0; i < 9; ++i) {
    const Settled denied = world.call("put", R"({"n":10})");
    EXPECT_EQ(denied.code, Code::constraint);
    EXPECT_EQ(denied.warning.empty(), i < 2) << i;
    EXPECT_THAT(denied.text, HasSubstr(denied.warning));
  }
  EXPECT_EQ(world.call("put", R"({"n":10})").code, Code::ceiling);
  EXPECT_EQ(phase(), RunPhase::halted);
}

TEST_F(GateCircles, ACrashKeepsTheCount) {
  for (int i = 0; i < 5; ++i) {
    look();
    world.kill();
    world.start();
  }
  held();
}

TEST_F(GateCircles, TheJournalKeepsMarksThatSayNothing) {
  look();
  look();
  world.open("another");
  look();
  std::vector<std::string> calls, results;
  for (const Record& record : world.records()) {
    if (const auto* decided = std::get_if<CallDecided>(&record.body))
      calls.push_back(decided->mark);
    if (const auto* ended = std::get_if<CallEnded>(&record.body)) results.push_back(ended->mark);
  }
  ASSERT_EQ(calls.size(), 3U);
  EXPECT_EQ(calls[0].size(), 32U);
  EXPECT_EQ(calls[0], calls[1]);
  EXPECT_NE(calls[0], calls[2]) << "of another run, with another key";
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_NE(results[0], results[2]);
}

class GateWithoutRepeats : public GateCircles {
 protected:
  GateWithoutRepeats() : GateCircles("") {}
};

TEST_F(GateWithoutRepeats, NothingIsMarked) {
  for (int i = 0; i < 30; ++i) EXPECT_EQ(look().warning, "");
  for (const Record& record : world.records()) {
    if (const auto* decided = std::get_if<CallDecided>(&record.body)) EXPECT_EQ(decided->mark, "");
    if (const auto* ended = std::get_if<CallEnded>(&record.body)) EXPECT_EQ(ended->mark, "");
  }
}

}  // namespace
}  // namespace pawl::crash
