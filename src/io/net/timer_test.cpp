#include "io/net/loop.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "io/net/fd.h"
#include "io/net/timer_heap.h"

namespace pawl::net {
namespace {

using testing::ElementsAre;

TEST(Timers, fire_in_order_of_deadline_not_of_entry_and_never_early) {
  Loop loop;
  const Duration start = loop.now();
  std::vector<int> order;
  std::optional<Duration> first;
  const Timer c = loop.after(Duration::milliseconds(30), [&] { order.push_back(3); });
  const Timer a = loop.after(Duration::milliseconds(10), [&] {
    order.push_back(1);
    first = loop.now();
  });
  const Timer b = loop.after(Duration::milliseconds(20), [&] { order.push_back(2); });
  EXPECT_EQ(loop.pending_timers(), 3U);
  EXPECT_TRUE(loop.run_until([&] { return order.size() == 3; }));
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
  EXPECT_GE(first->ns - start.ns, Duration::milliseconds(10).ns);
  EXPECT_FALSE(a.pending());
}

TEST(Timers, equal_deadlines_keep_their_order_of_entry) {
  Loop loop;
  std::vector<int> order;
  std::vector<Timer> timers;
  timers.reserve(20);
  const Duration when = loop.now() + Duration::milliseconds(5);
  for (int i = 0; i < 20; ++i) timers.push_back(loop.at(when, [&order, i] { order.push_back(i); }));
  EXPECT_TRUE(loop.run_until([&] { return order.size() == 20; }));
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(Timers, a_cancelled_one_never_fires) {
  Loop loop;
  bool fired = false;
  Timer cancelled = loop.after(Duration::milliseconds(1), [&] { fired = true; });
  {
    const Timer dropped = loop.after(Duration::milliseconds(1), [&] { fired = true; });
  }
  cancelled.reset();
  bool later = false;
  const Timer other = loop.after(Duration::milliseconds(10), [&] { later = true; });
  EXPECT_TRUE(loop.run_until([&] { return later; }));
  EXPECT_FALSE(fired);
}

TEST(Timers, zero_and_negative_delays_mean_the_next_turn) {
  Loop loop;
  int fired = 0;
  const Timer a = loop.after(Duration{0}, [&] { ++fired; });
  const Timer b = loop.after(Duration::seconds(-5), [&] { ++fired; });
  const Timer c = loop.at(Duration{-1}, [&] { ++fired; });
  EXPECT_EQ(fired, 0);
  EXPECT_TRUE(loop.run_until([&] { return fired == 3; }));
}

TEST(Timers, the_longest_duration_does_not_overflow) {
  Loop loop;
  bool fired = false;
  const Timer never =
      loop.after(Duration{std::numeric_limits<std::int64_t>::max()}, [&] { fired = true; });
  bool done = false;
  const Timer soon = loop.after(Duration::milliseconds(5), [&] { done = true; });
  EXPECT_TRUE(loop.run_until([&] { return done; }));
  EXPECT_FALSE(fired);
  EXPECT_TRUE(never.pending());
}

TEST(Timers, may_destroy_themselves_and_each_other_while_firing) {
  Loop loop;
  std::optional<Timer> self;
  std::optional<Timer> victim;
  bool fired = false;
  bool victim_fired = false;
  const Duration when = loop.now() + Duration::milliseconds(2);
  self = loop.at(when, [&] {
    self.reset();
    victim.reset();
    fired = true;
  });
  victim = loop.at(when, [&] { victim_fired = true; });
  EXPECT_TRUE(loop.run_until([&] { return fired; }));
  bool later = false;
  const Timer other = loop.after(Duration::milliseconds(5), [&] { later = true; });
  EXPECT_TRUE(loop.run_until([&] { return later; }));
  EXPECT_FALSE(victim_fired);
}

TEST(Timers, one_that_renews_itself_does_not_starve_the_loop) {
  Loop loop;
  Timer again;
  int fired = 0;
  bool posted = false;
  std::function<void()> renew = [&] {
    ++fired;
    again = loop.after(Duration{0}, [&] { renew(); });
  };
  renew();
  loop.post([&] { posted = true; });
  EXPECT_TRUE(loop.run_until([&] { return posted && fired > 100; }));
}

TEST(Timers, may_outlive_their_loop) {
  Timer timer;
  {
    Loop loop;
    timer = loop.after(Duration::seconds(1), [] {});
  }
  EXPECT_FALSE(timer.pending());
}

TEST(Timers, a_hundred_thousand_are_cheap_and_none_is_lost) {
  Loop loop;
  constexpr std::size_t kMany = 100'000;
  std::mt19937 random(7);
  std::vector<Timer> timers;
  std::size_t fired = 0;
  for (std::size_t i = 0; i < kMany; ++i) {
    const auto ms = static_cast<std::int64_t>(random() % 20);
    timers.push_back(loop.after(Duration::milliseconds(ms), [&fired] { ++fired; }));
  }
  for (std::size_t i = 0; i < kMany; i += 2) timers[i].reset();
  EXPECT_EQ(loop.pending_timers(), kMany / 2);
  EXPECT_TRUE(loop.run_until([&] { return fired == kMany / 2; }));
}

TEST(TimerHeap, gives_back_what_was_put_in_sorted_after_random_removals) {
  using loop_detail::TimerNode;
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    loop_detail::TimerHeap heap;
    std::vector<std::unique_ptr<TimerNode>> nodes;
    const std::size_t count = random() % 60;
    for (std::size_t i = 0; i < count; ++i) {
      nodes.push_back(std::make_unique<TimerNode>());
      nodes.back()->deadline_ns = random() % 20;
      nodes.back()->entry = i;
      heap.add(nodes.back().get());
    }
    std::size_t left = count;
    for (auto& node : nodes) {
      if (random() % 3 != 0) continue;
      heap.remove(node.get());
      --left;
    }
    std::pair<std::int64_t, std::uint64_t> last{-1, 0};
    while (!heap.empty()) {
      TimerNode* next = heap.earliest();
      const std::pair key(next->deadline_ns, next->entry);
      EXPECT_LT(last, key);
      last = key;
      heap.remove(next);
      --left;
    }
    EXPECT_EQ(left, 0U);
  }
}

TEST(Sleep, resumes_the_coroutine_after_the_delay) {
  Loop loop;
  bool done = false;
  const Duration start = loop.now();
  const auto nap = [](Loop& l) -> Task<void> {
    co_await l.sleep(Duration::milliseconds(5));
    co_await l.sleep(Duration::milliseconds(5));
  };
  spawn(nap(loop), [&] { done = true; });
  EXPECT_TRUE(loop.run_until([&] { return done; }));
  EXPECT_GE(loop.now().ns - start.ns, Duration::milliseconds(10).ns);
}

TEST(Sleep, a_destroyed_task_takes_its_timer_with_it) {
  Loop loop;
  {
    auto nap = loop.sleep(Duration::seconds(100));
    EXPECT_FALSE(nap.await_ready());
    nap.await_suspend(std::noop_coroutine()).resume();
    EXPECT_EQ(loop.pending_timers(), 1U);
  }
  EXPECT_EQ(loop.pending_timers(), 0U);
}

}  // namespace
}  // namespace pawl::net
