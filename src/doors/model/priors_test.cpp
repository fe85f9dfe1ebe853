#include "doors/model/priors.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl::model {
namespace {

// A conversation of so many turns, of ten bytes each.
ModelRequest conversation(std::uint64_t turns) {
  ModelRequest request;
  request.input_most = 10 * turns;
  for (std::uint64_t i = 0; i <= turns; ++i) {
    request.prefixes.push_back({sha256(std::to_string(i)), 10 * (turns - i)});
  }
  return request;
}

TEST(Priors, ARequestIsBoundByWhatItsBeginningWasMeasuredAt) {
  Priors priors;
  EXPECT_EQ(priors.input_most("r", conversation(3)), 30U);
  priors.learn("r", conversation(3), 9);
  EXPECT_EQ(priors.input_most("r", conversation(3)), 9U);
  EXPECT_EQ(priors.input_most("r", conversation(4)), 19U);
  EXPECT_EQ(priors.input_most("r", conversation(2)), 20U);
  EXPECT_EQ(priors.input_most("another", conversation(4)), 40U);
}

TEST(Priors, OfTwoMeasuresTheLargerCounts) {
  Priors priors;
  priors.learn("r", conversation(3), 9);
  priors.learn("r", conversation(3), 4);
  EXPECT_EQ(priors.input_most("r", conversation(3)), 9U);
  priors.learn("r", conversation(3), 99);
  EXPECT_EQ(priors.input_most("r", conversation(3)), 30U) << "never above the bytes";
}

TEST(Priors, AreBoundInNumber) {
  Priors priors;
  priors.learn("r", conversation(1), 1);
  for (std::uint64_t i = 2; i < priors_of_run_max + 2; ++i) priors.learn("r", conversation(i), 1);
  EXPECT_EQ(priors.input_most("r", conversation(1)), 10U) << "the oldest is forgotten";
  EXPECT_EQ(priors.input_most("r", conversation(5)), 1U);
}

}  // namespace
}  // namespace pawl::model
