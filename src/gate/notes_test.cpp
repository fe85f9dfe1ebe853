// Notes: what comes from outside does not crowd out what the node itself has to say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include <crash/gate_fixture.h>

namespace pawl::crash {
namespace {

using ::testing::ElementsAre;

class GateNotes : public GateTest {};

TEST_F(GateNotes, StrangersDoNotSilenceTheNode) {
  for (int i = 0; i < 1000; ++i) {
    world.gate->alerts.note_refusal("identity refused", "token " + std::to_string(i));
  }
  world.gate->alerts.note_refusal("proof refused", "ann");
  ASSERT_TRUE(world.gate->alerts.note({}, "deployment file does not load", "line 3"));
  ASSERT_TRUE(world.gate->alerts.note(world.run, "server line dropped", "x"));
  std::map<std::string, std::vector<std::string>> said;
  const auto read = [&] {
    said.clear();
    for (const Record& record : world.records()) {
      if (const auto* one = std::get_if<Noted>(&record.body)) said[one->topic].push_back(one->text);
    }
  };
  read();
  EXPECT_EQ(said["identity refused"].size(), 32U);
  EXPECT_THAT(said["proof refused"], ElementsAre("ann"));
  EXPECT_EQ(said["deployment file does not load"].size(), 1U);
  world.advance(Duration::seconds(61));
  read();
  ASSERT_EQ(said["identity refused"].size(), 33U) << "the others are one record";
  EXPECT_EQ(said["identity refused"].back(), "968 more, which are only counted");
  EXPECT_EQ(said["proof refused"].size(), 1U);
  world.gate->alerts.note_refusal("identity refused", "another minute");
  read();
  EXPECT_EQ(said["identity refused"].back(), "another minute");
  for (int i = 0; i < 40; ++i) world.gate->alerts.note_refusal("identity refused", "x");
  world.gate->alerts.write_refusals();
  world.gate->alerts.write_refusals();
  read();
  EXPECT_EQ(said["identity refused"].size(), 33U + 32U + 1U);
  EXPECT_EQ(said["identity refused"].back(), "9 more, which are only counted");
  world.advance(Duration::seconds(61));
  read();
  EXPECT_EQ(said["identity refused"].size(), 33U + 32U + 1U) << "none is counted twice";
}

TEST_F(GateNotes, RefusalsThatFindNoRoomAreCountedUntilThereIsSome) {
  world.disk.set_capacity(world.disk.used_bytes());
  for (int i = 0; i < 2000 && world.gate->fault().empty(); ++i) {
    world.call("put_note", R"({"x":")" + std::string(1000, 'y') + R"("})");
  }
  ASSERT_FALSE(world.gate->fault().empty());
  const std::size_t before = world.count("noted");
  for (int i = 0; i < 5; ++i) world.gate->alerts.note_refusal("identity refused", "x");
  world.advance(Duration::seconds(130));
  EXPECT_EQ(world.count("noted"), before);
  world.disk.set_capacity(1ULL << 40);
  world.advance(Duration::seconds(61));
  EXPECT_EQ(world.count("noted"), before + 1);
}

TEST_F(GateNotes, NotesOfRunsThatAreGoneAreNotTheNodes) {
  for (int i = 0; i < 100; ++i) (void)world.gate->alerts.note("r-gone", "answer dropped", "x");
  EXPECT_TRUE(world.gate->alerts.note({}, "keys of runs", "a new key signs"));
}

}  // namespace
}  // namespace pawl::crash
