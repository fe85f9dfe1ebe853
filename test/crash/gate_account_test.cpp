// People who start runs under another name than theirs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crash/gate_world.h"

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
TEST_F(GateAccount, WhoeverStartedTheRunUnderAnotherAccountIsNotTheOther) {
  world.open("other", "asmith");
  Asked& asked = held();
  world.gate->set_accounts({{"asmith", "ann"}, {"ann", "ann"}});
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
  world.gate->set_people({{"ann", {"leads"}}, {"bob", {"leads"}}});
  world.gate->set_accounts({{"asmith", "ann"}, {"ann", "ann"}});
  Asked& again = world.ask("wire", "{}");
  world.settle();
  ASSERT_TRUE(again.done());
  EXPECT_EQ(again.reply->code, Code::approval_rejected);
}

}  // namespace
}  // namespace pawl::crash
