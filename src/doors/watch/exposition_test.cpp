#include "doors/watch/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::watch {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kFewBounds[] = {0.1, 1};

std::string text_of(const auto& family) {
  std::string out;
  family.write(out);
  return out;
}

TEST(Exposition, ACounterHasOneLineForEachOfItsSeries) {
  Family calls("calls_total", "Calls.", Family::Kind::counter, {"role", "verdict"});
  calls.add({"a", "allow"}, 1);
  calls.add({"a", "deny"}, 1);
  calls.add({"a", "allow"}, 2);
  EXPECT_EQ(text_of(calls),
            "# HELP calls_total Calls.\n# TYPE calls_total counter\n"
            "calls_total{role=\"a\",verdict=\"allow\"} 3\n"
            "calls_total{role=\"a\",verdict=\"deny\"} 1\n");
}

TEST(Exposition, WhatWouldEndALabelIsEscaped) {
  Family one("one", "One.", Family::Kind::gauge, {"name"});
  one.set({"a\"} 9\nb\\"}, 1);
  EXPECT_THAT(text_of(one), HasSubstr("one{name=\"a\\\"} 9\\nb\\\\\"} 1\n"));
}

TEST(Exposition, BeyondItsBoundEverythingIsCountedInOneSeries) {
  Family calls("calls_total", "Calls.", Family::Kind::counter, {"role"}, 2);
  for (const std::string_view role : {"a", "b", "c", "d", "a"}) calls.add({role}, 1);
  EXPECT_THAT(text_of(calls), HasSubstr("{role=\"a\"} 2\n"));
  EXPECT_THAT(text_of(calls), HasSubstr("{role=\"other\"} 2\n"));
  EXPECT_THAT(text_of(calls), Not(HasSubstr("\"c\"")));
}

TEST(Exposition, BucketsHoldEverythingUpToTheirBound) {
  Times times("wait_seconds", "Waits.", kFewBounds, {"role"});
  for (const double seconds : {0.05, 0.1, 0.5, 7.0}) times.observe({"a"}, seconds);
  EXPECT_EQ(text_of(times),
            "# HELP wait_seconds Waits.\n# TYPE wait_seconds histogram\n"
            "wait_seconds_bucket{role=\"a\",le=\"0.1\"} 2\n"
            "wait_seconds_bucket{role=\"a\",le=\"1\"} 3\n"
            "wait_seconds_bucket{role=\"a\",le=\"+Inf\"} 4\n"
            "wait_seconds_sum{role=\"a\"} 7.65\n"
            "wait_seconds_count{role=\"a\"} 4\n");
}

}  // namespace
}  // namespace pawl::watch
