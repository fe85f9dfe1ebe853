#include "base/zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace pawl {
namespace {

using ::testing::HasSubstr;

std::string big_endian(std::int64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

struct Change {
  std::int64_t at;
  unsigned type;
};

// A TZif file of version 2 with an empty first block.
std::string tzif(const std::vector<std::int64_t>& offsets, const std::vector<Change>& changes,
                 std::string_view rule) {
  const auto header = [](std::size_t times, std::size_t types, std::size_t letters) {
    std::string out = "TZif2" + std::string(15, '\0');
    for (std::size_t count : {0UL, 0UL, 0UL, times, types, letters}) {
      out += big_endian(static_cast<std::int64_t>(count), 4);
    }
    return out;
  };
  std::string out = header(0, 1, 1) + std::string(7, '\0');
  out += header(changes.size(), offsets.size(), 4);
  for (const Change& change : changes) out += big_endian(change.at, 8);
  for (const Change& change : changes) out += static_cast<char>(change.type);
  for (std::int64_t offset : offsets) out += big_endian(offset, 4) + std::string(2, '\0');
  return out + std::string("ABC\0", 4) + "\n" + std::string(rule) + "\n";
}

Zone zone(const std::string& bytes) {
  auto parsed = Zone::parse(bytes, "Test/Zone");
  EXPECT_TRUE(parsed) << to_string(parsed.error());
  return parsed ? *parsed : Zone();
}

std::string both(const Zone& z, std::string_view local) {
  const LocalReading reading = z.read(*parse_civil(local));
  if (reading.earlier == reading.later) return to_string(reading.earlier);
  return to_string(reading.earlier) + " or " + to_string(reading.later);
}

constexpr std::string_view berlin_rule = "CET-1CEST,M3.5.0,M10.5.0/3";

TEST(Zone, UtcIsTheDefault) {
  EXPECT_EQ(both(Zone(), "2026-12-18T18:00"), "2026-12-18T18:00:00Z");
  EXPECT_EQ(Zone().name(), "UTC");
}

TEST(Zone, ARuleAloneIsEnough) {
  const Zone z = zone(tzif({3'600}, {}, berlin_rule));
  EXPECT_EQ(z.name(), "Test/Zone");
  EXPECT_EQ(both(z, "2026-12-18T18:00"), "2026-12-18T17:00:00Z");
  EXPECT_EQ(both(z, "2026-07-01T12:00:30"), "2026-07-01T10:00:30Z");
}

void expect_berlin(const Zone& z) {
  // 29 March 2026: from 2:00 to 3:00.
  EXPECT_EQ(both(z, "2026-03-29T01:59:59"), "2026-03-29T00:59:59Z");
  EXPECT_EQ(both(z, "2026-03-29T02:00"), "2026-03-29T00:00:00Z or 2026-03-29T01:00:00Z");
  EXPECT_EQ(both(z, "2026-03-29T02:59:59"), "2026-03-29T00:59:59Z or 2026-03-29T01:59:59Z");
  EXPECT_EQ(both(z, "2026-03-29T03:00"), "2026-03-29T01:00:00Z");
  // 25 October 2026: from 3:00 back to 2:00.
  EXPECT_EQ(both(z, "2026-10-25T01:59:59"), "2026-10-24T23:59:59Z");
  EXPECT_EQ(both(z, "2026-10-25T02:00"), "2026-10-25T00:00:00Z or 2026-10-25T01:00:00Z");
  EXPECT_EQ(both(z, "2026-10-25T02:59:59"), "2026-10-25T00:59:59Z or 2026-10-25T01:59:59Z");
  EXPECT_EQ(both(z, "2026-10-25T03:00"), "2026-10-25T02:00:00Z");
  // Far behind any table.
  EXPECT_EQ(both(z, "2099-03-29T02:30"), "2099-03-29T00:30:00Z or 2099-03-29T01:30:00Z");
  EXPECT_EQ(both(z, "2100-07-01T00:00"), "2100-06-30T22:00:00Z");
  EXPECT_EQ(both(z, "2100-01-01T00:00"), "2099-12-31T23:00:00Z");
  EXPECT_EQ(z.earliest(*parse_civil("2026-10-25T02:30")), *parse_instant("2026-10-25T00:30:00Z"));
  EXPECT_EQ(z.latest(*parse_civil("2026-10-25T02:30")), *parse_instant("2026-10-25T01:30:00Z"));
}

TEST(Zone, BerlinByItsRule) {
  expect_berlin(zone(tzif({3'600}, {}, berlin_rule)));
}

TEST(Zone, BerlinAsInstalled) {
  std::ifstream file("/usr/share/zoneinfo/Europe/Berlin", std::ios::binary);
  if (!file) GTEST_SKIP() << "tzdata is not installed";
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const Zone z = zone(bytes);
  expect_berlin(z);
  // Double summer time of 1945 and the local time before 1893.
  EXPECT_EQ(both(z, "1945-07-01T12:00"), "1945-07-01T09:00:00Z");
  EXPECT_EQ(both(z, "1880-01-01T12:00:00"), "1880-01-01T11:06:32Z");
  for (std::int64_t utc = -2'000'000'000; utc < 6'000'000'000; utc += 1'234'567) {
    const Instant at{utc * 1'000'000'000};
    const LocalReading reading = z.read(z.local(at));
    ASSERT_TRUE(reading.earlier == at || reading.later == at) << to_string(at);
  }
}

TEST(Zone, TheTableHoldsBeforeTheRule) {
  const std::int64_t in_2020 = 1'577'836'800;
  const Zone z = zone(tzif({0, 7'200}, {{in_2020, 1}}, "XYZ-2"));
  EXPECT_EQ(both(z, "2019-12-31T23:59"), "2019-12-31T23:59:00Z");
  EXPECT_EQ(both(z, "2020-01-01T01:00"), "2019-12-31T23:00:00Z or 2020-01-01T01:00:00Z");
  EXPECT_EQ(both(z, "2020-01-01T02:00"), "2020-01-01T00:00:00Z");
  const Zone no_rule = zone(tzif({0, 7'200}, {{in_2020, 1}}, ""));
  EXPECT_EQ(both(no_rule, "2050-01-01T02:00"), "2050-01-01T00:00:00Z");
}

TEST(Zone, AWholeDayCanBeSkipped) {
  // An island that moves across the date line: from UTC-10 to UTC+14.
  const std::int64_t change = parse_instant("2011-12-30T10:00:00Z")->ns / 1'000'000'000;
  const Zone z = zone(tzif({-36'000, 50'400}, {{change, 1}}, "<+14>-14"));
  EXPECT_EQ(both(z, "2011-12-29T23:59"), "2011-12-30T09:59:00Z");
  EXPECT_EQ(both(z, "2011-12-30T12:00"), "2011-12-29T22:00:00Z or 2011-12-30T22:00:00Z");
  EXPECT_EQ(both(z, "2011-12-31T00:00"), "2011-12-30T10:00:00Z");
}

TEST(Zone, OtherHalvesOfTheWorld) {
  const Zone sydney = zone(tzif({36'000}, {}, "AEST-10AEDT,M10.1.0,M4.1.0/3"));
  EXPECT_EQ(both(sydney, "2026-01-01T00:00"), "2025-12-31T13:00:00Z");
  EXPECT_EQ(both(sydney, "2026-07-01T00:00"), "2026-06-30T14:00:00Z");
  EXPECT_EQ(both(sydney, "2026-04-05T02:30"), "2026-04-04T15:30:00Z or 2026-04-04T16:30:00Z");
  const Zone dublin = zone(tzif({0}, {}, "IST-1GMT0,M10.5.0,M3.5.0/1"));
  EXPECT_EQ(both(dublin, "2026-01-01T00:00"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(both(dublin, "2026-07-01T00:00"), "2026-06-30T23:00:00Z");
  EXPECT_EQ(both(dublin, "2026-03-29T01:30"), "2026-03-29T00:30:00Z or 2026-03-29T01:30:00Z");
  const Zone new_york = zone(tzif({-18'000}, {}, "EST5EDT,M3.2.0,M11.1.0"));
  EXPECT_EQ(both(new_york, "2026-03-08T02:30"), "2026-03-08T06:30:00Z or 2026-03-08T07:30:00Z");
  EXPECT_EQ(both(new_york, "2026-11-01T01:30"), "2026-11-01T05:30:00Z or 2026-11-01T06:30:00Z");
  const Zone nuuk = zone(tzif({-7'200}, {}, "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"));
  EXPECT_EQ(both(nuuk, "2026-03-28T23:30"), "2026-03-29T00:30:00Z or 2026-03-29T01:30:00Z");
}

TEST(ZoneRule, KnowsTheFormsOfDays) {
  const auto julian = ZoneRule::parse("AAA0BBB,J60/0,J300/0");
  ASSERT_TRUE(julian);
  const auto of_day = [](std::string_view text) { return parse_instant(text)->ns / 1'000'000'000; };
  EXPECT_EQ((*julian->changes_of(2024))[0], of_day("2024-03-01T00:00:00Z"));
  EXPECT_EQ((*julian->changes_of(2023))[0], of_day("2023-03-01T00:00:00Z"));
  const auto counted = ZoneRule::parse("AAA0BBB,59/0,300/0");
  EXPECT_EQ((*counted->changes_of(2024))[0], of_day("2024-02-29T00:00:00Z"));
  EXPECT_EQ((*counted->changes_of(2023))[0], of_day("2023-03-01T00:00:00Z"));
  EXPECT_FALSE(ZoneRule::parse("UTC0")->changes_of(2024));
  EXPECT_EQ(ZoneRule::parse("XXX-5:30:15")->offset_at(0), 19'815);
  for (const char* text :
       {"", "CET", "CE-1", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/168",
        "CET-1CEST,M3.5.0,M10.5.0 ", "CET-1CEST,J0,J5", "CET-1CEST,366,5", "<+1-1", "<>1", "CET1 x",
        "CET-1CEST,M3.5.0,M10.5.0/", "CET-1:60", "-1"}) {
    EXPECT_FALSE(ZoneRule::parse(text)) << text;
  }
}

TEST(Zone, RefusesDamagedFiles) {
  const std::string good = tzif({0, 3'600}, {{100, 1}, {200, 0}}, berlin_rule);
  ASSERT_TRUE(Zone::parse(good, "x"));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(Zone::parse(good.substr(0, size), "x")) << size;
  }
  EXPECT_FALSE(Zone::parse(good + "x", "x"));
  const auto said = [](const std::string& bytes) {
    const auto parsed = Zone::parse(bytes, "A/B");
    return parsed ? "accepted" : parsed.error().message;
  };
  EXPECT_EQ(said("hello"), "the time zone `A/B` cannot be read: not a TZif file");
  std::string old = good;
  old[4] = '\0';
  EXPECT_THAT(said(old), HasSubstr("version 1"));
  EXPECT_THAT(said(tzif({0, 3'600}, {{200, 1}, {100, 0}}, "")), HasSubstr("out of order"));
  EXPECT_THAT(said(tzif({0, 3'600}, {{100, 2}}, "")), HasSubstr("no type"));
  EXPECT_THAT(said(tzif({0, 300'000}, {{100, 1}}, "")), HasSubstr("absurd"));
  EXPECT_THAT(said(tzif({0}, {}, "what")), HasSubstr("no known form"));
  std::string huge = good;
  huge.replace(32, 4, "\xff\xff\xff\xff");
  EXPECT_THAT(said(huge), HasSubstr("too short"));
}

TEST(Zone, TimesBeyondTheRangeStayAtItsEdge) {
  EXPECT_EQ(Zone().read({.year = 9999}).later.ns, INT64_MAX);
  EXPECT_EQ(Zone().read({.year = 1}).earlier.ns, INT64_MIN);
  const Zone z = zone(tzif({3'600}, {}, berlin_rule));
  EXPECT_EQ(z.local(Instant{INT64_MAX}).year, 2262);
  EXPECT_EQ(z.local(Instant{INT64_MIN}).year, 1677);
}

TEST(Weekday, CountsFromSunday) {
  EXPECT_EQ(weekday({.year = 2026, .month = 11, .day = 21}), 6);
  EXPECT_EQ(weekday({.year = 2026, .month = 11, .day = 22}), 0);
  EXPECT_EQ(weekday({}), 4);
}

}  // namespace
}  // namespace pawl
