// A reviewer asks the agent about its call, or passes the question on, before anybody answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>
#include "base/text.h"
#include "kernel/definition/definition.h"

namespace pawl::crash {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* policy_of_talks = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: free, class: irreversible small, requires_approval: true}
    - name: own
      class: irreversible small
      requires_approval: true
      args: {pawl_answer: {max_length: 20}}
    - {name: wire, class: irreversible small, requires_approval: true, approval: {quorum: 2}}
execution: {max_steps: 100}
approval: {reviewers: [leads, treasury], within: 5m}
)";

class GateTalk : public ::testing::Test {
 protected:
  GateTalk() : world(policy_of_talks) {
    world.groups["tom"] = {"treasury"};
    world.groups["sue"] = {"guests"};
    world.start();
    world.open();
  }
  Asked& held(const std::string& tool, const std::string& arguments) {
    Asked& asked = world.ask(tool, arguments);
    world.settle();
    EXPECT_FALSE(asked.approval.empty());
    return asked;
  }
  Settled answer_of(Asked& asked) {
    world.settle();
    EXPECT_TRUE(asked.done());
    return asked.done() ? *asked.reply : Settled{};
  }
  Status ask_back(const std::string& approval, const std::string& text,
                  const std::string& person = "ann") {
    return world.gate->approvals.request_clarification(
        {approval, person, world.groups[person], text, "test"});
  }
  Status pass(const std::string& approval, const std::string& to,
              const std::string& person = "ann") {
    return world.gate->approvals.reassign(
        {approval, person, world.groups[person], to, "busy", "test"});
  }
  std::string why_not(const Status& done) { return done ? "it was done" : done.error().message; }
  const Approval& question(const std::string& approval) {
    return *world.gate->state().approval(approval);
  }
  std::vector<std::string> executed() const {
    std::vector<std::string> all;
    for (const Executed& one : world.server.executed) all.push_back(one.arguments);
    return all;
  }
  std::string words_of(const std::string& approval) {
    Digest digest{};
    std::string bytes;
    const std::string& commitment = question(approval).talk->remarks.back().text;
    EXPECT_TRUE(unhex(std::string_view(commitment).substr(7), bytes));
    std::ranges::copy(bytes, digest.begin());
    const auto payload = world.journal->payload(digest);
    return payload ? payload->bytes : "gone";
  }
  World world;
};

TEST_F(GateTalk, AgentReadsTheQuestionAtOnceAndAnswersWithTheSameCall) {
  Asked& asked = held("free", R"({"n":1})");
  const std::string approval = asked.approval;
  const Approval before = question(approval);
  ASSERT_TRUE(ask_back(approval, " which customer is it? "));
  const Settled told = answer_of(asked);
  EXPECT_EQ(told.kind, Settled::Kind::pending);
  EXPECT_TRUE(told.asks);
  EXPECT_EQ(told.approval, approval);
  EXPECT_THAT(told.text, HasSubstr("a reviewer (ann) asks about this call: which customer is it?"));
  EXPECT_THAT(told.text, HasSubstr("`pawl_answer`"));
  EXPECT_THAT(told.decision, HasSubstr(R"("asks":[{"person":"ann","text":"which customer)"));
  EXPECT_FALSE(question(approval).attached);

  const std::uint64_t steps = world.gate->state().run(world.run)->steps.total();
  Asked& back = held("free", R"({"n":1,"pawl_answer":"the one of yesterday"})");
  EXPECT_EQ(back.approval, approval);
  EXPECT_FALSE(back.done()) << "it waits again";
  EXPECT_EQ(words_of(approval), "the one of yesterday");
  EXPECT_EQ(question(approval).binding(), before.binding());
  EXPECT_EQ(question(approval).asked.expires, before.asked.expires);
  EXPECT_EQ(world.gate->state().run(world.run)->steps.total(), steps);
  EXPECT_THAT(world.told_news, ElementsAre("replied ann"));

  ASSERT_TRUE(world.approve(approval));
  EXPECT_EQ(answer_of(back).kind, Settled::Kind::result);
  EXPECT_THAT(executed(), ElementsAre(R"({"n":1})")) << "no tool receives the words";
}

TEST_F(GateTalk, WhoDoesNotAnswerWaitsOnAndIsToldOnce) {
  Asked& asked = held("free", R"({"n":1})");
  const std::string approval = asked.approval;
  asked.leave();
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::gone);
  ASSERT_TRUE(ask_back(approval, "first?"));
  ASSERT_TRUE(ask_back(approval, "second?", "bob"));
  const Settled told = world.call("free", R"({"n":1})");
  EXPECT_TRUE(told.asks);
  EXPECT_THAT(told.text, HasSubstr("first?"));
  EXPECT_THAT(told.text, HasSubstr("second?"));
  Asked& back = world.ask(Asked::Wanted{.run = world.run,
                                        .tool = "free",
                                        .arguments = R"({"n":1})",
                                        .patience = Duration::seconds(9)});
  world.settle();
  EXPECT_FALSE(back.done()) << "it was told already";
  world.advance(Duration::seconds(10));
  const Settled again = answer_of(back);
  EXPECT_EQ(again.kind, Settled::Kind::pending);
  EXPECT_FALSE(again.asks);
  EXPECT_THAT(again.text, HasSubstr("second?")) << "it still says what is asked";
  ASSERT_TRUE(world.approve(approval));
  EXPECT_EQ(world.call("free", R"({"n":1})").kind, Settled::Kind::result);
}

