#include "doors/api/sub_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::api {
namespace {

using ::testing::HasSubstr;

// A root `r-1` and what is below it, at a time that the test says.
struct Family {
  explicit Family(std::size_t most = 8)
      : runs(std::make_shared<SubRuns>(most, [this] { return now; })) {}
  Family(const Family&) = delete;

  Status add(const std::string& id, const std::string& parent, jose::Attenuation attenuation = {}) {
    SubRun run;
    run.root = "r-1";
    run.credential.run = id;
    run.credential.parent_run = parent;
    run.credential.actors = {"reader", "coder"};
    run.credential.attenuation = std::move(attenuation);
    run.expires = now + Duration::seconds(60);
    return runs->add(std::move(run));
  }

  Instant now{1'800'000'000LL * 1'000'000'000};
  std::shared_ptr<SubRuns> runs;
};

jose::Attenuation steps(std::uint64_t most) {
  return {.tools = {}, .limits = {{jose::Limit::steps, most}}};
}

// R16: a chain of sub-agents, each with what its parent has: the sum never exceeds it.
TEST(SubRuns, WhatChildrenUseIsTheirParents) {
  Family family;
  ASSERT_TRUE(family.add("s-1", "r-1", steps(3)));
  ASSERT_TRUE(family.add("s-2", "s-1", steps(3)));
  ASSERT_TRUE(family.add("s-3", "s-1", steps(3)));
  for (const char* id : {"s-2", "s-3", "s-2"}) {
    const auto part = family.runs->part(id);
    EXPECT_EQ(part->spent(), "");
    part->charge_step();
  }
  for (const char* id : {"s-1", "s-2", "s-3"}) {
    EXPECT_THAT(family.runs->part(id)->spent(), HasSubstr("`s-1` has used its 3 steps")) << id;
  }
}

TEST(SubRuns, DenialsAreCountedLikewise) {
  Family family;
  ASSERT_TRUE(family.add("s-1", "r-1", {.tools = {}, .limits = {{jose::Limit::denials, 1}}}));
  const auto part = family.runs->part("s-1");
  part->charge_step();
  EXPECT_EQ(part->spent(), "");
  part->charge_denial();
  EXPECT_THAT(part->spent(), HasSubstr("1 denials"));
}

TEST(SubRuns, WhatIsExecutedIsTakenOfEveryoneAboveOrOfNone) {
  Family family;
  ASSERT_TRUE(family.add("s-1", "r-1", {.tools = {}, .limits = {{jose::Limit::calls, 3}}}));
  ASSERT_TRUE(family.add("s-2", "s-1", {.tools = {}, .limits = {{jose::Limit::records, 10}}}));
  ASSERT_TRUE(family.add("s-3", "s-1"));
  const auto reads = family.runs->part("s-2");
  const auto other = family.runs->part("s-3");
  EXPECT_TRUE(reads->counts_records());
  EXPECT_FALSE(other->counts_records());
  EXPECT_EQ(reads->no_room({.calls = 1, .records = 10}), "");
  EXPECT_THAT(reads->no_room({.calls = 1, .records = 11}),
              HasSubstr("`s-2` has 10 of its 10 records left, and this takes 11"));
  reads->take({.calls = 1, .records = 4});
  other->take({.calls = 1, .records = 0});
  EXPECT_EQ(reads->spent(), "") << "they bound what is executed, and not what is asked";
  EXPECT_EQ(family.runs->find("s-1")->used.calls, 2U);
  reads->take({.calls = 1, .records = 0});
  EXPECT_THAT(other->no_room({.calls = 1, .records = 0}), HasSubstr("`s-1` has 0 of its 3 calls"));
  other->give_back({.calls = 1, .records = 0});
  EXPECT_EQ(other->no_room({.calls = 1, .records = 0}), "") << "that one was never sent";
  reads->charge_records(7);
  EXPECT_THAT(reads->no_room({.calls = 1, .records = 1}), HasSubstr("0 of its 10 records"));
}

TEST(SubRuns, WhatEndsLaterThanItsSubRunStillCountsAbove) {
  Family family;
  ASSERT_TRUE(family.add("s-1", "r-1", {.tools = {}, .limits = {{jose::Limit::records, 5}}}));
  ASSERT_TRUE(family.add("s-2", "s-1"));
  const auto part = family.runs->part("s-2");
  part->take({.calls = 1, .records = 1});
  part->take({.calls = 1, .records = 1});
  ASSERT_EQ(family.runs->end("s-2").size(), 1U);
  part->charge_records(2);
  part->give_back({.calls = 1, .records = 1});
  EXPECT_EQ(family.runs->find("s-1")->used.records, 3U);
  EXPECT_EQ(family.runs->find("s-1")->used.calls, 1U);
  part->charge_records(~0ULL);
  EXPECT_EQ(family.runs->find("s-1")->used.records, ~0ULL) << "and never begins anew";
}

TEST(SubRuns, ToolsAreThoseOfEveryoneAbove) {
  Family family;
  ASSERT_TRUE(family.add("s-1", "r-1", {.tools = {{"get_*", "bank/pay"}}, .limits = {}}));
  ASSERT_TRUE(family.add("s-2", "s-1", {.tools = {{"*", "bank/*"}}, .limits = {}}));
  const auto part = family.runs->part("s-2");
  EXPECT_TRUE(part->covers("", "get_name"));
  EXPECT_TRUE(part->covers("crm", "get_name"));
  EXPECT_TRUE(part->covers("bank", "pay"));
  EXPECT_FALSE(part->covers("shop", "pay"));
  EXPECT_FALSE(part->covers("", "pay"));
  EXPECT_FALSE(part->covers("", "mcp:resources/read"));
  EXPECT_EQ(part->name(), "sub-run s-2 of reader");
}

TEST(SubRuns, ActionsOfTheProtocolAreGivenByTheirNames) {
  Family family;
  ASSERT_TRUE(family.add("s-1", "r-1", {.tools = {{"mcp:resources/*", "crm/*"}}, .limits = {}}));
  const auto part = family.runs->part("s-1");
  EXPECT_TRUE(part->covers("bank", "mcp:resources/read"));
  EXPECT_FALSE(part->covers("bank", "mcp:prompts/get"));
  EXPECT_FALSE(part->covers("crm", "mcp:prompts/get")) << "a glob of tools is none of actions";
  ASSERT_TRUE(family.add("s-2", "r-1", {.tools = {{"*", "crm/mcp:prompts/*"}}, .limits = {}}));
  const auto other = family.runs->part("s-2");
  EXPECT_TRUE(other->covers("crm", "mcp:prompts/get"));
  EXPECT_FALSE(other->covers("bank", "mcp:prompts/get"));
  EXPECT_FALSE(other->covers("crm", "mcp:resources/read"));
  EXPECT_TRUE(other->covers("crm", "anything"));
  EXPECT_TRUE(part->covers("crm", "get_name"));
  EXPECT_FALSE(part->covers("bank", "get_name"));
}

TEST(SubRuns, EndWithWhatTheyArePartOf) {
  Family family;
  ASSERT_TRUE(family.add("s-1", "r-1"));
  ASSERT_TRUE(family.add("s-2", "s-1"));
  const auto part = family.runs->part("s-2");
  ASSERT_NE(part, nullptr);
  const Instant then = family.now;
  family.now = then + Duration::seconds(60);
  EXPECT_TRUE(part->over()) << "its time is over";
  EXPECT_FALSE(part->covers("", "a"));
  EXPECT_EQ(family.runs->find("s-2"), nullptr);
  family.now = then;
  EXPECT_FALSE(part->over());
  EXPECT_EQ(family.runs->end("s-1").size(), 2U);
  EXPECT_TRUE(part->over());
  EXPECT_FALSE(part->covers("", "a"));
  EXPECT_EQ(family.runs->part("s-2"), nullptr);
  part->charge_step();
  ASSERT_TRUE(family.add("s-3", "r-1"));
  family.runs->end_root("r-1");
  EXPECT_EQ(family.runs->find("s-3"), nullptr);
  EXPECT_EQ(family.runs->find("r-1"), nullptr);
}

TEST(SubRuns, AreBoundedInNumber) {
  Family family(2);
  ASSERT_TRUE(family.add("s-1", "r-1"));
  ASSERT_TRUE(family.add("s-2", "r-1"));
  EXPECT_FALSE(family.add("s-3", "r-1"));
  family.now = family.now + Duration::seconds(60);
  EXPECT_TRUE(family.add("s-3", "r-1")) << "those are over";
}

}  // namespace
}  // namespace pawl::api
