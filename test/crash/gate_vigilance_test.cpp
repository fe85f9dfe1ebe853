// Calls that were made to see whether people read never run, whatever a policy says of them (H14).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/replay/replay.h"
#include "crash/gate_world.h"
#include "kernel/state/vigilance.h"

namespace pawl::crash {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* policy_of_seeds = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - name: free
      class: reversible small
      args: {n: {max: 1000}}
      counters: {spent: {add: args.n, per: agent, window: 1d, max: 100}}
    - {name: asks, class: reversible small, requires_approval: true}
approval: {reviewers: [leads]}
)";

class GateVigilance : public ::testing::Test {
 protected:
  explicit GateVigilance(bool watched = false) : world(policy_of_seeds) {
    world.start();
    if (watched) {
      const Instant until = world.clock.wall + Duration::seconds(3600);
      world.gate->policies.set_observations({{"agent", until, "first contact"}});
    }
    world.open(std::string(vigilance_key) + "v-1");
  }
  CallDecided last() {
    CallDecided found;
    for (const Record& record : world.records()) {
      if (const auto* one = std::get_if<CallDecided>(&record.body)) found = *one;
    }
    return found;
  }
  void expect_refused(const Settled& reply) {
    EXPECT_EQ(reply.kind, Settled::Kind::refused);
    const CallDecided decided = last();
    EXPECT_EQ(decided.effect, "deny");
    EXPECT_TRUE(decided.enforced);
    EXPECT_THAT(decided.reason, HasSubstr("never runs"));
    EXPECT_EQ(decided.calls, 0U);
    EXPECT_THAT(decided.sums, IsEmpty());
    EXPECT_THAT(world.server.executed, IsEmpty());
  }
  World world;
};

TEST_F(GateVigilance, WhatThePolicyAllowsIsRefusedWithARecordAndChargesNothing) {
  expect_refused(world.call("free", R"({"n":60})"));
  EXPECT_EQ(world.count("call.ended"), 0U);
  world.open("key");
  EXPECT_EQ(world.call("free", R"({"n":60})").kind, Settled::Kind::result)
      << "the agent has all of its counter";
  Replayer replayer("", [this](std::string_view commitment) -> Result<StoredText> {
    Digest digest{};
    std::string bytes;
    EXPECT_TRUE(unhex(commitment.substr(7), bytes));
    std::ranges::copy(bytes, digest.begin());
    auto stored = world.journal->payload(digest);
    if (!stored) return std::unexpected(stored.error());
    return StoredText{StoredText::Kind::present, stored->bytes};
  });
  for (const Record& record : world.records()) EXPECT_TRUE(replayer.take(record));
  const Replay replay = replayer.finish();
  EXPECT_THAT(replay.differences, IsEmpty());
  EXPECT_EQ(replay.equal, 2U);
}

TEST_F(GateVigilance, WhatWasApprovedIsRefusedForTheClientThatComesBackForIt) {
  Asked& asked = world.ask("asks");
  world.settle();
  ASSERT_FALSE(asked.approval.empty()) << "people are asked as ever";
  asked.leave();
  world.settle();
  ASSERT_TRUE(world.approve(asked.approval));
  expect_refused(world.call("asks"));
  EXPECT_EQ(last().round, 2);
}

class GateVigilanceWatched : public GateVigilance {
 protected:
  GateVigilanceWatched() : GateVigilance(true) {}
};

TEST_F(GateVigilanceWatched, ARoleThatIsWatchedAndNotStoppedLetsNoneThrough) {
  Asked& asked = world.ask("asks");
  world.settle();
  EXPECT_FALSE(asked.done()) << "people are asked, although the role is not stopped";
  EXPECT_EQ(last().effect, "hold");
  EXPECT_TRUE(last().enforced);
  expect_refused(world.call("free", R"({"n":1})"));
  world.open("key");
  EXPECT_EQ(world.call("asks").kind, Settled::Kind::result) << "one of its agent is let through";
}

}  // namespace
}  // namespace pawl::crash
