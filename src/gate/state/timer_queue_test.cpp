#include "gate/state/timer_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pawl {
namespace {

using ::testing::ElementsAre;

// One timer at a time, as the queue promises.
struct OneTimer final : Clock, Executor {
  Instant now() override { return {}; }
  Duration boot() override { return time; }
  Duration drift() override { return {}; }
  void post(std::function<void()>) override { FAIL() << "the queue posts nothing"; }
  std::shared_ptr<void> after(Duration delay, std::function<void()> work) override {
    std::shared_ptr<void> token = std::make_shared<char>();
    timers[time.ns + delay.ns] = {token, std::move(work)};
    ++armed;
    return token;
  }
  void advance_to(std::int64_t at) {
    while (!timers.empty() && timers.begin()->first <= at) {
      time.ns = std::max(time.ns, timers.begin()->first);
      const auto [token, work] = std::move(timers.begin()->second);
      timers.erase(timers.begin());
      if (!token.expired()) work();
    }
    time.ns = at;
  }

  Duration time{100};
  std::map<std::int64_t, std::pair<std::weak_ptr<void>, std::function<void()>>> timers;
  int armed = 0;
};

struct TimerQueueTest : ::testing::Test {
  OneTimer world;
  std::vector<std::string> seen;
  TimerQueue timers{world, world};
  TimerQueue::Callback see = [this](const std::string& subject) { seen.push_back(subject); };
};

TEST_F(TimerQueueTest, CallbacksComeInTheOrderOfTheirTimes) {
  timers.at(Duration{300}, "c", see);
  timers.at(Duration{150}, "a", see);
  timers.at(Duration{200}, "b", see);
  timers.at(Duration{400}, "d", see);
  world.advance_to(149);
  EXPECT_TRUE(seen.empty());
  world.advance_to(350);
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_EQ(timers.size(), 1U);
  world.advance_to(1000);
  EXPECT_THAT(seen, ElementsAre("a", "b", "c", "d"));
}

TEST_F(TimerQueueTest, WhatIsDueAlreadyComesAtTheNextTurn) {
  timers.at(Duration{50}, "late", see);
  EXPECT_TRUE(seen.empty()) << "never from within `at`";
  world.advance_to(100);
  EXPECT_THAT(seen, ElementsAre("late"));
}

TEST_F(TimerQueueTest, ManyErrandsShareOneTimer) {
  for (int i = 0; i < 1000; ++i) timers.at(Duration{200 + i}, "x", see);
  EXPECT_EQ(world.armed, 1);
  world.advance_to(5000);
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(TimerQueue, ACallbackMayAddCallbacks) {
  OneTimer world;
  int runs = 0;
  TimerQueue timers{world, world};
  TimerQueue::Callback again = [&](const std::string& subject) {
    if (++runs < 5) timers.at(world.boot() + Duration{10}, subject, again);
  };
  timers.at(Duration{110}, "a", again);
  world.advance_to(1000);
  EXPECT_EQ(runs, 5);
}

}  // namespace
}  // namespace pawl
