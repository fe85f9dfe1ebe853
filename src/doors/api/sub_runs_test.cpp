#include "doors/api/sub_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::api {
namespace {

using ::testing::HasSubstr;

constexpr Instant kNow{1'800'000'000LL * 1'000'000'000};

SubRun sub(const std::string& id, const std::string& parent, token::Attenuation attenuation = {}) {
  return {.id = id,
          .parent = parent,
          .root = "r-1",
          .agent = "reader",
          .attenuation = std::move(attenuation),
          .expires = kNow + Duration::seconds(60)};
}
token::Attenuation steps(std::uint64_t most) {
  return {.tools = {}, .limits = {{token::Limit::steps, most}}};
}

// R16: a chain of sub-agents, each with what its parent has: the sum never exceeds it.
TEST(SubRuns, WhatChildrenUseIsTheirParents) {
  SubRuns runs(8);
  ASSERT_TRUE(runs.add(sub("s-1", "r-1", steps(3)), kNow));
  ASSERT_TRUE(runs.add(sub("s-2", "s-1", steps(3)), kNow));
  ASSERT_TRUE(runs.add(sub("s-3", "s-1", steps(3)), kNow));
  for (const char* id : {"s-2", "s-3", "s-2"}) {
    EXPECT_EQ(runs.objection(id, "", "a", kNow), "");
    runs.charge_step(id);
  }
  for (const char* id : {"s-1", "s-2", "s-3"}) {
    EXPECT_THAT(runs.objection(id, "", "a", kNow), HasSubstr("`s-1` has used its 3 steps")) << id;
  }
}

TEST(SubRuns, DenialsAreCountedLikewise) {
  SubRuns runs(8);
  ASSERT_TRUE(
      runs.add(sub("s-1", "r-1", {.tools = {}, .limits = {{token::Limit::denials, 1}}}), kNow));
  runs.charge_step("s-1");
  EXPECT_EQ(runs.objection("s-1", "", "a", kNow), "");
  runs.charge_denial("s-1");
  EXPECT_THAT(runs.objection("s-1", "", "a", kNow), HasSubstr("1 denials"));
}

TEST(SubRuns, ToolsAreThoseOfEveryoneAbove) {
  SubRuns runs(8);
  ASSERT_TRUE(runs.add(sub("s-1", "r-1", {.tools = {{"get_*", "bank/pay"}}, .limits = {}}), kNow));
  ASSERT_TRUE(runs.add(sub("s-2", "s-1", {.tools = {{"*", "bank/*"}}, .limits = {}}), kNow));
  EXPECT_EQ(runs.objection("s-2", "", "get_name", kNow), "");
  EXPECT_EQ(runs.objection("s-2", "crm", "get_name", kNow), "");
  EXPECT_EQ(runs.objection("s-2", "bank", "pay", kNow), "");
  EXPECT_NE(runs.objection("s-2", "shop", "pay", kNow), "");
  EXPECT_NE(runs.objection("s-2", "", "pay", kNow), "");
}

TEST(SubRuns, EndWithWhatTheyArePartOf) {
  SubRuns runs(8);
  ASSERT_TRUE(runs.add(sub("s-1", "r-1"), kNow));
  ASSERT_TRUE(runs.add(sub("s-2", "s-1"), kNow));
  ASSERT_NE(runs.find("s-2", kNow), nullptr);
  EXPECT_EQ(runs.find("s-2", kNow + Duration::seconds(60)), nullptr) << "its time is over";
  EXPECT_EQ(runs.end("s-1").size(), 2U);
  EXPECT_EQ(runs.find("s-2", kNow), nullptr);
  EXPECT_NE(runs.objection("s-2", "", "a", kNow), "");
  ASSERT_TRUE(runs.add(sub("s-3", "r-1"), kNow));
  runs.end_root("r-1");
  EXPECT_EQ(runs.find("s-3", kNow), nullptr);
  EXPECT_EQ(runs.find("r-1", kNow), nullptr);
}

TEST(SubRuns, AreBoundedInNumber) {
  SubRuns runs(2);
  ASSERT_TRUE(runs.add(sub("s-1", "r-1"), kNow));
  ASSERT_TRUE(runs.add(sub("s-2", "r-1"), kNow));
  EXPECT_FALSE(runs.add(sub("s-3", "r-1"), kNow));
  EXPECT_TRUE(runs.add(sub("s-3", "r-1"), kNow + Duration::seconds(60))) << "those are over";
}

}  // namespace
}  // namespace pawl::api
