// The world of most tests of the gate: one role with a read, a small effect and a call that asks.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crash/gate_world.h"

namespace pawl::crash {

inline constexpr const char* policy = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - {name: put_note, class: reversible small}
    - {name: send_mail, class: irreversible small, requires_approval: true}
approval: {reviewers: [leads]}
)";

class GateTest : public ::testing::Test {
 protected:
  GateTest() : world(policy) {
    world.start();
    world.open();
  }
  const pawl::Run& run() const { return *world.gate->state().run(world.run); }
  // Loads the journal again and compares: the state is what the records say.
  void expect_same_after_restart() {
    world.kill();
    world.start();
    EXPECT_TRUE(world.gate->state().consistent());
  }
  World world;
};

}  // namespace pawl::crash
