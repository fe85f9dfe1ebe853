// A reviewer approves a call with other arguments than its agent asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>

namespace pawl::crash {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* policy_of_changes = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - name: pay
      class: irreversible small
      args: {amount: {max: 1000, required: true}, to: {single_line: true}}
      cases:
        - {if: "args.amount > 500", then: hold, approval: {quorum: 2}}
        - {if: "args.amount > 300", then: hold, approval: {by: [treasury]}}
        - {if: "args.amount > 10", then: hold}
      else: hold
    - {name: wire, class: irreversible small, requires_approval: true, approval: {quorum: 2}}
    - {name: erase, class: irreversible small, approval: {typed: args.name}}
    - {name: free, class: irreversible small, requires_approval: true}
execution: {max_steps: 100}
approval: {reviewers: [leads], within: 5m}
)";

class GateChange : public ::testing::Test {
 protected:
  GateChange() : world(policy_of_changes) {
    world.start();
    world.open();
  }
  Asked& held(const std::string& tool, const std::string& arguments) {
    Asked& asked = world.ask(tool, arguments);
    world.settle();
    EXPECT_FALSE(asked.done());
    EXPECT_FALSE(asked.approval.empty());
    return asked;
  }
  Settled answer_of(Asked& asked) {
    world.settle();
    EXPECT_TRUE(asked.done());
    return asked.done() ? *asked.reply : Settled{};
  }
  std::string phase(const std::string& approval) const {
    return std::string(to_string(world.gate->state().approval(approval)->phase));
  }
  std::vector<std::string> executed() const {
    std::vector<std::string> all;
    for (const Executed& one : world.server.executed) all.push_back(one.arguments);
    return all;
  }
  std::string why_not(const std::string& approval, const std::string& arguments) {
    const Status done = world.change(approval, arguments);
    return done ? "it was changed" : done.error().message;
  }
  World world;
};

TEST_F(GateChange, TheChangedCallRunsOnceAndTheAgentIsTold) {
  Asked& asked = held("pay", R"({"amount":250,"to":"x"})");
  ASSERT_TRUE(world.change(asked.approval, R"({"to":"x","amount":25})"));
  const Settled reply = answer_of(asked);
  EXPECT_EQ(reply.kind, Settled::Kind::result);
  EXPECT_THAT(executed(), ElementsAre(R"({"amount":25,"to":"x"})"));
  EXPECT_THAT(reply.text, HasSubstr("a reviewer approved this call with other arguments"));
  EXPECT_THAT(reply.text, HasSubstr("less of it"));
  EXPECT_THAT(reply.text, HasSubstr("done"));
  EXPECT_EQ(phase(asked.approval), "consumed");
  EXPECT_FALSE(world.change(asked.approval, R"({"amount":26})")) << "it is over";

  // Neither what was asked for nor what ran instead is good for a second time.
  held("pay", R"({"amount":250,"to":"x"})");
  held("pay", R"({"amount":25,"to":"x"})");
  EXPECT_EQ(world.server.executed.size(), 1u);
}

TEST_F(GateChange, TheKernelJudgesWhatWasMadeOfIt) {
  Asked& asked = held("pay", R"({"amount":250,"to":"x"})");
  EXPECT_THAT(why_not(asked.approval, R"({"amount":5000,"to":"x"})"), HasSubstr("would be denied"));
  EXPECT_THAT(why_not(asked.approval, R"({"amount":1,"to":7})"), HasSubstr("would be denied"));
  EXPECT_THAT(why_not(asked.approval, R"({"amount":600,"to":"x"})"),
              HasSubstr("it needs more people"));
  EXPECT_THAT(why_not(asked.approval, R"({"amount":400,"to":"x"})"),
              HasSubstr("other people answer"));
  EXPECT_THAT(why_not(asked.approval, R"({"amount":250,"to":"x"})"),
              HasSubstr("approve or deny it"));
  EXPECT_THAT(why_not(asked.approval, R"([1])"), HasSubstr("JSON object"));
  EXPECT_THAT(why_not(asked.approval, R"({"amount":1,"amount":2})"), Not(HasSubstr("changed")));
  EXPECT_THAT(why_not(asked.approval, ""), Not(HasSubstr("it was changed")));
  EXPECT_EQ(phase(asked.approval), "open");
  EXPECT_TRUE(world.server.executed.empty());
  ASSERT_TRUE(world.approve(asked.approval));
  EXPECT_THAT(answer_of(asked).text, Not(HasSubstr("other arguments")));
  EXPECT_THAT(executed(), ElementsAre(R"({"amount":250,"to":"x"})"));
}

TEST_F(GateChange, WhoMayNotAnswerMayNotChange) {
  Asked& asked = held("free", R"({"n":1})");
  EXPECT_FALSE(world.change(asked.approval, R"({"n":2})", "eve"));
  Gate& gate = *world.gate;
  Change change{.approval = asked.approval,
                .person = "agent",
                .groups = {"leads"},
                .arguments = R"({"n":2})",
                .reason = "",
                .proof = "test",
                .shown = "d"};
  EXPECT_FALSE(gate.approvals.change(change)) << "a person cannot approve their own request";
  change.person = "ann";
  change.proof = "";
  EXPECT_FALSE(gate.approvals.change(change)) << "no proof of being ann";
  EXPECT_FALSE(world.change("a-nothing", R"({"n":2})"));
  world.advance(Duration::seconds(301));
  EXPECT_FALSE(world.change(asked.approval, R"({"n":2})")) << "its time is over";
  EXPECT_TRUE(world.server.executed.empty());
}

