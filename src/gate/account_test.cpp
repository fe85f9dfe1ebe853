// People who start runs under another name than theirs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>

namespace pawl::crash {
namespace {

using ::testing::HasSubstr;

constexpr const char* policy_of_two = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: wire, class: irreversible small, requires_approval: true, approval: {quorum: 2}}
approval: {reviewers: [leads], within: 5m}
)";

class GateAccount : public ::testing::Test {
 protected:
  GateAccount() : world(policy_of_two) { world.start(); }
  Asked& held() {
    Asked& asked = world.ask("wire", "{}");
    world.settle();
    EXPECT_FALSE(asked.done());
    return asked;
  }
  ApprovalPhase phase(const std::string& approval) const {
    return world.gate->state().approval(approval)->phase;
  }
  World world;
};

// The run keeps the name that it was opened with; the deployment knows since whose account that is.
TEST_F(GateAccount, TheSponsorUnderAnotherAccountIsNotAnotherPerson) {
  world.open("other", "asmith");
  Asked& asked = held();
  world.gate->reviewers.set_accounts({{"asmith", "ann"}, {"ann", "ann"}});
  const Status own = world.approve(asked.approval, "ann");
  ASSERT_FALSE(own);
  EXPECT_THAT(own.error().message, HasSubstr("by another account"));
  EXPECT_TRUE(world.approve(asked.approval, "bob"));
  EXPECT_FALSE(world.approve(asked.approval, "ann"));
  EXPECT_EQ(phase(asked.approval), ApprovalPhase::open);
}

// Both had approved it before the deployment knew.
TEST_F(GateAccount, AnAccountThatIsKnownSinceTakesAnApprovalBack) {
  world.open("other", "asmith");
  Asked& asked = held();
  asked.leave();
  world.settle();
  EXPECT_TRUE(world.approve(asked.approval, "ann"));
  EXPECT_TRUE(world.approve(asked.approval, "bob"));
  world.gate->reviewers.set_people({{"ann", {"leads"}}, {"bob", {"leads"}}});
  world.gate->reviewers.set_accounts({{"asmith", "ann"}, {"ann", "ann"}});
  Asked& again = world.ask("wire", "{}");
  world.settle();
  ASSERT_TRUE(again.done());
  EXPECT_EQ(again.reply->code, Code::approval_rejected);
}

// Whichever door asks: what an auditor decides is refused here.
TEST_F(GateAccount, AnAuditorDecidesNothing) {
  world.open("r", "sam");
  Asked& asked = held();
  world.gate->reviewers.set_people({{"ann", {"leads"}}, {"bob", {"leads"}}, {"eve", {"leads"}}});
  world.gate->reviewers.set_auditors({"eve", "ann"});
  const std::vector<std::string> leads = {"leads"};
  for (const bool approve : {true, false}) {
    const Status done =
        world.gate->approvals.answer(asked.approval, "eve", leads, approve, "", "slack", "");
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message, HasSubstr("auditor"));
  }
  EXPECT_THAT(world.gate->approvals.objections(asked.approval, "eve", leads).reject,
              HasSubstr("auditor"));
  const auto pass = [&](const std::string& to) {
    return world.gate->approvals.reassign({asked.approval, "bob", leads, to, "busy", "test"});
  };
  const Status passed = pass("eve");
  ASSERT_FALSE(passed);
  EXPECT_THAT(passed.error().message, HasSubstr("auditor"));
  EXPECT_FALSE(pass("leads")) << "bob passes it on, and the others are auditors";
  world.gate->reviewers.set_auditors({"eve"});
  EXPECT_TRUE(pass("leads")) << "ann is none any more";
  ASSERT_TRUE(world.gate->kill_switch.kill("tool", "other", "eve", "anybody may"));
  EXPECT_FALSE(world.gate->kill_switch.resume("tool", "other", "eve", "x"));
  const std::string escalation = world.gate->state().escalations().begin()->first;
  EXPECT_FALSE(world.gate->alerts.acknowledge(escalation, "eve", "slack", false));
  EXPECT_TRUE(world.gate->alerts.acknowledge(escalation, "bob", "slack", false));
  EXPECT_FALSE(world.gate->policies.accept("crm", "wire", "sha256:00", "eve"));
  EXPECT_FALSE(world.gate->policies.accept_policy("agent", "sha256:00", "eve"));
  ASSERT_TRUE(world.gate->reviewers.enroll("eve", "passphrase", "v", ""));
  EXPECT_FALSE(world.gate->reviewers.enroll("zoe", "passphrase", "v", "eve"));
}

// Who approved it and is an auditor since has not approved it (H06).
TEST_F(GateAccount, WhoIsAnAuditorSinceHasNotApproved) {
  world.open("r", "sam");
  Asked& asked = held();
  asked.leave();
  world.settle();
  world.gate->reviewers.set_people({{"ann", {"leads"}}, {"bob", {"leads"}}});
  EXPECT_TRUE(world.approve(asked.approval, "ann"));
  EXPECT_TRUE(world.approve(asked.approval, "bob"));
  world.gate->reviewers.set_auditors({"bob"});
  Asked& again = world.ask("wire", "{}");
  world.settle();
  ASSERT_TRUE(again.done());
  EXPECT_NE(again.reply->kind, Settled::Kind::result);
  EXPECT_TRUE(world.server.executed.empty());
}

}  // namespace
}  // namespace pawl::crash
