#include "doors/api/events.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl::api {
namespace {

constexpr EventLimits kLimits{.events_per_run_max = 4,
                              .streams_per_run_max = 1,
                              .streams_max = 1,
                              .runs_max = 8,
                              .events_max = 20};

void hear(Events& events, std::uint64_t seq, const std::string& run) {
  Record record;
  record.seq = seq;
  record.body = DenialsCounted{run, "blocked", 1, 0};
  events.note(record, State());
  events.flush();
}

// A node lives for months and hears of every run: what it keeps of them has an end.
TEST(Events, AreBoundedForARunAndForAllOfThem) {
  Events events(kLimits);
  for (std::uint64_t seq = 1; seq <= 10; ++seq) hear(events, seq, "r-1");
  EXPECT_EQ(events.events(), 4U);
  for (std::uint64_t seq = 11; seq <= 1000; ++seq) {
    hear(events, seq, "r-" + std::to_string(seq / 3));
    ASSERT_LE(events.events(), 20U);
  }
  EXPECT_GE(events.events(), 16U);
}

}  // namespace
}  // namespace pawl::api
