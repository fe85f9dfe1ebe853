#include "base/task.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pawl {
namespace {

Task<int> number(int value) {
  co_return value;
}

Task<int> sum(int count) {
  int total = 0;
  for (int i = 1; i <= count; ++i) total = (total + co_await number(i)) % 1'000'000'007;
  co_return total;
}

Task<> store(Task<int> task, int& into) {
  into = co_await std::move(task);
}

TEST(Task, RunsWhenAwaitedAndHandsBackItsValue) {
  int got = 0;
  Task<> waiting = store(sum(100), got);
  EXPECT_EQ(got, 0);
  bool done = false;
  spawn(std::move(waiting), [&done] { done = true; });
  EXPECT_TRUE(done);
  EXPECT_EQ(got, 5'050);
}

TEST(Task, ManyAwaitsInARowNeedNoStack) {
  int got = 0;
  spawn(store(sum(1'000'000), got));
  EXPECT_EQ(got, 496'500);  // 500000500000 modulo 1000000007
}

struct Tracker {
  std::vector<std::string>* log;
  std::string name;
  ~Tracker() {
    if (log != nullptr) log->push_back(name);
  }
};

Task<> wait_for(Completion<std::string> answer, std::vector<std::string>& log) {
  const Tracker promise{&log, "promise kept"};
  std::string text = co_await answer;
  log.push_back("got " + text);
}

TEST(Completion, ResumesWhoWaits) {
  std::vector<std::string> log;
  Completion<std::string> answer;
  spawn(wait_for(answer, log));
  EXPECT_TRUE(log.empty());
  EXPECT_TRUE(answer.deliver("yes"));
  EXPECT_EQ(log, (std::vector<std::string>{"got yes", "promise kept"}));
  EXPECT_FALSE(answer.deliver("again"));
  EXPECT_TRUE(answer.delivered());
}

TEST(Completion, WhatCameBeforeIsNotWaitedFor) {
  std::vector<std::string> log;
  Completion<std::string> answer;
  EXPECT_TRUE(answer.deliver("early"));
  EXPECT_FALSE(answer.deliver("late"));
  spawn(wait_for(answer, log));
  EXPECT_EQ(log, (std::vector<std::string>{"got early", "promise kept"}));
  EXPECT_FALSE(answer.deliver("later"));
}

// Runs a task by hand, so that the test can drop it while it waits.
struct Driver {
  struct promise_type {
    Driver get_return_object() {
      return Driver{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Driver drive(Task<> task) {
  co_await task;
}

TEST(Task, DroppingOneThatWaitsKeepsItsPromises) {
  std::vector<std::string> log;
  Completion<std::string> answer;
  Driver driver = drive(wait_for(answer, log));
  EXPECT_TRUE(log.empty());
  driver.handle.destroy();
  EXPECT_EQ(log, std::vector<std::string>{"promise kept"});
  EXPECT_TRUE(answer.deliver("too late"));  // no coroutine is resumed
  EXPECT_EQ(log.size(), 1U);
}

enum class Verdict : std::uint8_t { allow, deny };
Task<Verdict> verdict(bool good) {
  co_return good ? Verdict::allow : Verdict::deny;
}

Task<> switching(bool good, std::string& out) {
  switch (co_await verdict(good)) {
    case Verdict::allow:
      out = "allow";
      break;
    case Verdict::deny:
      out = "deny";
      break;
  }
}

// The construct that some compilers get wrong.
TEST(Task, ASwitchOverAnAwaitedValueRunsItsBody) {
  std::string out;
  spawn(switching(true, out));
  EXPECT_EQ(out, "allow");
  spawn(switching(false, out));
  EXPECT_EQ(out, "deny");
}

}  // namespace
}  // namespace pawl
