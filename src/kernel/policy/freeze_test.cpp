// Weekly freezes, over the nights in which clocks change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/policy/policy.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const Policy> load_freezes(const std::string& window) {
  const Loaded loaded = sample::load(sample::file("freeze: [{name: w, weekly: \"" + window +
                                                  "\", zone: Europe/Berlin, stop: [irreversible], "
                                                  "env: [production]}]\n"));
  EXPECT_EQ(sample::said(loaded.errors), "");
  return loaded.policy;
}
Instant at(std::string_view text) {
  return *parse_instant(text);
}

TEST(WeeklyFreeze, LiesBetweenItsLocalTimes) {
  const auto policy = load_freezes("Fri 16:00 - Mon 07:00");
  const Freeze& freeze = policy->freezes.front();
  EXPECT_FALSE(freeze.covers(at("2026-11-27T14:59:59Z")));
  EXPECT_TRUE(freeze.covers(at("2026-11-27T15:00:00Z")));
  EXPECT_TRUE(freeze.covers(at("2026-11-29T12:00:00Z")));
  EXPECT_TRUE(freeze.covers(at("2026-11-30T05:59:59Z")));
  EXPECT_FALSE(freeze.covers(at("2026-11-30T06:00:00Z")));
  EXPECT_FALSE(freeze.covers(at("2026-12-02T12:00:00Z")));
}

TEST(WeeklyFreeze, TakesTheLongerReadingWhereClocksChange) {
  // 2026-10-25: 02:30 happens twice, at 00:30Z and at 01:30Z.
  const auto ends = load_freezes("Sat 12:00 - Sun 02:30");
  EXPECT_TRUE(ends->freezes.front().covers(at("2026-10-25T01:29:00Z")));
  EXPECT_FALSE(ends->freezes.front().covers(at("2026-10-25T01:30:00Z")));
  const auto begins = load_freezes("Sun 02:30 - Sun 12:00");
  EXPECT_TRUE(begins->freezes.front().covers(at("2026-10-25T00:30:00Z")));
  EXPECT_FALSE(begins->freezes.front().covers(at("2026-10-25T00:29:00Z")));
}

TEST(WeeklyFreeze, ABundleKnowsItsZone) {
  const auto policy = load_freezes("Fri 16:00 - Mon 07:00");
  const Loaded again = load_bundle(policy->bundle, "p.yaml");
  ASSERT_NE(again.policy, nullptr) << sample::said(again.errors);
  EXPECT_EQ(again.policy->digest, policy->digest);
  EXPECT_TRUE(again.policy->freezes.front().covers(at("2026-11-27T15:00:00Z")));
  EXPECT_FALSE(again.policy->freezes.front().covers(at("2026-11-27T14:59:59Z")));
}

TEST(WeeklyFreeze, SaysWhatAWindowLooksLike) {
  for (const std::string_view text : {"Fri 16:00", "Friday 16:00 - Mon 07:00",
                                      "Fri 24:00 - Mon 07:00", "Fri 16:00 - Fri 16:00"}) {
    const Loaded loaded = sample::load(sample::file(fmt::format(
        "freeze: [{{name: w, weekly: \"{}\", zone: UTC, stop: [irreversible]}}]\n", text)));
    EXPECT_THAT(sample::said(loaded.errors), HasSubstr("Fri 16:00 - Mon 07:00")) << text;
  }
}

}  // namespace
}  // namespace pawl
