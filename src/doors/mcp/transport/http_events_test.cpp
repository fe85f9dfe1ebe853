#include "doors/mcp/transport/http_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::mcp {
namespace {

TEST(Events, AnIdNamesStreamAndEvent) {
  EXPECT_EQ(to_string(EventId{7, 12}), "7-12");
  const auto id = parse_event_id("7-12");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->stream, 7U);
  EXPECT_EQ(id->event, 12U);
  for (const char* text : {"", "7", "-", "7-", "-1", "7-1-2", "7-x", "7 -1", "+7-1",
                           "99999999999999999999-1", "7--1"}) {
    EXPECT_FALSE(parse_event_id(text)) << text;
  }
}

TEST(Events, TellsWhatCameAfterOnTheSameStream) {
  KeptEvents kept(10, 1000);
  kept.keep({1, 1}, "a");
  kept.keep({2, 1}, "other");
  kept.keep({1, 2}, "b");
  const auto after = kept.after({1, 1});
  ASSERT_TRUE(after);
  ASSERT_EQ(after->size(), 1U);
  EXPECT_EQ(after->front().message, "b");
  EXPECT_EQ(kept.after({1, 0})->size(), 2U);
  EXPECT_TRUE(kept.after({3, 0})->empty());
}

TEST(Events, SaysWhereSomethingIsForgotten) {
  KeptEvents kept(2, 1000);
  for (std::uint64_t event = 1; event <= 4; ++event) kept.keep({1, event}, "x");
  EXPECT_FALSE(kept.after({1, 0}));
  EXPECT_FALSE(kept.after({1, 1}));
  EXPECT_EQ(kept.after({1, 2})->size(), 2U);
  EXPECT_EQ(kept.after({1, 4})->size(), 0U);
}

TEST(Events, HoldsNoMoreBytesThanItMay) {
  KeptEvents kept(100, 1000);
  for (std::uint64_t event = 1; event <= 50; ++event) {
    kept.keep({1, event}, std::string(100, 'x'));
    EXPECT_LE(kept.bytes(), 1000U);
  }
  kept.keep({1, 51}, std::string(2000, 'x'));
  EXPECT_EQ(kept.bytes(), 0U);
  EXPECT_FALSE(kept.after({1, 50}));
}

}  // namespace
}  // namespace pawl::mcp
