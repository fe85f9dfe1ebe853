#include "io/net/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace pawl::net {
namespace {

TEST(WorkQueue, WorksBesideTheLoopInOrderAndTellsOnIt) {
  Loop loop;
  WorkQueue queue(loop);
  const std::thread::id here = std::this_thread::get_id();
  std::vector<int> told;
  std::atomic<bool> beside = true;
  for (int i = 0; i < 3; ++i) {
    queue.add([&] { beside = beside && std::this_thread::get_id() != here; },
              [&, i] {
                EXPECT_EQ(std::this_thread::get_id(), here);
                told.push_back(i);
              });
  }
  EXPECT_TRUE(loop.run_until([&] { return told.size() == 3; }, Duration::seconds(30)));
  EXPECT_EQ(told, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(beside);
}

TEST(WorkQueue, TheLoopGoesOnWhileAPieceTakesLong) {
  Loop loop;
  WorkQueue queue(loop);
  std::atomic<bool> may_end = false;
  bool over = false;
  queue.add(
      [&] {
        while (!may_end) std::this_thread::yield();
      },
      [&] { over = true; });
  bool turned = false;
  loop.post([&] { turned = true; });
  EXPECT_TRUE(loop.run_until([&] { return turned; }, Duration::seconds(30)));
  EXPECT_FALSE(over);
  may_end = true;
  EXPECT_TRUE(loop.run_until([&] { return over; }, Duration::seconds(30)));
}

TEST(WorkQueue, WhatAPieceHoldsIsGoneBeforeItIsTold) {
  Loop loop;
  WorkQueue queue(loop);
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = held;
  bool over = false;
  queue.add([held = std::move(held)] { ++*held; },
            [&] {
              EXPECT_TRUE(seen.expired());
              over = true;
            });
  EXPECT_TRUE(loop.run_until([&] { return over; }, Duration::seconds(30)));
}

TEST(WorkQueue, AtTheEndEverybodyIsTold) {
  Loop loop;
  int told = 0, done = 0;
  std::atomic<int> worked = 0;
  WorkQueue queue(loop);
  for (int i = 0; i < 5; ++i) queue.add([&] { ++worked; }, [&] { ++told; });
  queue.finish();
  EXPECT_EQ(told, 5);
  EXPECT_LE(worked, 5);
  queue.add([&] { FAIL() << "nothing is worked on after the end"; }, [&] { ++done; });
  EXPECT_TRUE(loop.run_until([&] { return done == 1; }, Duration::seconds(30)));
}

}  // namespace
}  // namespace pawl::net
