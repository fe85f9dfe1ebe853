#include "node/servers/server_processes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::node {
namespace {

using ::testing::HasSubstr;

Deployment::Server that_listens() {
  Deployment::Server server;
  server.command = {"cat"};
  return server;
}

TEST(ServerProcesses, SoManyProcessesAndNoMore) {
  net::Loop loop;
  ServerProcesses starts(loop, {.all = 2});
  std::vector<std::shared_ptr<void>> lives;
  std::vector<std::unique_ptr<mcp::Transport>> transports;
  for (int i = 0; i < 2; ++i) {
    auto process = starts.start("crm", that_listens(), "/");
    ASSERT_TRUE(process) << process.error().message;
    transports.push_back(starts.transport(**process));
    lives.push_back(starts.life(*process));
  }
  const auto third = starts.start("other", that_listens(), "/");
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().fault, ErrorKind::environment);
  EXPECT_THAT(third.error().message, HasSubstr("too many processes of servers"));
  EXPECT_EQ(starts.live(), 2U);
  // One that ends makes room, once it is gone.
  transports.pop_back();
  lives.pop_back();
  EXPECT_TRUE(loop.run_until([&] { return starts.live() < 2; }, Duration::seconds(20)));
  auto next = starts.start("other", that_listens(), "/");
  ASSERT_TRUE(next) << next.error().message;
  lives.push_back(starts.life(*next));
  next->reset();
  transports.clear();
  lives.clear();
  EXPECT_TRUE(loop.run_until([&] { return starts.live() == 0; }, Duration::seconds(20)));
}

TEST(ServerProcesses, OneCallerLeavesTheOthersTheirs) {
  net::Loop loop;
  ServerProcesses starts(loop, {.all = 8, .of_caller = 2});
  std::vector<std::string> refused;
  starts.on_refused([&refused](const ProcessOf& of, const std::string& why) {
    refused.push_back(of.caller + ": " + why);
  });
  std::vector<std::shared_ptr<void>> lives;
  std::vector<std::unique_ptr<mcp::Transport>> transports;
  const auto begin = [&](const std::string& run, const std::string& caller) -> std::string {
    auto process = starts.start("crm", that_listens(), "/", {}, {}, {run, caller});
    if (!process) return process.error().message;
    transports.push_back(starts.transport(**process));
    lives.push_back(starts.life(*process));
    return "";
  };
  EXPECT_EQ(begin("r-1", "eve"), "");
  EXPECT_FALSE(starts.room_for({"r-1", "eve"}, 2));
  EXPECT_TRUE(starts.room_for({"r-1", "eve"}, 1));
  EXPECT_EQ(begin("r-2", "eve"), "");
  // In whichever run.
  EXPECT_THAT(begin("r-3", "eve"), HasSubstr("for this caller: 2, and at most 2 may"));
  EXPECT_THAT(refused, ::testing::ElementsAre(HasSubstr("eve: too many processes"),
                                              HasSubstr("eve: too many processes")));
  EXPECT_EQ(begin("r-4", "bob"), "");
  EXPECT_EQ(begin("", ""), "");  // shared
  // A smaller limit counts from now on, and what ends makes room.
  starts.limit({.all = 8, .of_caller = 1});
  EXPECT_NE(begin("r-4", "bob"), "");
  transports.clear();
  lives.clear();
  EXPECT_TRUE(loop.run_until([&] { return starts.live() == 0; }, Duration::seconds(20)));
  EXPECT_EQ(begin("r-1", "eve"), "");
  transports.clear();
  lives.clear();
  EXPECT_TRUE(loop.run_until([&] { return starts.live() == 0; }, Duration::seconds(20)));
}

TEST(ServerProcesses, WhatEndsAlreadyNeedNotEnd) {
  net::Loop loop;
  ServerProcesses starts(loop, {.all = 8, .of_caller = 4});
  std::vector<std::shared_ptr<void>> lives;
  std::vector<std::unique_ptr<mcp::Transport>> transports;
  for (int i = 0; i < 4; ++i) {
    auto process = starts.start("crm", that_listens(), "/", {}, {}, {"r-1", "eve"});
    ASSERT_TRUE(process) << process.error().message;
    transports.push_back(starts.transport(**process));
    lives.push_back(starts.life(*process));
    EXPECT_EQ(starts.crowding("eve"), i == 3 ? 1U : 0U);
  }
  EXPECT_EQ(starts.lacking({"r-1", "eve"}, 2), 2U);
  EXPECT_EQ(starts.lacking({"r-1", "eve"}, 5), std::nullopt) << "there never is that room";
  EXPECT_EQ(starts.lacking({"r-2", "bob"}, 4), 0U);
  starts.limit({.all = 4, .of_caller = 4});
  EXPECT_EQ(starts.lacking({"r-2", "bob"}, 1), 1U);
  lives.pop_back();
  EXPECT_EQ(starts.live(), 4U);
  EXPECT_EQ(starts.lacking({"r-2", "bob"}, 1), 0U);
  EXPECT_EQ(starts.lacking({"r-1", "eve"}, 2), 1U);
  EXPECT_EQ(starts.crowding("eve"), 0U);
  EXPECT_FALSE(starts.room_for({"r-1", "eve"}, 1)) << "it has not ended yet";
  transports.clear();
  lives.clear();
  EXPECT_TRUE(loop.run_until([&] { return starts.live() == 0; }, Duration::seconds(20)));
}

// A process, with what holds it.
struct Held {
  std::unique_ptr<mcp::Transport> transport;
  std::shared_ptr<void> life;
  bool ended = false;
};

std::unique_ptr<Held> held(net::Loop& loop, ServerProcesses& starts,
                           const Deployment::Server& server,
                           const std::function<void(Held&)>& then) {
  auto process = starts.start("crm", server, "/");
  if (!process) return nullptr;
  auto one = std::make_unique<Held>();
  one->transport = starts.transport(**process);
  one->life = starts.life(*std::move(process));
  mcp::TransportEvents events;
  events.message = [](std::string_view) {};
  events.too_long = [](std::string_view) {};
  events.ended = [held = one.get()] { held->ended = true; };
  one->transport->open(std::move(events));
  then(*one);
  EXPECT_TRUE(loop.run_until([&] { return one->ended; }, Duration::seconds(20)));
  // Its output has ended; so has the program, a moment later.
  (void)loop.run_until([] { return false; }, Duration::milliseconds(200));
  one->life.reset();
  return one;
}

TEST(ServerProcesses, OneThatEndsWhenItIsToldIsStartedAgainAtOnce) {
  net::Loop loop;
  ServerProcesses starts(loop);
  for (int i = 0; i < 2; ++i) {
    const auto one =
        held(loop, starts, that_listens(), [](Held& h) { h.transport->finish_sending(); });
    EXPECT_NE(one, nullptr) << "start " << i;
  }
  EXPECT_TRUE(loop.run_until([&] { return starts.live() == 0; }, Duration::seconds(20)));
}

TEST(ServerProcesses, OneThatEndsByItselfIsNotStartedAgainAtOnce) {
  net::Loop loop;
  ServerProcesses starts(loop);
  Deployment::Server leaves;
  leaves.command = {"true"};
  const auto one = held(loop, starts, leaves, [](Held&) {});
  ASSERT_NE(one, nullptr);
  // That its wire is closed afterwards makes no difference.
  one->transport.reset();
  const auto again = starts.start("crm", leaves, "/");
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("ended right after its start"));
  EXPECT_TRUE(loop.run_until([&] { return starts.live() == 0; }, Duration::seconds(20)));
}

}  // namespace
}  // namespace pawl::node
