#include "app/served.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::app {
namespace {

using ::testing::HasSubstr;

Deployment::Server that_listens() {
  Deployment::Server server;
  server.command = {"cat"};
  return server;
}

TEST(ServerStarts, SoManyProcessesAndNoMore) {
  net::Loop loop;
  ServerStarts starts(loop, 2);
  std::vector<std::shared_ptr<void>> lives;
  std::vector<std::unique_ptr<mcp::Wire>> wires;
  for (int i = 0; i < 2; ++i) {
    auto process = starts.start("crm", that_listens(), "/");
    ASSERT_TRUE(process) << process.error().message;
    wires.push_back(starts.wire(**process));
    lives.push_back(starts.life(*process));
  }
  const auto third = starts.start("other", that_listens(), "/");
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().fault, Fault::environment);
  EXPECT_THAT(third.error().message, HasSubstr("too many processes of servers"));
  EXPECT_EQ(starts.live(), 2U);
  // One that ends makes room, once it is gone.
  wires.pop_back();
  lives.pop_back();
  EXPECT_TRUE(loop.run_until([&] { return starts.live() < 2; }, Duration::seconds(20)));
  auto next = starts.start("other", that_listens(), "/");
  ASSERT_TRUE(next) << next.error().message;
  lives.push_back(starts.life(*next));
  next->reset();
  wires.clear();
  lives.clear();
  EXPECT_TRUE(loop.run_until([&] { return starts.live() == 0; }, Duration::seconds(20)));
}

}  // namespace
}  // namespace pawl::app
