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

TEST(Loop, runs_posted_work_in_order_and_in_a_later_turn) {
  Loop loop;
  std::vector<int> order;
  loop.post([&] {
    order.push_back(1);
    loop.post([&] {
      order.push_back(3);
      loop.stop();
    });
    order.push_back(2);
  });
  ASSERT_TRUE(loop.run());
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(Loop, a_stop_from_before_counts_and_it_can_run_again) {
  Loop loop;
  loop.stop();
  ASSERT_TRUE(loop.run());
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  ASSERT_TRUE(loop.run());
  EXPECT_TRUE(ran);
}

TEST(Loop, deferred_work_comes_after_everything_that_was_ready) {
  Loop loop;
  std::vector<std::string> order;
  loop.post([&] {
    loop.defer([&] { order.push_back("deferred"); });
    order.push_back("first");
  });
  loop.post([&] { order.push_back("second"); });
  EXPECT_TRUE(loop.run_until([&] { return order.size() == 3; }));
  EXPECT_THAT(order, ElementsAre("first", "second", "deferred"));
}

TEST(Loop, other_threads_post_and_every_piece_of_work_runs_once_on_the_loop) {
  Loop loop;
  constexpr int kThreads = 4, kEach = 5000;
  int count = 0;
  bool elsewhere = false;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        loop.post([&] {
          ++count;
          elsewhere = elsewhere || !loop.in_thread();
        });
      }
    });
  }
  EXPECT_TRUE(loop.run_until([&] { return count == kThreads * kEach; }));
  EXPECT_FALSE(elsewhere);
  EXPECT_FALSE(loop.in_thread());
}

TEST(Loop, another_thread_stops_it) {
  Loop loop;
  std::jthread other([&] { loop.stop(); });
  EXPECT_TRUE(loop.run());
}

TEST(Loop, posted_work_that_never_ran_is_destroyed_with_the_loop) {
  auto token = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([token] {});
    loop.defer([token] {});
    EXPECT_EQ(token.use_count(), 3);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Loop, ignores_broken_pipes_for_the_process) {
  Loop loop;
  struct sigaction now{};
  ASSERT_EQ(::sigaction(SIGPIPE, nullptr, &now), 0);
  EXPECT_NE(now.sa_handler, SIG_DFL);
}

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

class WatchTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = make_pipe();
    ASSERT_TRUE(made);
    pipe = std::move(*made);
  }
  void put() { ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1); }
  void get() {
    char byte = 0;
    ASSERT_EQ(::read(pipe.read.get(), &byte, 1), 1);
  }
  PipePair pipe;
};

TEST_F(WatchTest, tells_readiness_as_long_as_it_lasts) {
  Loop loop;
  int calls = 0;
  auto watch = loop.watch(pipe.read.get(), Interest::read, [&](Ready ready) {
    EXPECT_TRUE(ready.read);
    if (++calls == 3) get();
  });
  ASSERT_TRUE(watch);
  put();
  EXPECT_TRUE(loop.run_until([&] { return calls == 3; }));
  bool later = false;
  const Timer timer = loop.after(Duration::milliseconds(5), [&] { later = true; });
  EXPECT_TRUE(loop.run_until([&] { return later; }));
  EXPECT_EQ(calls, 3);
}

TEST_F(WatchTest, is_silent_with_no_interest_even_after_a_hangup) {
  Loop loop;
  int calls = 0;
  auto watch = loop.watch(pipe.read.get(), Interest::none, [&](Ready) { ++calls; });
  ASSERT_TRUE(watch);
  put();
  pipe.write.reset();
  bool later = false;
  const Timer timer = loop.after(Duration::milliseconds(5), [&] { later = true; });
  EXPECT_TRUE(loop.run_until([&] { return later; }));
  EXPECT_EQ(calls, 0);
  watch->set(Interest::read);
  EXPECT_TRUE(loop.run_until([&] { return calls > 0; }));
}

TEST_F(WatchTest, tells_that_the_reader_is_gone_without_asking_to_write) {
  Loop loop;
  bool gone = false;
  auto watch = loop.watch(pipe.write.get(), Interest::gone, [&](Ready ready) {
    EXPECT_FALSE(ready.write);
    gone = ready.gone;
  });
  ASSERT_TRUE(watch);
  pipe.read.reset();
  EXPECT_TRUE(loop.run_until([&] { return gone; }));
}

TEST_F(WatchTest, may_end_inside_its_callback_and_end_others_that_are_ready_too) {
  Loop loop;
  auto second = make_pipe();
  ASSERT_TRUE(second);
  ASSERT_EQ(::write(second->write.get(), "x", 1), 1);
  put();
  int calls = 0;
  Watch one;
  Watch two;
  const auto end_both = [&](Ready) {
    ++calls;
    one.reset();
    two.reset();
  };
  one = *loop.watch(pipe.read.get(), Interest::read, end_both);
  two = *loop.watch(second->read.get(), Interest::read, end_both);
  bool later = false;
  const Timer timer = loop.after(Duration::milliseconds(5), [&] { later = true; });
  EXPECT_TRUE(loop.run_until([&] { return later; }));
  EXPECT_EQ(calls, 1);
}

TEST_F(WatchTest, may_own_another_watch_that_ends_with_it) {
  Loop loop;
  auto second = make_pipe();
  ASSERT_TRUE(second);
  auto inner =
      std::make_shared<Watch>(*loop.watch(second->read.get(), Interest::read, [](Ready) {}));
  Watch outer = *loop.watch(pipe.read.get(), Interest::read, [inner](Ready) {});
  inner.reset();
  loop.post([&] { outer.reset(); });
  bool later = false;
  const Timer timer = loop.after(Duration::milliseconds(5), [&] { later = true; });
  EXPECT_TRUE(loop.run_until([&] { return later; }));
}

TEST_F(WatchTest, may_outlive_its_loop) {
  Watch watch;
  {
    Loop loop;
    watch = *loop.watch(pipe.read.get(), Interest::read, [](Ready) {});
  }
  watch.set(Interest::both);
  EXPECT_TRUE(watch.active());
}

TEST(Watch, a_regular_file_is_an_error_value) {
  Loop loop;
  const Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const auto watch = loop.watch(file.get(), Interest::read, [](Ready) {});
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().fault, Fault::environment);
}

TEST(Loop, can_be_hosted_by_another_reactor) {
  Loop loop;
  bool ran = false;
  std::jthread other([&] { loop.post([&] { ran = true; }); });
  pollfd queue{.fd = loop.descriptor(), .events = POLLIN, .revents = 0};
  for (int i = 0; i < 1000 && !ran; ++i) {
    if (::poll(&queue, 1, 60'000) > 0) loop.turn();
  }
  EXPECT_TRUE(ran);
}

TEST(Loop, a_hosted_loop_rings_for_work_that_was_left_over) {
  Loop loop;
  int count = 0;
  std::function<void()> work = [&] {
    if (++count < 5) loop.post([&] { work(); });
  };
  loop.post([&] { work(); });
  pollfd queue{.fd = loop.descriptor(), .events = POLLIN, .revents = 0};
  for (int i = 0; i < 1000 && count < 5; ++i) {
    ASSERT_GT(::poll(&queue, 1, 60'000), 0);
    loop.turn();
  }
  EXPECT_EQ(count, 5);
}

}  // namespace
}  // namespace pawl::net
