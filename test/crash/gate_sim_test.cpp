// Thousands of stories of agents, people, servers, disks and deaths.
// PAWL_SIM_SEEDS=N plays N stories, PAWL_SIM_FIRST=S begins with seed S. A sanitizer's run plays
// fewer, and says so.
#include "crash/gate_sim.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace pawl::crash {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// So many stories go everywhere.
constexpr std::uint64_t seeds_everywhere = 300;
constexpr std::uint64_t seeds_default = 1500;

void add(GateSim::Reached& all, const GateSim::Reached& one) {
  all.calls += one.calls;
  all.effects += one.effects;
  all.reads += one.reads;
  all.held += one.held;
  all.taken_up += one.taken_up;
  all.approved_runs += one.approved_runs;
  all.expired += one.expired;
  all.rejected += one.rejected;
  all.halts += one.halts;
  all.kills += one.kills;
  all.aborted += one.aborted;
  all.indeterminate += one.indeterminate;
  all.counted += one.counted;
  all.deaths += one.deaths;
  all.cuts += one.cuts;
  all.failures += one.failures;
  all.full += one.full;
  all.snapshots += one.snapshots;
  all.lost_records += one.lost_records;
  all.floods += one.floods;
  all.changed += one.changed;
  all.watched += one.watched;
  all.replied += one.replied;
  all.batches += one.batches;
  all.stood += one.stood;
  all.circles += one.circles;
  all.models += one.models;
}

TEST(GateSim, KeepsItsPromisesInEveryStory) {
  const std::uint64_t first = from_environment("PAWL_SIM_FIRST", 1);
  const std::uint64_t count = from_environment("PAWL_SIM_SEEDS", seeds_default);
  GateSim::Reached all;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    GateSim sim(seed);
    const auto wrong = sim.run();
    ASSERT_FALSE(wrong.has_value()) << "PAWL_SIM_FIRST=" << seed << ": " << *wrong;
    add(all, sim.reached());
  }
  std::printf("%llu stories from seed %llu on, of %llu by default\n",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(seeds_default));
  // The stories must have gone everywhere, else they prove nothing.
  if (count < seeds_everywhere) return;
  EXPECT_GT(all.calls, 10 * count);
  EXPECT_GT(all.effects, count);
  EXPECT_GT(all.reads, count);
  EXPECT_GT(all.held, count);
  EXPECT_GT(all.approved_runs, count / 4);
  const std::pair<const char*, std::uint64_t> everywhere[] = {
      {"taken up", all.taken_up},   {"expired", all.expired},
      {"rejected", all.rejected},   {"halts", all.halts},
      {"kills", all.kills},         {"aborted", all.aborted},
      {"counted", all.counted},     {"indeterminate", all.indeterminate},
      {"deaths", all.deaths},       {"cuts", all.cuts},
      {"failures", all.failures},   {"full", all.full},
      {"snapshots", all.snapshots}, {"lost records", all.lost_records},
      {"floods", all.floods},       {"changed", all.changed},
      {"watched", all.watched},     {"replied", all.replied},
      {"stood", all.stood},         {"batches", all.batches},
      {"circles", all.circles},     {"models", all.models},
  };
  for (const auto& [what, times] : everywhere) {
    EXPECT_GT(times, count / 50) << what;
  }
}

}  // namespace
}  // namespace pawl::crash
