// Thousands of stories of lost power, killed processes, failing and full disks.
// PAWL_SIM_SEEDS=N plays N stories, PAWL_SIM_FIRST=S begins with seed S. A sanitizer's run plays
// fewer, and says so.
#include "crash/journal_sim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace pawl::crash {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// So many stories go everywhere.
constexpr std::uint64_t seeds_everywhere = 300;
constexpr std::uint64_t seeds_default = 2000;

TEST(JournalSim, KeepsItsPromisesInEveryStory) {
  const std::uint64_t first = from_environment("PAWL_SIM_FIRST", 1);
  const std::uint64_t count = from_environment("PAWL_SIM_SEEDS", seeds_default);
  JournalSim::Reached all;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    JournalSim sim(seed);
    const auto wrong = sim.run();
    ASSERT_FALSE(wrong.has_value()) << "PAWL_SIM_FIRST=" << seed << ": " << *wrong;
    const JournalSim::Reached& one = sim.reached();
    all.records += one.records;
    all.durable += one.durable;
    all.lost_in_cuts += one.lost_in_cuts;
    all.cuts += one.cuts;
    all.cuts_in_recovery += one.cuts_in_recovery;
    all.kills += one.kills;
    all.failures += one.failures;
    all.full += one.full;
    all.reserve_appends += one.reserve_appends;
    all.snapshots_used += one.snapshots_used;
    all.erasures += one.erasures;
    all.keys_destroyed += one.keys_destroyed;
    for (int i = 0; i < 2; ++i) all.lives[i] += one.lives[i];
    all.segments += one.segments;
    all.checkpoints += one.checkpoints;
    all.thinned += one.thinned;
    all.torn_bytes += one.torn_bytes;
  }
  std::printf("%llu stories from seed %llu on, of %llu by default\n",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(seeds_default));
  // The stories must have gone everywhere, else they prove nothing.
  if (count < seeds_everywhere) return;
  EXPECT_GT(all.durable, count);
  EXPECT_GT(all.lost_in_cuts, 0U);
  EXPECT_GT(all.cuts, 0U);
  EXPECT_GT(all.cuts_in_recovery, 0U);
  EXPECT_GT(all.kills, 0U);
  EXPECT_GT(all.failures, 0U);
  EXPECT_GT(all.full, 0U);
  EXPECT_GT(all.reserve_appends, 0U);
  EXPECT_GT(all.snapshots_used, 0U);
  EXPECT_GT(all.erasures, 0U);
  EXPECT_GT(all.keys_destroyed, 0U);
  EXPECT_GT(all.lives[0], count / 2);
  EXPECT_GT(all.lives[1], count);
  EXPECT_GT(all.segments, 2 * count);
  EXPECT_GT(all.checkpoints, count / 2);
  EXPECT_GT(all.thinned, count / 20);
  EXPECT_GT(all.torn_bytes, 0U);
  RecordProperty("records", static_cast<int>(all.records));
  RecordProperty("lost_in_cuts", static_cast<int>(all.lost_in_cuts));
}

// Stories beyond the default ones that a version of the journal did not survive.
TEST(JournalSim, SurvivesWhatItOnceDidNot) {
  // A first opening interrupted three times; the newest checkpoint thinned out on a full disk.
  for (const std::uint64_t seed : {104210UL, 409UL}) {
    const auto wrong = JournalSim(seed).run();
    EXPECT_FALSE(wrong.has_value()) << "PAWL_SIM_FIRST=" << seed << ": " << *wrong;
  }
}

}  // namespace
}  // namespace pawl::crash
