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
  threads.reserve(kThreads);
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

class WatchTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = make_pipe();
    ASSERT_TRUE(made);
    pipe = std::move(*made);
  }
  void put() const { ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1); }
  void get() const {
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
  EXPECT_EQ(watch.error().fault, ErrorKind::environment);
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
