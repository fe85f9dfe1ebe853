#include "doors/mcp/unreadable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::mcp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MeantFor, NamesEveryRequestThatMayWait) {
  const auto ids = [](std::string_view line) { return meant_for(line).ids; };
  EXPECT_THAT(ids(R"({"id":7,"result":{"a":1,"a":2}})"), ElementsAre("7"));
  EXPECT_THAT(ids(R"({"id":7,"\u0069d":8,"result":{}})"), ElementsAre("7", "8"));
  EXPECT_THAT(ids(R"({"id":null,"x":{"id":3}})"), IsEmpty());
  EXPECT_THAT(ids("not json"), IsEmpty());
  EXPECT_THAT(ids(R"(listening {"id":3,"result":{}})"), IsEmpty());
  EXPECT_THAT(ids(R"({"id":9,"result":{"x":nope}})"), ElementsAre("9"));
}

TEST(MeantFor, TellsAnswersFromWhatAServerAsksInAnySpelling) {
  const auto answers = [](std::string_view line) { return meant_for(line).answer; };
  EXPECT_TRUE(answers(R"({"jsonrpc":"2.0","id":1,"\u0072esult":{}})"));
  EXPECT_TRUE(answers(R"({"jsonrpc":"2.0","id":1,"error":{},"error":{}})"));
  EXPECT_FALSE(answers(R"({"jsonrpc":"2.0","id":1,"\u006dethod":"a","result":{}})"));
  EXPECT_FALSE(answers(R"({"level":"info","id":1,"result":"started"})"));
}

TEST(OwnId, IsTheNumberInAnySpelling) {
  for (std::string_view same : {"3", "3.0", "3e0", "0.3e1", "\"3\""}) {
    EXPECT_EQ(own_id(same), 3) << same;
  }
  for (std::string_view other : {"", "-3", "3.5", "\"03\"", "\"3.0\"", "null", "[3]", "1e400"}) {
    EXPECT_EQ(own_id(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace pawl::mcp
