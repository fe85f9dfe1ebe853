#include "io/net/clock.h"

#include <gtest/gtest.h>

#include "io/net/process.h"

namespace pawl::net {
namespace {

constexpr std::int64_t kDay = Duration::seconds(86'400).ns;

TEST(NodeClock, starts_at_the_wall_clock_with_no_drift_to_speak_of) {
  auto clock = NodeClock::start();
  ASSERT_TRUE(clock) << to_string(clock.error());
  EXPECT_LT(std::abs(clock->drift().ns), Duration::seconds(30).ns);
  EXPECT_EQ(clock->anchor().boot_id, *boot_id());
}

TEST(NodeClock, never_runs_backwards) {
  auto clock = NodeClock::start();
  ASSERT_TRUE(clock);
  Instant last = clock->now();
  for (int i = 0; i < 10'000; ++i) {
    const Instant now = clock->now();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(NodeClock, counts_the_time_since_boot_from_its_anchor) {
  const Duration boot = boot_time();
  NodeClock clock(Anchor{"b", {boot.ns - Duration::seconds(600).ns}, Instant{kDay}});
  // Ten minutes in which the process did not run are ten minutes.
  EXPECT_GE(clock.now().ns - kDay, Duration::seconds(600).ns);
  EXPECT_LT(clock.now().ns - kDay, Duration::seconds(900).ns);
}

TEST(NodeClock, shows_a_wall_clock_that_was_moved_as_drift_and_keeps_its_own_time) {
  const Instant wall = wall_time();
  NodeClock behind(Anchor{"b", boot_time(), Instant{wall.ns - kDay}});
  EXPECT_GT(behind.drift().ns, kDay - Duration::seconds(60).ns);
  NodeClock ahead(Anchor{"b", boot_time(), Instant{wall.ns + kDay}});
  EXPECT_LT(ahead.drift().ns, -kDay + Duration::seconds(60).ns);
}

TEST(NodeClock, continues_an_anchor_of_the_same_boot) {
  const Anchor kept{*boot_id(), {boot_time().ns - 5}, Instant{kDay}};
  const auto clock = NodeClock::start(kept);
  ASSERT_TRUE(clock);
  EXPECT_EQ(clock->anchor(), kept);
}

TEST(NodeClock, starts_anew_after_a_reboot_and_with_an_anchor_from_the_future) {
  auto after_reboot = NodeClock::start(Anchor{"another boot", {1}, Instant{kDay}});
  ASSERT_TRUE(after_reboot);
  EXPECT_LT(std::abs(after_reboot->drift().ns), Duration::seconds(30).ns);
  const Duration later{boot_time().ns + kDay};
  auto from_future = NodeClock::start(Anchor{*boot_id(), later, Instant{kDay}});
  ASSERT_TRUE(from_future);
  EXPECT_LT(std::abs(from_future->drift().ns), Duration::seconds(30).ns);
}

TEST(NodeClock, is_never_before_the_newest_record) {
  const Instant newest{wall_time().ns + kDay};
  auto clock = NodeClock::start({}, newest);
  ASSERT_TRUE(clock);
  EXPECT_GE(clock->now(), newest);
  EXPECT_LT(clock->drift().ns, -kDay + Duration::seconds(60).ns);
}

TEST(ManualClock, moves_only_by_hand) {
  ManualClock clock(Instant{1000}, Duration{10});
  EXPECT_EQ(clock.now().ns, 1000);
  clock.advance(Duration{5});
  EXPECT_EQ(clock.now().ns, 1005);
  EXPECT_EQ(clock.boot().ns, 15);
  EXPECT_EQ(clock.drift().ns, 0);
  clock.set_drift(Duration{-7});
  EXPECT_EQ(clock.drift().ns, -7);
}

}  // namespace
}  // namespace pawl::net
