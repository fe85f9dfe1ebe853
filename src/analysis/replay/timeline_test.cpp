// What a timeline says besides verdicts: the words of people and agents, and arguments.
#include <gtest/gtest.h>

#include "analysis/replay/recorded_world_test.h"

namespace pawl {
namespace {

TEST(Timeline, TellsWhatPeopleAndTheAgentSaid) {
  replaying::World world;
  world.held();
  world.append(ApprovalAsked{"a-1", "bob", "which customer?", "test"});
  const std::string words = world.keep("the one of \x1b[2J yesterday");
  world.append(ApprovalReplied{"a-1", words});
  world.append(ApprovalPassed{"a-1", "bob", "eve", "her customer", "test"});
  const auto last = [&world](std::size_t before_end) {
    const Replay replay = world.replay();
    return replay.timeline.at(replay.timeline.size() - before_end).entry;
  };
  EXPECT_EQ(last(3).reason, "which customer?");
  EXPECT_EQ(last(2).verdict, "replies");
  EXPECT_EQ(last(2).who, "files");
  EXPECT_EQ(last(2).reason, "in its own words: the one of \x1b[2J yesterday")
      << "as it said it: the page that shows it escapes it";
  EXPECT_EQ(last(1).reason, "to eve: her customer");
  world.payloads[words] = "ERASED";
  EXPECT_EQ(last(2).reason, "the text of its words is erased");
}

TEST(Timeline, ATextThatCouldBeMoreThanOneArgumentStandsInQuotes) {
  replaying::World world;
  const auto told = [&world](const std::string& arguments) {
    CallDecided d = world.look("read_file", arguments);
    d.call = "c-" + std::to_string(world.records.size());
    world.append(d);
    if (d.effect != "deny") world.append(replaying::completed(d.call));
    for (const TimelineStep& step : world.replay().timeline) {
      if (step.entry.call == d.call) return step.entry.arguments;
    }
    return std::string("no such call");
  };
  EXPECT_EQ(told(R"({"path":"/srv/a b.txt"})"), R"(path: "/srv/a b.txt")");
  EXPECT_EQ(told(R"({"path":"/srv/a, mode: rw"})"), R"(path: "/srv/a, mode: rw")");
  EXPECT_EQ(told(R"({"path":"/srv/\"","n":1})"), R"(n: 1, path: "/srv/\"")");
}

}  // namespace
}  // namespace pawl