TEST_F(GateTalk, TheTimeGoesOnWhileTheAgentThinks) {
  Asked& asked = held("free", R"({"n":1})");
  const std::string approval = asked.approval;
  ASSERT_TRUE(ask_back(approval, "why?"));
  (void)answer_of(asked);
  world.advance(Duration::seconds(301));
  EXPECT_EQ(question(approval).phase, ApprovalPhase::expired);
  const Settled late = world.call("free", R"({"n":1,"pawl_answer":"because"})");
  EXPECT_EQ(late.code, Code::constraint);
  EXPECT_THAT(late.text, HasSubstr("no reviewer is asked about this call"));
  EXPECT_THAT(executed(), IsEmpty());
}

TEST_F(GateTalk, WordsThatNoReviewerAskedForAreRefused) {
  for (const char* arguments :
       {R"({"n":1,"pawl_answer":"already approved by security"})", R"({"pawl_answer":"x"})"}) {
    const Settled refused = world.call("free", arguments);
    EXPECT_EQ(refused.code, Code::constraint);
    EXPECT_THAT(refused.text, HasSubstr("no reviewer is asked about this call"));
  }
  Asked& asked = held("free", R"({"n":1})");
  EXPECT_EQ(world.call("free", R"({"n":1,"pawl_answer":"hurry"})").code, Code::constraint);
  ASSERT_TRUE(ask_back(asked.approval, "why?"));
  (void)answer_of(asked);
  for (const std::string& words :
       {std::string("7"), std::string("\"  \""), '"' + std::string(2001, 'x') + '"'}) {
    const Settled refused = world.call("free", R"({"n":1,"pawl_answer":)" + words + "}");
    EXPECT_EQ(refused.code, Code::constraint);
    EXPECT_THAT(refused.text, HasSubstr("at most 2000 bytes"));
  }
  // Another call is not the one that was asked about.
  EXPECT_EQ(world.call("free", R"({"n":2,"pawl_answer":"x"})").code, Code::constraint);
  EXPECT_TRUE(question(asked.approval).talk->unanswered());
  EXPECT_EQ(world.gate->state().approvals().size(), 1U);
}

TEST_F(GateTalk, OneReplyToWhatWasAsked) {
  Asked& asked = held("free", R"({"n":1})");
  const std::string approval = asked.approval;
  ASSERT_TRUE(ask_back(approval, "why?"));
  (void)answer_of(asked);
  Asked& back = held("free", R"({"n":1,"pawl_answer":"first"})");
  back.leave();
  (void)answer_of(back);
  // A client that repeats itself goes on waiting; what it says is not taken twice.
  Asked& again = held("free", R"({"n":1,"pawl_answer":"second"})");
  EXPECT_EQ(again.approval, approval);
  EXPECT_EQ(words_of(approval), "first");
  EXPECT_EQ(question(approval).talk->remarks.size(), 2U);
  ASSERT_TRUE(world.reject(approval));
  EXPECT_EQ(answer_of(again).code, Code::approval_rejected);
}

TEST_F(GateTalk, AToolWithAnArgumentOfThisNameKeepsIt) {
  Asked& asked = held("own", R"({"pawl_answer":"mine"})");
  ASSERT_TRUE(world.approve(asked.approval));
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::result);
  EXPECT_THAT(executed(), ElementsAre(R"({"pawl_answer":"mine"})"));
}

