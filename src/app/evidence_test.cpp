#include "app/evidence.h"

#include <gtest/gtest.h>

namespace pawl::app {
namespace {

TEST(Moment, IsATimeADateOrHowLongAgo) {
  const Instant now = *parse_instant("2026-11-21T08:00:00Z");
  EXPECT_EQ(moment_of("2026-11-20T10:00:00+02:00", now), *parse_instant("2026-11-20T08:00:00Z"));
  EXPECT_EQ(moment_of("2026-11-20", now), *parse_instant("2026-11-20T00:00:00Z"));
  EXPECT_EQ(moment_of("2h", now), *parse_instant("2026-11-21T06:00:00Z"));
  EXPECT_EQ(moment_of("1d12h", now), *parse_instant("2026-11-19T20:00:00Z"));
  for (const char* none : {"", "yesterday", "2026-02-30", "2026-11-20T10:00", "-2h", "2"}) {
    EXPECT_EQ(moment_of(none, now), std::nullopt) << none;
  }
}

}  // namespace
}  // namespace pawl::app
