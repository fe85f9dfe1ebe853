#include "base/time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl {
namespace {

using ::testing::HasSubstr;

std::int64_t ns(std::string_view text) {
  const auto at = parse_instant(text);
  EXPECT_TRUE(at) << text;
  return at ? at->ns : -1;
}

TEST(Instant, ReadsTheFormsOfRfc3339) {
  EXPECT_EQ(ns("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ns("2026-11-21T08:00:00Z"), 1'795'248'000'000'000'000);
  EXPECT_EQ(ns("2026-11-21T09:00:00+01:00"), ns("2026-11-21T08:00:00Z"));
  EXPECT_EQ(ns("2026-11-20T22:30:00-09:30"), ns("2026-11-21T08:00:00Z"));
  EXPECT_EQ(ns("1970-01-01T00:00:00.25Z"), 250'000'000);
  EXPECT_EQ(ns("1970-01-01T00:00:00.000000001Z"), 1);
  EXPECT_EQ(ns("1969-12-31T23:59:59.5Z"), -500'000'000);
  EXPECT_EQ(ns("2024-02-29T00:00:00Z") - ns("2024-02-28T00:00:00Z"), 86'400'000'000'000);
}

TEST(Instant, RefusesEverythingElse) {
  for (const char* text : {"",
                           "2026-11-21",
                           "2026-11-21T08:00Z",
                           "2026-11-21T08:00:00",
                           "2026-11-21 08:00:00Z",
                           "2026-11-21T08:00:00z",
                           "2026-11-21T08:00:00.Z",
                           "2026-11-21T08:00:00.1234567890Z",
                           "2026-11-21T08:00:00+1:00",
                           "2026-11-21T08:00:00+24:00",
                           "2026-11-21T08:00:00+01:60",
                           "2026-11-21T08:00:00Z ",
                           " 2026-11-21T08:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-00-10T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-06-30T23:59:60Z",
                           "1600-01-01T00:00:00Z",
                           "9999-01-01T00:00:00Z",
                           "2O26-01-01T00:00:00Z"}) {
    const auto at = parse_instant(text);
    ASSERT_FALSE(at) << text;
    EXPECT_EQ(at.error().fault, ErrorKind::invalid);
    EXPECT_THAT(at.error().message, HasSubstr("`" + std::string(text) + "`"));
  }
}

TEST(Instant, IsWrittenInUtcWithMicrosecondsAtMost) {
  EXPECT_EQ(to_string(Instant{0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_string(Instant{250'000'000}), "1970-01-01T00:00:00.25Z");
  EXPECT_EQ(to_string(Instant{1'999}), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(to_string(Instant{999}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_string(Instant{-1'000'000'000}), "1969-12-31T23:59:59Z");
  EXPECT_EQ(to_string(Instant{-500'000'000}), "1969-12-31T23:59:59.5Z");
  EXPECT_EQ(to_string(Instant{INT64_MAX}).substr(0, 4), "2262");
  EXPECT_EQ(to_string(Instant{INT64_MIN}).substr(0, 4), "1677");
}

TEST(Instant, WhatIsWrittenIsReadBack) {
  for (std::int64_t seconds = -9'000'000'000; seconds < 9'000'000'000; seconds += 86'399'977) {
    const Instant at{seconds * 1'000'000'000 + 123'456'000};
    EXPECT_EQ(ns(to_string(at)), at.ns);
  }
}

TEST(Duration, ReadsNumbersWithUnitsAndSums) {
  const auto read = [](std::string_view text) {
    const auto length = parse_duration(text);
    EXPECT_TRUE(length) << text;
    return length ? length->ns : -1;
  };
  EXPECT_EQ(read("300s"), 300'000'000'000);
  EXPECT_EQ(read("250ms"), 250'000'000);
  EXPECT_EQ(read("2m"), 120'000'000'000);
  EXPECT_EQ(read("12h"), 43'200'000'000'000);
  EXPECT_EQ(read("7d"), read("1w"));
  EXPECT_EQ(read("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(read("1w2d3h4m5s6ms"), 788'645'006'000'000);
  EXPECT_EQ(read("0s"), 0);
}

TEST(Duration, RefusesWhatCouldBeMisread) {
  for (const char* text :
       {"", "5", "s", "5 s", "-5s", "+5s", "1.5h", "5S", "5min", "30m1h", "1m1m", "1ms1s", "5s ",
        "10000000000000000000s", "300000w", "9999999w9d", "5sec", "1e3s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, IsWrittenAsPeopleSayIt) {
  EXPECT_EQ(to_string(Duration::seconds(0)), "0s");
  EXPECT_EQ(to_string(Duration::seconds(300)), "5m");
  EXPECT_EQ(to_string(Duration::seconds(5'400)), "1h30m");
  EXPECT_EQ(to_string(Duration::seconds(1'209'600)), "14d");
  EXPECT_EQ(to_string(Duration::milliseconds(250)), "250ms");
  EXPECT_EQ(to_string(Duration::milliseconds(61'001)), "1m1s1ms");
  EXPECT_EQ(to_string(Duration{-5'000'000'000}), "-5s");
  EXPECT_EQ(to_string(Duration{1}), "0ms");
  EXPECT_EQ(to_string(Duration{INT64_MIN}), "-106751d23h47m16s854ms");
  for (std::int64_t ms = 1; ms < 10'000'000'000; ms = ms * 3 + 7) {
    EXPECT_EQ(parse_duration(to_string(Duration::milliseconds(ms)))->ns, ms * 1'000'000);
  }
}

TEST(Civil, ReadsDateAndTimeWithoutZone) {
  const auto t = parse_civil("2026-12-18T18:00");
  ASSERT_TRUE(t);
  EXPECT_EQ(seconds_as_utc(*t) * 1'000'000'000, ns("2026-12-18T18:00:00Z"));
  EXPECT_EQ(parse_civil("2026-12-18T18:00:07")->second, 7);
  for (const char* text :
       {"", "2026-12-18", "2026-12-18T18", "2026-12-18T18:00Z", "2026-02-30T00:00",
        "2026-12-18T25:00", "2026-12-18T18:00:60", "2026-12-18T18:00:"}) {
    EXPECT_FALSE(parse_civil(text)) << text;
  }
}

TEST(Civil, CountsSecondsAcrossCenturies) {
  EXPECT_EQ(seconds_as_utc({}), 0);
  EXPECT_EQ(seconds_as_utc({.year = 2000, .month = 3, .day = 1}), 951'868'800);
  EXPECT_EQ(seconds_as_utc({.year = 1900, .month = 3, .day = 1}), -2'203'891'200);
  EXPECT_EQ(seconds_as_utc({.year = 9999, .month = 12, .day = 31}), 253'402'214'400);
}

}  // namespace
}  // namespace pawl
