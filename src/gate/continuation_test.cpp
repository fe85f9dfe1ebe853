// Calls whose callers are told to come back: each continuation is the same call, with the same
// question.
#include <gtest/gtest.h>

#include <crash/gate_world.h>

namespace pawl::crash {
namespace {

constexpr const char* policy = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: send_mail, class: irreversible small, requires_approval: true}
execution: {max_steps: 100}
approval: {reviewers: [leads], within: 5m}
)";

class GateLeg : public ::testing::Test {
 protected:
  GateLeg() : world(policy) {
    world.start();
    world.open();
  }
  Asked& continuation(const std::string& resumes = {}) {
    Asked& asked = world.ask({.run = world.run,
                              .tool = "send_mail",
                              .patience = Duration::seconds(45),
                              .resumes = resumes});
    world.settle();
    return asked;
  }
  std::uint64_t steps() const { return world.gate->state().run(world.run)->steps.settled; }
  World world;
};

TEST_F(GateLeg, EachGoesOnWithItsOwnQuestion) {
  Asked& first = continuation();
  Asked& second = continuation();
  ASSERT_NE(first.approval, second.approval);
  world.advance(Duration::seconds(46));
  ASSERT_TRUE(first.done() && second.done());
  EXPECT_EQ(steps(), 2u);
  Asked& back = continuation(second.approval);
  EXPECT_EQ(back.approval, second.approval);
  EXPECT_EQ(continuation(first.approval).approval, first.approval);
  EXPECT_EQ(steps(), 2u) << "a leg costs no step";
  ASSERT_TRUE(world.approve(second.approval));
  world.settle();
  ASSERT_TRUE(back.done());
  EXPECT_EQ(back.reply->kind, Settled::Kind::result);
  EXPECT_EQ(world.server.count("send_mail"), 1u);
}

TEST_F(GateLeg, ARejectionInBetweenIsToldAndCostsNothing) {
  Asked& first = continuation();
  world.advance(Duration::seconds(46));
  ASSERT_TRUE(world.reject(first.approval));
  world.settle();
  const std::size_t records = world.records().size();
  Asked& back = continuation(first.approval);
  ASSERT_TRUE(back.done());
  EXPECT_EQ(back.reply->code, Code::approval_rejected);
  EXPECT_EQ(steps(), 1u);
  EXPECT_EQ(world.records().size(), records) << "it is in the journal already";
  EXPECT_EQ(world.server.count("send_mail"), 0u);
}

TEST_F(GateLeg, AQuestionThatRanOutInBetweenIsToldAndNotAskedAgain) {
  Asked& first = continuation();
  world.advance(Duration::seconds(46));
  world.advance(Duration::seconds(600));
  Asked& back = continuation(first.approval);
  ASSERT_TRUE(back.done());
  EXPECT_EQ(back.reply->kind, Settled::Kind::refused);
  EXPECT_EQ(back.reply->code, Code::approval_expired);
  EXPECT_EQ(steps(), 1u);
  EXPECT_EQ(world.questions.size(), 1u);
}

TEST_F(GateLeg, AnApprovalInBetweenIsUsedByTheNextLegAndOnce) {  // H04
  Asked& first = continuation();
  world.advance(Duration::seconds(46));
  ASSERT_TRUE(world.approve(first.approval));
  world.settle();
  EXPECT_EQ(world.server.count("send_mail"), 0u) << "no client waits for it";
  Asked& back = continuation(first.approval);
  ASSERT_TRUE(back.done());
  EXPECT_EQ(back.reply->kind, Settled::Kind::result);
  EXPECT_EQ(steps(), 1u);
  // Used up: the same state again would be a call like any other.
  Asked& again = continuation(first.approval);
  EXPECT_FALSE(again.done());
  EXPECT_NE(again.approval, first.approval);
  EXPECT_EQ(world.server.count("send_mail"), 1u);
}

// A call in several messages: what a halt or the switch stops is not sent on.
TEST_F(GateLeg, GoesOnUntilItIsStopped) {
  const Call call{{}, "send_mail", {}};
  const auto policy_of_run = world.gate->runs.policy_of(world.run);
  EXPECT_TRUE(world.gate->calls.goes_on(world.run, call, policy_of_run.get()));
  EXPECT_FALSE(world.gate->calls.goes_on(world.run, call, nullptr)) << "another policy";
  EXPECT_FALSE(world.gate->calls.goes_on("r-none", call, policy_of_run.get()));
  ASSERT_TRUE(world.gate->kill_switch.kill("tool", "send_mail", "eve", "drill").has_value());
  EXPECT_FALSE(world.gate->calls.goes_on(world.run, call, policy_of_run.get()));
}

TEST_F(GateLeg, AHaltEndsWhatIsToldInParts) {
  const auto policy_of_run = world.gate->runs.policy_of(world.run);
  while (world.gate->state().run(world.run)->phase == RunPhase::open) world.call("unknown_tool");
  const Call call{{}, "send_mail", {}};
  EXPECT_FALSE(world.gate->calls.goes_on(world.run, call, policy_of_run.get()));
}

}  // namespace
}  // namespace pawl::crash
