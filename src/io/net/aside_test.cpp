#include "io/net/aside.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace pawl::net {
namespace {

using testing::ElementsAre;

struct Asked {
  Loop loop;
  Aside aside{loop, 2};
  std::vector<Aside::Ran> ends;
  std::string done;  // letters, in the order in which they were written

  Task<void> write(char letter) {
    const auto on = std::make_shared<std::thread::id>();
    const Aside::Ran ran = co_await aside.run([on] { *on = std::this_thread::get_id(); });
    ends.push_back(ran);
    if (ran != Aside::Ran::yes) co_return;
    EXPECT_NE(*on, std::this_thread::get_id());
    EXPECT_NE(*on, std::thread::id());
    done += letter;
  }
};

TEST(Aside, OneAfterAnotherAndNoneBeyondTheBound) {
  Asked asked;
  for (const char letter : std::string("abcd")) spawn(asked.write(letter));
  EXPECT_THAT(asked.ends, ElementsAre(Aside::Ran::crowded)) << "one runs, two wait";
  ASSERT_TRUE(asked.loop.run_until([&] { return asked.ends.size() == 4; }));
  EXPECT_EQ(asked.done, "abc");
  spawn(asked.write('e'));
  ASSERT_TRUE(asked.loop.run_until([&] { return asked.ends.size() == 5; }));
  EXPECT_EQ(asked.done, "abce");
}

Task<void> hold(Aside& aside, std::shared_ptr<int> held, bool& alone) {
  const std::weak_ptr<int> watched = held;
  (void)co_await aside.run([mine = std::move(held)] { ++*mine; });
  alone = watched.expired();
}

TEST(Aside, WhatTheWorkHoldsIsGoneBeforeItsAnswer) {
  Loop loop;
  Aside aside(loop, 1);
  bool alone = false, over = false;
  spawn(hold(aside, std::make_shared<int>(1), alone), [&] { over = true; });
  ASSERT_TRUE(loop.run_until([&] { return over; }));
  EXPECT_TRUE(alone);
}

TEST(Aside, TheEndAnswersThoseWhoWaitAndThoseWhoCome) {
  Asked asked;
  for (const char letter : std::string("abc")) spawn(asked.write(letter));
  asked.aside.finish();
  EXPECT_THAT(asked.ends, ElementsAre(Aside::Ran::over, Aside::Ran::over, Aside::Ran::over));
  spawn(asked.write('d'));
  EXPECT_EQ(asked.ends.back(), Aside::Ran::over);
  asked.loop.turn();
  EXPECT_EQ(asked.done, "");
}

// Its turn has come, and the loop has not told it yet.
TEST(Aside, TheEndAnswersTheNextInLine) {
  Asked asked;
  for (const char letter : std::string("ab")) spawn(asked.write(letter));
  ASSERT_TRUE(asked.loop.run_until([&] { return asked.ends.size() == 1; }));
  asked.aside.finish();
  EXPECT_THAT(asked.ends, ElementsAre(Aside::Ran::yes, Aside::Ran::over));
  asked.loop.turn();
  EXPECT_EQ(asked.done, "a");
}

}  // namespace
}  // namespace pawl::net
