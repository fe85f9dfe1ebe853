#include "base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace pawl {
namespace {

TEST(RandomInBatches, GivesEachByteOnceAndCopiesShareIt) {
  const auto draw = random_in_batches();
  const auto copy = draw;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    for (const auto& from : {draw, copy}) {
      const std::string bytes = from(16);
      EXPECT_EQ(bytes.size(), 16U);
      EXPECT_TRUE(seen.insert(bytes).second) << i;
    }
  }
}

TEST(RandomInBatches, GivesAsManyAsAskedFor) {
  const auto draw = random_in_batches();
  for (const std::size_t count : {0U, 1U, 255U, 256U, 257U, 10'000U, 3U}) {
    EXPECT_EQ(draw(count).size(), count);
  }
}

}  // namespace
}  // namespace pawl
