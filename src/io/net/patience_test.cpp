#include "io/net/patience.h"

#include <gtest/gtest.h>

namespace pawl::net::loop_detail {
namespace {

Patience patient() {
  Patience patience;
  patience.set_most(Duration{50'000});
  return patience;
}

// How many of `waits` ask, where `meets(i)` says whether the i-th that asks meets something.
template <typename Meets>
int asked(Patience& patience, int waits, Meets meets) {
  int asks = 0;
  for (int i = 0; i < waits; ++i) {
    if (!patience.asks()) continue;
    meets(asks++) ? patience.met() : patience.missed();
  }
  return asks;
}

TEST(Patience, without_a_time_it_never_asks) {
  Patience patience;
  EXPECT_EQ(asked(patience, 1000, [](int) { return true; }), 0);
}

TEST(Patience, where_nothing_comes_it_tries_once_in_a_while) {
  Patience patience = patient();
  EXPECT_EQ(asked(patience, 6400, [](int) { return false; }), 100);
}

TEST(Patience, where_something_comes_it_goes_on) {
  Patience patience = patient();
  const int first = Patience::tries_again_after;
  EXPECT_EQ(asked(patience, first + 999, [](int) { return true; }), 1000);
}

TEST(Patience, one_of_three_is_enough_and_less_is_not) {
  Patience patience = patient();
  asked(patience, 1000, [](int) { return true; });
  EXPECT_EQ(asked(patience, 3000, [](int i) { return i % 3 == 0; }), 3000);
  EXPECT_LT(asked(patience, 3000, [](int i) { return i % 4 == 0; }), 300);
}

TEST(Patience, it_is_over_soon_after_nothing_comes_any_more) {
  Patience patience = patient();
  asked(patience, 100'000, [](int) { return true; });
  EXPECT_LE(asked(patience, 64, [](int) { return false; }), Patience::credit_max + 1);
}

}  // namespace
}  // namespace pawl::net::loop_detail
