#include "io/net/signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <vector>

namespace pawl::net {
namespace {

TEST(Signals, become_events_of_the_loop) {
  Loop loop;
  std::vector<int> heard;
  // Two that are otherwise unused, so that a failure cannot end the test program.
  const auto signals =
      Signals::watch(loop, {SIGWINCH, SIGURG}, [&](int number) { heard.push_back(number); });
  ASSERT_TRUE(signals);
  ASSERT_EQ(::raise(SIGWINCH), 0);
  EXPECT_TRUE(loop.run_until([&] { return heard.size() == 1; }));
  ASSERT_EQ(::raise(SIGURG), 0);
  EXPECT_TRUE(loop.run_until([&] { return heard.size() == 2; }));
  EXPECT_THAT(heard, testing::ElementsAre(SIGWINCH, SIGURG));
}

TEST(Signals, are_silent_after_the_watch) {
  Loop loop;
  int heard = 0;
  {
    auto signals = Signals::watch(loop, {SIGWINCH}, [&](int) { ++heard; });
    ASSERT_TRUE(signals);
    Signals moved = std::move(*signals);
    ASSERT_EQ(::raise(SIGWINCH), 0);
  }
  bool over = false;
  const Timer timer = loop.after(Duration::milliseconds(5), [&] { over = true; });
  EXPECT_TRUE(loop.run_until([&] { return over; }));
  EXPECT_EQ(heard, 0);
}

}  // namespace
}  // namespace pawl::net
