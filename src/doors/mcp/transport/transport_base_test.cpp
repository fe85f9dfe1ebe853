#include "doors/mcp/transport/transport_base.h"

#include <gtest/gtest.h>

#include <utility>

#include "io/net/loop.h"

namespace pawl::mcp {
namespace {

class PlainTransport final : public TransportOf<PlainTransport> {
 public:
  explicit PlainTransport(net::Loop& l) : TransportOf(l) {}
  bool send(std::string, std::string_view) override { return sending; }
  Task<bool> drained() override { return until_drained(); }
  void finish_sending() override { sending = false; }
  void stop_hearing() override { hearing = false; }
  void arrives(std::string text) { deliver({.text = std::move(text)}); }
  void ends() { tell_end(); }
  void crowds(bool now) { set_crowded(now); }
};

struct HeldTransport {
  net::Loop loop;
  std::shared_ptr<PlainTransport> state = std::make_shared<PlainTransport>(loop);
  std::unique_ptr<Transport> transport = TransportBase::handle(state);
  std::vector<std::string> heard;
  int ends = 0, crowded = 0;

  HeldTransport() {
    transport->open({.message = [this](std::string_view text) { heard.emplace_back(text); },
                     .too_long = {},
                     .crowded = [this](bool) { ++crowded; },
                     .ended = [this] { ++ends; },
                     .failed = {}});
  }
  void turn() {
    loop.post([this] { loop.stop(); });
    loop.run();
  }
};

TEST(TransportBase, WhatWaitsKeepsItsOrder) {
  HeldTransport held;
  held.transport->pause();
  held.state->arrives("1");
  held.transport->resume();
  held.state->arrives("2");  // in the turn in which nothing was taken yet
  EXPECT_TRUE(held.heard.empty());
  held.turn();
  EXPECT_EQ(held.heard, (std::vector<std::string>{"1", "2"}));
}

TEST(TransportBase, NothingIsHeardAfterTheSessionLetGo) {
  HeldTransport held;
  held.transport->pause();
  held.state->arrives("1");
  held.transport->resume();
  held.transport.reset();
  held.state->arrives("2");
  held.turn();
  EXPECT_TRUE(held.heard.empty());
}

TEST(TransportBase, TheEndIsToldOnce) {
  HeldTransport held;
  held.state->ends();
  held.state->ends();
  held.turn();
  EXPECT_EQ(held.ends, 1);
}

TEST(TransportBase, CrowdedIsToldWhenItChanges) {
  HeldTransport held;
  held.state->crowds(true);
  held.state->crowds(true);
  held.state->crowds(false);
  EXPECT_EQ(held.crowded, 2);
}

}  // namespace
}  // namespace pawl::mcp
