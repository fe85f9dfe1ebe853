// Where values come from, and what a task takes away: what the gate keeps of a run for that, and
// what is left of it after a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_fixture.h>

namespace pawl::crash {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kRole = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: read_record, class: read_only}
    - {name: read_inbox, class: read_only, source: untrusted}
    - {name: read_scoped, class: read_only, scope: [name]}
    - name: put_note
      class: reversible small
      args:
        to: {from: [user, {result: read_record.mail}, {result: read_scoped.mail}], else: hold}
approval: {reviewers: [leads]}
)";

class GateOrigin : public ::testing::Test {
 protected:
  GateOrigin() : world(kRole) {
    world.start();
    world.open();
  }
  Result<std::string> open(const std::string& key, const std::string& task) {
    auto run = world.gate->runs.open({.key = key,
                                      .sponsor = "sam",
                                      .client = "test",
                                      .policy = world.load(kRole),
                                      .task = task,
                                      .task_file = "task.yaml"});
    if (run) world.run = *run;
    return run;
  }
  Settled read(const std::string& tool, const std::string& json) {
    world.server.result = R"({"structuredContent":)" + json + R"(,"content":[]})";
    return world.call(tool);
  }
  // The kind of answer to a note for that person; a question is left alone.
  Settled::Kind note(const std::string& to) {
    Asked& asked = world.ask("put_note", R"({"to":")" + to + R"("})");
    world.settle();
    if (!asked.done()) {
      asked.leave();
      world.settle();
      return Settled::Kind::pending;
    }
    return asked.reply->kind;
  }
  std::string last_facts() {
    std::string facts;
    for (const Record& record : world.records()) {
      if (const auto* decided = std::get_if<CallDecided>(&record.body)) facts = decided->facts;
    }
    return facts;
  }
  World world;
};

TEST_F(GateOrigin, AFieldOfAnEarlierResultLetsAValuePass) {
  EXPECT_EQ(note("fay@a.example"), Settled::Kind::pending);
  EXPECT_EQ(read("read_record", R"({"mail":"dora@a.example"})").kind, Settled::Kind::result);
  EXPECT_EQ(note("dora@a.example"), Settled::Kind::result);
  EXPECT_THAT(last_facts(), HasSubstr(R"("source":"read_record.mail")"));
  EXPECT_THAT(last_facts(), HasSubstr(R"("pointer":"/to")"));
  EXPECT_EQ(note("eve@a.example"), Settled::Kind::pending);
}

TEST_F(GateOrigin, WhatStrangersWriteAndWhatWasWithheldIsNoOrigin) {
  EXPECT_EQ(read("read_inbox", R"({"mail":"x@evil.example"})").kind, Settled::Kind::result);
  EXPECT_EQ(read("read_scoped", R"({"name":"n","mail":"x@evil.example"})").kind,
            Settled::Kind::result);
  EXPECT_EQ(note("x@evil.example"), Settled::Kind::pending);
}

TEST_F(GateOrigin, AnotherRunsResultsAreNotThisRuns) {
  read("read_record", R"({"mail":"dora@a.example"})");
  ASSERT_TRUE(open("other", ""));
  EXPECT_EQ(note("dora@a.example"), Settled::Kind::pending);
}

TEST_F(GateOrigin, ResultsOfBeforeACrashAreReadAgainOrNowhere) {
  read("read_record", R"({"mail":"dora@a.example"})");
  EXPECT_EQ(note("dora@a.example"), Settled::Kind::result);
  world.kill();
  world.start();
  ASSERT_TRUE(open("key", ""));
  EXPECT_EQ(note("dora@a.example"), Settled::Kind::pending);
  read("read_record", R"({"mail":["dora@a.example","fay@a.example"]})");
  EXPECT_EQ(note("fay@a.example"), Settled::Kind::result);
}

TEST_F(GateOrigin, TheWordsOfATaskCountAndStayAfterACrash) {
  const std::string task = "text: write to dora@a.example\n";
  ASSERT_TRUE(open("task", task));
  EXPECT_EQ(note("dora@a.example"), Settled::Kind::result);
  EXPECT_THAT(last_facts(), HasSubstr(R"("source":"user")"));
  EXPECT_EQ(note("eve@a.example"), Settled::Kind::pending);
  const std::string run = world.run;
  world.kill();
  world.start();
  const auto again = open("task", "");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, run);
  EXPECT_EQ(note("dora@a.example"), Settled::Kind::result);
  std::string recorded;
  for (const Record& record : world.records()) {
    if (const auto* opened = std::get_if<RunOpened>(&record.body)) recorded = opened->task;
  }
  EXPECT_EQ(recorded, to_string(sha256(task)));
}

TEST_F(GateOrigin, ARunGetsItsTaskWhenItIsOpenedAndKeepsIt) {  // O03
  EXPECT_FALSE(open("key", "text: pay mallory@c.example\n")) << "the run has no task";
  ASSERT_TRUE(open("task", "text: write to dora@a.example\n"));
  EXPECT_FALSE(open("task", "text: pay mallory@c.example\n"));
  EXPECT_TRUE(open("task", "text: write to dora@a.example\n"));
  EXPECT_TRUE(open("task", "")) << "a second server of the same client";
  EXPECT_EQ(note("dora@a.example"), Settled::Kind::result);
}

TEST_F(GateOrigin, ATaskTakesToolsAwayAndAStricterRoleKeepsThemAway) {
  ASSERT_TRUE(open("task", "tools: [read_record]\nexecution: {max_steps: 3}\n"));
  EXPECT_EQ(world.call("read_inbox").code, Code::not_granted);
  EXPECT_EQ(world.call("read_record").kind, Settled::Kind::result);
  std::string stricter(kRole);
  stricter += "execution: {max_steps: 2}\n";
  const std::string narrow = world.run;
  EXPECT_THAT(world.gate->policies.offer_policy(world.load(stricter)), ::testing::Contains(narrow));
  EXPECT_EQ(world.call("read_inbox").code, Code::ceiling);
  EXPECT_FALSE(open("wrong", "tools: [drop_database]\n")) << "a task never grants more";
}

TEST_F(GateOrigin, ARunWithATaskLeavesTheAcceptedPolicyAlone) {
  ASSERT_TRUE(open("task", "tools: [read_record]\n"));
  const auto without = open("without", "");
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_EQ(note("dora@a.example"), Settled::Kind::pending);
  EXPECT_TRUE(world.gate->policies.waiting_policies().empty());
}

}  // namespace
}  // namespace pawl::crash