TEST_F(GateChange, WhatOthersApprovedBeforeWasAnotherCall) {
  Asked& asked = held("wire", R"({"n":100})");
  ASSERT_TRUE(world.approve(asked.approval, "ann"));
  ASSERT_TRUE(world.change(asked.approval, R"({"n":7})", "bob"));
  world.settle();
  EXPECT_FALSE(asked.done()) << "two persons have to approve the same thing";
  EXPECT_EQ(phase(asked.approval), "open");
  EXPECT_FALSE(world.approve(asked.approval, "bob"));
  ASSERT_TRUE(world.approve(asked.approval, "ann"));
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::result);
  EXPECT_THAT(executed(), ElementsAre(R"({"n":7})"));
}

TEST_F(GateChange, AChangeOfAChangeStartsAnew) {
  Asked& asked = held("wire", R"({"n":100})");
  ASSERT_TRUE(world.change(asked.approval, R"({"n":7})", "ann"));
  ASSERT_TRUE(world.change(asked.approval, R"({"n":8})", "bob"));
  EXPECT_EQ(phase(asked.approval), "open");
  EXPECT_THAT(why_not(asked.approval, R"({"n":8})"), HasSubstr("approve or deny it"));
  ASSERT_TRUE(world.approve(asked.approval, "ann"));
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::result);
  EXPECT_THAT(executed(), ElementsAre(R"({"n":8})"));
}

TEST_F(GateChange, TheSponsorIsNotTheSecondPairOfEyesOfAChangeEither) {
  Asked& asked = held("wire", R"({"n":100})");
  ASSERT_TRUE(world.change(asked.approval, R"({"n":7})", "ann"));
  EXPECT_FALSE(world.approve(asked.approval, "sam")) << "sam started the run";
  ASSERT_TRUE(world.reject(asked.approval, "bob"));
  EXPECT_EQ(answer_of(asked).code, Code::approval_rejected);
  EXPECT_EQ(world.call("wire", R"({"n":100})").code, Code::approval_rejected);
  EXPECT_TRUE(world.server.executed.empty());
}

TEST_F(GateChange, WhatIsTypedIsOfTheChangedCall) {
  Asked& asked = held("erase", R"({"name":"web-1"})");
  Change change{.approval = asked.approval,
                .person = "ann",
                .groups = {"leads"},
                .arguments = R"({"name":"web-2"})",
                .reason = "",
                .proof = "test",
                .shown = "d"};
  EXPECT_FALSE(world.gate->approvals.change(change));
  change.typed = true;
  ASSERT_TRUE(world.gate->approvals.change(change));
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::result);
  EXPECT_THAT(executed(), ElementsAre(R"({"name":"web-2"})"));
}

TEST_F(GateChange, AgentComesBackForWhatItAskedAndGetsWhatWasMadeOfIt) {
  Asked& asked = held("free", R"({"n":1})");
  asked.leave();
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::gone);
  ASSERT_TRUE(world.change(asked.approval, R"({"n":2})"));
  world.settle();
  EXPECT_TRUE(world.server.executed.empty()) << "no client came back for it";
  const Settled reply = world.call("free", R"({"n":1})");
  EXPECT_EQ(reply.kind, Settled::Kind::result);
  EXPECT_THAT(reply.text, HasSubstr(R"({\"n\":2})"));
  EXPECT_THAT(executed(), ElementsAre(R"({"n":2})"));
}

TEST_F(GateChange, AChangeOutlivesTheNode) {
  Asked& asked = held("free", R"({"n":1})");
  const std::string approval = asked.approval;
  ASSERT_TRUE(world.change(approval, R"({"n":2})"));
  // The process dies before the call goes on.
  world.kill();
  world.start();
  EXPECT_EQ(phase(approval), "approved");
  const std::string snapshot = world.gate->state().to_json();
  auto again = State::from_json(snapshot);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->to_json(), snapshot);
  EXPECT_EQ(again->approval(approval)->changed->person, "ann");
  world.open();
  EXPECT_EQ(world.call("free", R"({"n":1})").kind, Settled::Kind::result);
  EXPECT_THAT(executed(), ElementsAre(R"({"n":2})"));
}

TEST_F(GateChange, AfterARestartNothingIsChangedUntilTheAgentIsBack) {
  Asked& asked = held("free", R"({"n":1})");
  const std::string approval = asked.approval;
  world.kill();
  world.start();
  world.open();
  EXPECT_THAT(why_not(approval, R"({"n":2})"), HasSubstr("has not come back"));
  Asked& back = held("free", R"({"n":1})");
  EXPECT_EQ(back.approval, approval);
  ASSERT_TRUE(world.change(approval, R"({"n":2})"));
  EXPECT_EQ(answer_of(back).kind, Settled::Kind::result);
  EXPECT_THAT(executed(), ElementsAre(R"({"n":2})"));
}

TEST_F(GateChange, AKillStandsAboveAChange) {
  Asked& asked = held("free", R"({"n":1})");
  ASSERT_TRUE(world.change(asked.approval, R"({"n":2})"));
  ASSERT_TRUE(world.gate->kill_switch.kill("all", "", "ann", "stop"));
  world.settle();
  EXPECT_TRUE(asked.done());
  EXPECT_TRUE(world.server.executed.empty());
  EXPECT_FALSE(world.change(asked.approval, R"({"n":3})"));
}

}  // namespace
}  // namespace pawl::crash
