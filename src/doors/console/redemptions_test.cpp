#include "doors/console/redemptions.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl::console {
namespace {

constexpr Duration kEarly = Duration::seconds(10);
using Turn = Returns::Turn;

TEST(Redemptions, OneCountsOnceAndIsKeptUntilItsEnd) {
  Redemptions some({.life = Duration::seconds(60), .of_person_max = 8});
  EXPECT_FALSE(some.used("one"));
  EXPECT_TRUE(some.use("one", "ada", {}));
  EXPECT_TRUE(some.used("one"));
  EXPECT_FALSE(some.use("one", "ada", kEarly));
  EXPECT_FALSE(some.use("one", "bob", kEarly));
  EXPECT_TRUE(some.use("one", "ada", Duration::seconds(60)));
}

TEST(Redemptions, APersonWhoFillsTheirRoomTakesNoneFromOthers) {
  Redemptions some({.life = Duration::seconds(60), .of_person_max = 2});
  EXPECT_TRUE(some.use("one", "ada", {}));
  EXPECT_TRUE(some.use("two", "ada", kEarly));
  EXPECT_FALSE(some.use("three", "ada", kEarly));
  EXPECT_TRUE(some.use("three", "bob", kEarly));
  EXPECT_TRUE(some.use("four", "ada", Duration::seconds(60)));
}

TEST(Returns, AnAnswerCountsOnceAlsoWhileItIsLookedAt) {
  Returns some;
  EXPECT_EQ(some.begin("one", "here", {}), Turn::goes);
  EXPECT_EQ(some.begin("one", "there", {}), Turn::before);
  EXPECT_TRUE(some.ended("one", "ada", kEarly));
  EXPECT_EQ(some.begin("one", "here", kEarly), Turn::before);
  EXPECT_FALSE(some.ended("one", "ada", kEarly));
}

TEST(Returns, WhatNoProviderVouchedForTakesNoRoom) {
  Returns some({.under_way_of_one_max = 1, .burst = 2});
  for (const std::string ticket : {"one", "two"}) {
    EXPECT_EQ(some.begin(ticket, "here", {}), Turn::goes);
    EXPECT_FALSE(some.ended(ticket, "", {}));
  }
  EXPECT_EQ(some.begin("three", "here", {}), Turn::waits);
  EXPECT_EQ(some.begin("three", "there", {}), Turn::goes) << "no other address waits";
  EXPECT_FALSE(some.ended("three", "", {}));
  // One more after a while, and not a whole life later.
  EXPECT_EQ(some.begin("one", "here", Duration::seconds(1)), Turn::goes);
  EXPECT_FALSE(some.ended("one", "", Duration::seconds(1)));
  EXPECT_EQ(some.begin("two", "here", Duration::seconds(1)), Turn::waits);
}

TEST(Returns, WhoSignsInWaitsForNoOtherAtTheSameAddress) {
  Returns some({.burst = 2});
  for (int n = 0; n < 100; ++n) {
    const std::string ticket = std::to_string(n);
    ASSERT_EQ(some.begin(ticket, "office", {}), Turn::goes) << n;
    ASSERT_TRUE(some.ended(ticket, "person " + ticket, {})) << n;
  }
}

TEST(Returns, QuestionsAtOnceAreFewOfOneAddress) {
  Returns some({.under_way_max = 3, .under_way_of_one_max = 2});
  EXPECT_EQ(some.begin("one", "here", {}), Turn::goes);
  EXPECT_EQ(some.begin("two", "here", {}), Turn::goes);
  EXPECT_EQ(some.begin("three", "here", {}), Turn::waits);
  EXPECT_EQ(some.begin("three", "there", {}), Turn::goes);
  EXPECT_EQ(some.begin("four", "elsewhere", {}), Turn::waits) << "no more than that in all";
  EXPECT_TRUE(some.ended("one", "ada", {}));
  EXPECT_EQ(some.begin("four", "elsewhere", {}), Turn::goes);
}

TEST(Returns, APersonWhoSignsInTooOftenIsRefusedAlone) {
  Returns some({.people = {.life = Duration::seconds(60), .of_person_max = 1}});
  EXPECT_EQ(some.begin("one", "here", {}), Turn::goes);
  EXPECT_TRUE(some.ended("one", "ada", {}));
  EXPECT_EQ(some.begin("two", "here", {}), Turn::goes);
  EXPECT_FALSE(some.ended("two", "ada", {}));
  EXPECT_EQ(some.begin("three", "here", {}), Turn::goes);
  EXPECT_TRUE(some.ended("three", "bob", {}));
}

TEST(Returns, AddressesWithoutNumberAreForgottenAndLockNoPersonOut) {
  Returns some({.burst = 1, .addresses_max = 8});
  for (int n = 0; n < 100; ++n) {
    const std::string name = std::to_string(n);
    ASSERT_EQ(some.begin(name, name, {}), Turn::goes) << n;
    EXPECT_FALSE(some.ended(name, "", {}));
  }
  EXPECT_EQ(some.begin("mine", "mine", {}), Turn::goes);
}

}  // namespace
}  // namespace pawl::console
