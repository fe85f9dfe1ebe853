// Which deployment file counts, by its digest: who may say so, and that the journal has
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_fixture.h>

namespace pawl::crash {
namespace {

using ::testing::HasSubstr;

class GateDeployment : public GateTest {
 protected:
  const Pin* pinned(std::string_view name) const {
    return world.gate->state().pin(policy_pin_server, name);
  }
};

TEST_F(GateDeployment, WhatNoReviewerHadToAcceptIsPinnedOnce) {
  ASSERT_EQ(pinned(deployment_pin_name), nullptr);
  ASSERT_TRUE(world.gate->policies.accept_deployment("sha256:one", false, {}));
  ASSERT_NE(pinned(deployment_pin_name), nullptr);
  EXPECT_EQ(pinned(deployment_pin_name)->digest, "sha256:one");
  EXPECT_EQ(pinned(production_pin_name), nullptr);
  const std::uint64_t before = world.journal->next();
  ASSERT_TRUE(world.gate->policies.accept_deployment("sha256:one", false, {}));
  EXPECT_EQ(world.journal->next(), before) << "the same again is not a record";
  ASSERT_TRUE(world.gate->policies.accept_deployment("sha256:two", true, {}));
  EXPECT_EQ(pinned(production_pin_name)->digest, "sha256:two");
  // One that is not for production leaves the mark on the one that was.
  ASSERT_TRUE(world.gate->policies.accept_deployment("sha256:three", false, {}));
  EXPECT_EQ(pinned(deployment_pin_name)->digest, "sha256:three");
  EXPECT_EQ(pinned(production_pin_name)->digest, "sha256:two");
}

TEST_F(GateDeployment, OnlyAPersonOfTheFileInForceAcceptsAnother) {
  world.gate->reviewers.set_people({{"ann", {"leads"}}, {"eve", {"leads"}}});
  world.gate->reviewers.set_auditors({"eve"});
  const Status auditor = world.gate->policies.accept_deployment("sha256:one", true, "eve");
  ASSERT_FALSE(auditor);
  EXPECT_THAT(auditor.error().message, HasSubstr("an auditor"));
  const Status stranger = world.gate->policies.accept_deployment("sha256:one", true, "mallory");
  ASSERT_FALSE(stranger);
  EXPECT_THAT(stranger.error().message, HasSubstr("only persons of the deployment file in force"));
  EXPECT_EQ(pinned(deployment_pin_name), nullptr);
  ASSERT_TRUE(world.gate->policies.accept_deployment("sha256:one", true, "ann"));
  EXPECT_EQ(pinned(deployment_pin_name)->digest, "sha256:one");
}

TEST_F(GateDeployment, NoToolAndNoAgentIsCalledSo) {
  EXPECT_FALSE(
      world.gate->policies.accept("pawl", std::string(deployment_pin_name), "sha256:x", "ann"));
  for (const std::string_view name : {deployment_pin_name, production_pin_name}) {
    EXPECT_FALSE(policy_pin_name("").starts_with(name));
    EXPECT_FALSE(std::string(name).starts_with(policy_pin_name("")));
  }
  const auto policy = world.gate->policies.accepted_policy("agent");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->digest, world.policy->digest);
  EXPECT_FALSE(world.gate->policies.accepted_policy("unknown"));
}

}  // namespace
}  // namespace pawl::crash