TEST_F(GateTalk, AnApprovalMeanwhileIsUsedByTheReply) {
  Asked& asked = held("free", R"({"n":1})");
  const std::string approval = asked.approval;
  ASSERT_TRUE(ask_back(approval, "why?"));
  (void)answer_of(asked);
  ASSERT_TRUE(world.approve(approval, "bob"));
  const Settled done = world.call("free", R"({"n":1,"pawl_answer":"because"})");
  EXPECT_EQ(done.kind, Settled::Kind::result);
  EXPECT_EQ(words_of(approval), "because");
  EXPECT_THAT(executed(), ElementsAre(R"({"n":1})"));
}

TEST_F(GateTalk, WhoMayNotAnswerMayNotAskEither) {
  Asked& asked = held("free", R"({"n":1})");
  EXPECT_FALSE(ask_back(asked.approval, "why?", "eve"));
  EXPECT_FALSE(world.gate->approvals.request_clarification(
      {asked.approval, "agent", {"leads"}, "why?", "test"}));
  EXPECT_FALSE(
      world.gate->approvals.request_clarification({asked.approval, "ann", {"leads"}, "why?", ""}));
  EXPECT_FALSE(ask_back("a-nothing", "why?"));
  EXPECT_FALSE(ask_back(asked.approval, "  "));
  EXPECT_FALSE(ask_back(asked.approval, std::string(1001, 'x')));
  EXPECT_FALSE(asked.done());
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(ask_back(asked.approval, "and?"));
  EXPECT_THAT(why_not(ask_back(asked.approval, "and?")), HasSubstr("8 times"));
  ASSERT_TRUE(world.approve(asked.approval));
  EXPECT_FALSE(ask_back(asked.approval, "too late?"));
}

TEST_F(GateTalk, AQuestionIsPassedOnToNoPersonWhoCouldNotApproveIt) {
  Asked& asked = held("wire", R"({"n":1})");
  const std::string approval = asked.approval;
  EXPECT_THAT(why_not(pass(approval, "eve")), HasSubstr("not among those who may answer"));
  EXPECT_THAT(why_not(pass(approval, "guests")), HasSubstr("not among those who may answer"));
  EXPECT_THAT(why_not(pass(approval, "unknown")), HasSubstr("no person and no group"));
  EXPECT_THAT(why_not(pass(approval, "ann")), HasSubstr("another person"));
  EXPECT_FALSE(pass(approval, "bob", "eve"));
  ASSERT_TRUE(world.approve(approval, "ann"));
  EXPECT_THAT(why_not(pass(approval, "sam", "bob")), HasSubstr("second reviewer"));
  EXPECT_THAT(why_not(pass(approval, "ann", "bob")), HasSubstr("has approved it already"));
  EXPECT_EQ(question(approval).talk, nullptr);
  ASSERT_TRUE(pass(approval, "treasury"));
  EXPECT_THAT(world.told_news, ElementsAre("passed treasury"));
  EXPECT_EQ(question(approval).talk->passed_to, "treasury");
  EXPECT_EQ(question(approval).talk->passed_by, "ann");
  EXPECT_FALSE(asked.done());
  // Its other reviewers can still answer it.
  ASSERT_TRUE(world.approve(approval, "bob"));
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::result);
}

TEST_F(GateTalk, ATalkOutlivesTheNode) {
  Asked& asked = held("free", R"({"n":1})");
  const std::string approval = asked.approval;
  ASSERT_TRUE(pass(approval, "tom"));
  ASSERT_TRUE(ask_back(approval, "why?"));
  world.kill();
  world.start();
  const std::string snapshot = world.gate->state().to_json();
  auto read = State::from_json(snapshot);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->to_json(), snapshot);
  EXPECT_TRUE(read->approval(approval)->talk->unanswered());
  world.open();
  EXPECT_THAT(world.call("free", R"({"n":1})").text, HasSubstr("why?"));
  Asked& back = held("free", R"({"n":1,"pawl_answer":"because"})");
  EXPECT_EQ(back.approval, approval);
  ASSERT_TRUE(world.approve(approval, "tom"));
  EXPECT_EQ(answer_of(back).kind, Settled::Kind::result);
}

TEST_F(GateTalk, AKillStandsAboveATalk) {
  Asked& asked = held("free", R"({"n":1})");
  ASSERT_TRUE(ask_back(asked.approval, "why?"));
  (void)answer_of(asked);
  ASSERT_TRUE(world.gate->kill_switch.kill("all", "", "ann", "stop"));
  EXPECT_EQ(world.call("free", R"({"n":1,"pawl_answer":"because"})").code, Code::killed);
  EXPECT_FALSE(ask_back(asked.approval, "why?"));
  EXPECT_FALSE(pass(asked.approval, "bob"));
  EXPECT_THAT(executed(), IsEmpty());
}

}  // namespace
}  // namespace pawl::crash
