// What keeps the attention of people from being worn out (case H02).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_fixture.h>

namespace pawl::crash {
namespace {

using ::testing::HasSubstr;

class GateNear : public GateTest {
 protected:
  // Asks for something that is held.
  Asked& held(const std::string& arguments) {
    Asked& asked = world.ask("send_mail", arguments);
    world.settle();
    EXPECT_FALSE(asked.done());
    return asked;
  }
  // A run of its own, under a policy that is stricter by a ceiling.
  void bounded(const std::string& ceilings) {
    world.policy = world.load(std::string(policy) + "execution: {" + ceilings + "}\n");
    world.open("bounded", "tim");
  }
};

TEST_F(GateNear, NearRepeatsOfARejectedCallAskNoReviewer) {  // H02
  Asked& asked = held(R"({"to":"a","body":"pay 100 now"})");
  ASSERT_TRUE(world.reject(asked.approval));
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->code, Code::approval_rejected);
  const std::vector<std::string> near = {
      R"({"to":"a","body":"pay 101 now"})",   R"({"to":"a","body":"pay 100  now"})",
      R"({"to":"a","body":"pay 1000 now"})",  R"({"to":"A","body":"Pay 100 now"})",
      R"({"to":"a","body":"pay\n100\tnow"})", R"({"to":"a","body":"pay\u00a0100 now"})"};
  for (int life = 0; life < 2; ++life) {
    for (const std::string& arguments : near) {
      const Settled reply = world.call("send_mail", arguments);
      EXPECT_EQ(reply.code, Code::approval_rejected) << arguments;
      EXPECT_THAT(reply.text, HasSubstr("nearly this call was denied")) << arguments;
    }
    world.kill();
    world.start();
    world.open();
  }
  EXPECT_EQ(world.questions.size(), 1u);
  EXPECT_TRUE(world.server.executed.empty());
  held(R"({"to":"a","body":"pay nothing now"})");
}

TEST_F(GateNear, NearRepeatsAreDenialsAndHaltTheRun) {  // H02
  bounded("max_denials: 9");
  Asked& asked = held(R"({"n":1})");
  ASSERT_TRUE(world.reject(asked.approval));
  world.settle();
  for (int i = 0; i < 12; ++i) world.call("send_mail", "{\"n\":" + std::to_string(i + 20) + "}");
  EXPECT_EQ(world.gate->state().run(world.run)->phase, RunPhase::halted);
  EXPECT_EQ(world.questions.size(), 1u);
}

TEST_F(GateNear, TooManyQuestionsAreDenialsAndHaltTheRun) {  // H02
  world.limits.questions_per_run_max = 30;
  world.stop();
  world.start();
  bounded("max_denials: 20");
  std::uint32_t ceilings = 0;
  for (int i = 0; i < 200; ++i) {
    Asked& asked = world.ask(
        "send_mail", "{\"text\":\"" + std::string(static_cast<std::size_t>(i) + 1, 'a') + "\"}");
    world.settle();
    if (asked.done() && asked.reply->code == Code::ceiling) ++ceilings;
  }
  EXPECT_EQ(world.questions.size(), 30u);
  EXPECT_EQ(ceilings, 21u) << "twenty denials, and the one that halts";
  EXPECT_EQ(world.gate->state().run(world.run)->phase, RunPhase::halted);
  EXPECT_TRUE(world.gate->state().consistent());
}

}  // namespace
}  // namespace pawl::crash
