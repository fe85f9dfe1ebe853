// A part of a run: the gate asks it before the policy, and charges it with what it charges the run.
#include <set>

#include <crash/gate_fixture.h>
#include "gate/state/sub_run.h"
#include "model/access.h"

namespace pawl::crash {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// One that a test says everything about.
struct SomePart final : SubRunLimits {
  const std::string& name() const override { return called; }
  bool over() const override { return ended; }
  bool covers(std::string_view, std::string_view tool) const override {
    return !ended && tools.contains(tool);
  }
  std::string spent() const override {
    return steps < steps_max ? "" : "all of its steps are used";
  }
  void charge_step() override { ++steps; }
  void charge_denial() override { ++denials; }
  bool counts_records() const override { return records_max.has_value(); }
  std::string no_room(const SubRunUse& use) const override {
    if (used.calls + use.calls > calls_max) return "all of its calls are used";
    const bool fits = !records_max || used.records + use.records <= *records_max;
    return fits ? "" : "all of its records are used";
  }
  void take(const SubRunUse& use) override {
    EXPECT_EQ(no_room(use), "");
    used.calls += use.calls;
    used.records += use.records;
  }
  void give_back(const SubRunUse& use) override {
    used.calls -= use.calls;
    used.records -= use.records;
  }
  void charge_records(std::uint64_t more) override { used.records += more; }

  std::string called = "sub-run s-1 of reader";
  std::set<std::string, std::less<>> tools = {"read_note", "put_note", "send_mail"};
  std::uint64_t steps = 0, denials = 0, steps_max = 100;
  SubRunUse used;
  std::uint64_t calls_max = 100;
  std::optional<std::uint64_t> records_max;
  bool ended = false;
};

class GatePart : public GateTest {
 protected:
  Asked& ask(const std::string& tool, const std::string& arguments = "{}") {
    return world.ask(
        Asked::Wanted{.run = world.run, .tool = tool, .arguments = arguments, .part = part});
  }
  Settled call(const std::string& tool) {
    Asked& asked = ask(tool);
    world.settle();
    EXPECT_TRUE(asked.done());
    return asked.done() ? *asked.reply : Settled{};
  }
  CallDecided last_decision() {
    CallDecided last;
    for (const Record& record : world.records()) {
      if (const auto* one = std::get_if<CallDecided>(&record.body)) last = *one;
    }
    return last;
  }
  std::shared_ptr<SomePart> part = std::make_shared<SomePart>();
};

TEST_F(GatePart, WhatItHasIsDecidedByThePolicyAndChargedToBoth) {
  EXPECT_EQ(call("put_note").kind, Settled::Kind::result);
  EXPECT_EQ(part->steps, 1U);
  EXPECT_EQ(part->denials, 0U);
  EXPECT_EQ(run().steps.total(), 1U);
  EXPECT_EQ(last_decision().call_note, "sub-run s-1 of reader");
  part->tools.insert("drop_table");
  EXPECT_EQ(call("drop_table").code, Code::not_granted) << "it permits nothing";
  EXPECT_EQ(part->steps, 2U);
  EXPECT_EQ(part->denials, 1U);
  EXPECT_EQ(run().denials.total(), 1U);
}

TEST_F(GatePart, WhatItWasNotGivenIsRefusedWhateverThePolicySays) {
  part->tools = {"put_note"};
  const Settled refused = call("read_note");
  EXPECT_EQ(refused.code, Code::not_granted);
  EXPECT_THAT(refused.text, HasSubstr("the sub-run has no such tool"));
  EXPECT_EQ(world.server.executed.size(), 0U);
  EXPECT_EQ(part->steps, 1U);
  EXPECT_EQ(part->denials, 1U);
  EXPECT_EQ(run().denials.total(), 1U);
  EXPECT_THAT(last_decision().call_note, StartsWith("sub-run s-1"));
  // Asking for access to it is asking for it.
  EXPECT_THAT(call(access_name("read_note")).text, HasSubstr("the sub-run has no such tool"));
  expect_same_after_restart();
}

TEST_F(GatePart, ALimitLeavesNoRoomAndAHeldCallNeedsNone) {
  part->steps_max = 1;
  Asked& held = ask("send_mail", R"({"to":"a"})");
  world.settle();
  const std::string approval = held.approval;
  ASSERT_FALSE(approval.empty());
  EXPECT_EQ(part->steps, 1U);
  EXPECT_EQ(call("read_note").code, Code::ceiling);
  EXPECT_EQ(part->steps, 2U);
  // Coming back for what was held costs nothing.
  held.leave();
  world.settle();
  Asked& back = ask("send_mail", R"({"to":"a"})");
  world.settle();
  EXPECT_EQ(back.approval, approval);
  EXPECT_EQ(part->steps, 2U);
  ASSERT_TRUE(world.approve(approval));
  world.settle();
  ASSERT_TRUE(back.done());
  EXPECT_EQ(back.reply->kind, Settled::Kind::result);
  EXPECT_EQ(part->denials, 1U);
}

TEST_F(GatePart, OneThatEndedGetsNothingAlsoNotWhatWasApproved) {
  Asked& held = ask("send_mail", R"({"to":"a"})");
  world.settle();
  part->ended = true;
  ASSERT_TRUE(world.approve(held.approval));
  world.settle();
  ASSERT_TRUE(held.done());
  EXPECT_EQ(held.reply->code, Code::not_granted);
  EXPECT_THAT(held.reply->text, HasSubstr("the sub-run is over"));
  EXPECT_EQ(world.server.executed.size(), 0U);
  EXPECT_THAT(call("read_note").text, HasSubstr("the sub-run is over"));
  // The run's own answer is still there for the run.
  Asked& own = world.ask("send_mail", R"({"to":"a"})");
  world.settle();
  ASSERT_TRUE(own.done());
  EXPECT_EQ(own.reply->kind, Settled::Kind::result);
  expect_same_after_restart();
}

TEST_F(GatePart, OneThatEndsWhileTheDecisionIsSyncedSendsNothing) {
  world.sync.held = true;
  Asked& asked = ask("put_note");
  world.settle();
  ASSERT_FALSE(asked.done());
  part->ended = true;
  world.sync.held = false;
  world.sync.run();
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_THAT(asked.reply->text, HasSubstr("the sub-run ended meanwhile"));
  EXPECT_EQ(world.server.executed.size(), 0U);
}

TEST_F(GatePart, WhatNeverBecameACallIsChargedToItToo) {
  const Settled refused = world.gate->calls.refuse(world.run, Code::ambiguous_request, "message",
                                                   "it cannot be read", part.get());
  EXPECT_EQ(refused.code, Code::ambiguous_request);
  EXPECT_EQ(part->steps, 1U);
  EXPECT_EQ(part->denials, 1U);
  EXPECT_EQ(run().denials.total(), 1U);
  EXPECT_THAT(last_decision().call_note, StartsWith("sub-run s-1"));
}

TEST_F(GatePart, CallsThatAreExecutedAreTakenBeforeTheyAreSent) {
  part->calls_max = 2;
  world.server.answers = false;
  for (int i = 0; i < 5; ++i) ask("read_note");
  world.settle();
  EXPECT_EQ(world.server.executed.size(), 2U) << "of those at the same time too";
  EXPECT_EQ(part->used.calls, 2U);
  EXPECT_EQ(part->denials, 3U);
  EXPECT_EQ(run().denials.total(), 3U);
  EXPECT_EQ(run().steps.total(), 5U);
  EXPECT_EQ(last_decision().code, "ceiling");
  EXPECT_THAT(last_decision().reason, HasSubstr("all of its calls are used"));
  while (!world.server.waiting.empty()) {
    world.server.answer({Outcome::Kind::error, R"({"code":1,"message":"no"})", {}});
  }
  world.settle();
  EXPECT_EQ(part->used.calls, 2U) << "what was sent was executed, however it ended";
  EXPECT_EQ(call("drop_table").code, Code::not_granted) << "what is refused takes none";
  expect_same_after_restart();
}

TEST_F(GatePart, ACallThatIsNotSentGivesBackWhatItTook) {
  world.sync.held = true;
  Asked& asked = ask("put_note");
  world.settle();
  EXPECT_EQ(part->used.calls, 1U);
  ASSERT_TRUE(world.gate->kill_switch.kill("tool", "put_note", "ann", "test"));
  world.sync.held = false;
  world.sync.run();
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->code, Code::killed);
  EXPECT_EQ(part->used.calls, 0U);
}

TEST_F(GatePart, PeopleAreNotAskedForACallThatHasNoRoom) {
  part->calls_max = 1;
  Asked& held = ask("send_mail", R"({"to":"a"})");
  world.settle();
  ASSERT_FALSE(held.approval.empty());
  EXPECT_EQ(part->used.calls, 0U) << "a hold takes nothing";
  EXPECT_EQ(call("read_note").kind, Settled::Kind::result);
  Asked& other = ask("send_mail", R"({"to":"b"})");
  world.settle();
  ASSERT_TRUE(other.done());
  EXPECT_EQ(other.reply->code, Code::ceiling);
  EXPECT_EQ(world.count("approval.opened"), 1U);
  ASSERT_TRUE(world.approve(held.approval));
  world.settle();
  ASSERT_TRUE(held.done());
  EXPECT_EQ(held.reply->code, Code::ceiling) << "another call took the last one meanwhile";
  EXPECT_EQ(world.server.count("send_mail"), 0U);
  EXPECT_EQ(std::get<CallEnded>(world.records().back().body).outcome, "aborted");
  EXPECT_EQ(run().live, 0U);
  expect_same_after_restart();
}

TEST_F(GatePart, RecordsAreCountedWhateverThePolicyCounts) {
  part->records_max = 3;
  Asked& two = ask("read_note", R"({"ids":[1,2]})");
  world.settle();
  EXPECT_EQ(two.reply->kind, Settled::Kind::result);
  EXPECT_EQ(part->used.records, 2U);
  Asked& more = ask("read_note", R"({"ids":[1,2]})");
  world.settle();
  EXPECT_EQ(more.reply->code, Code::ceiling);
  Asked& unknown = ask("read_note", R"({"ids":[1],"names":["a"]})");
  world.settle();
  EXPECT_EQ(unknown.reply->code, Code::ceiling);
  EXPECT_THAT(unknown.reply->text, HasSubstr("cannot be counted"));
  world.server.answers = false;
  Asked& reported = ask("read_note");
  world.settle();
  world.server.answer(
      {.kind = Outcome::Kind::result, .result = world.server.result, .why = {}, .records = 40});
  world.settle();
  EXPECT_EQ(reported.reply->kind, Settled::Kind::result);
  EXPECT_EQ(part->used.records, 42U) << "a report raises the charge";
  EXPECT_EQ(run().phase, RunPhase::open) << "the policy counts none";
  EXPECT_EQ(run().entries.at("read_note").records.total(), 0U);
}

// What it leads to is a record, and what it is granted needs a call.
TEST(GatePartAccess, AskingForAccessTakesNoCallAndNoRecords) {
  World world(R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed: [{name: read_note, class: read_only}]
may_request: [{name: export_it, by: [leads], for: 10m, max_calls: 2}]
approval: {reviewers: [leads]}
)");
  world.start();
  world.open();
  const auto part = std::make_shared<SomePart>();
  part->tools = {"export_it"};
  part->calls_max = 1;
  part->records_max = 1;
  const auto ask = [&](const std::string& tool, const std::string& arguments) -> Asked& {
    Asked& asked = world.ask(Asked::Wanted{.run = world.run,
                                           .tool = tool,
                                           .arguments = arguments,
                                           .own = tool != "export_it",
                                           .part = part});
    world.settle();
    return asked;
  };
  Asked& request = ask(access_name("export_it"), R"({"why":"it is due"})");
  ASSERT_FALSE(request.done());
  ASSERT_TRUE(world.approve(request.approval));
  world.settle();
  ASSERT_TRUE(request.done());
  EXPECT_EQ(request.reply->kind, Settled::Kind::result);
  EXPECT_EQ(part->used.calls, 0U);
  EXPECT_EQ(part->used.records, 0U);
  EXPECT_EQ(part->steps, 1U);
  Asked& call = ask("export_it", R"({"id":5})");
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.reply->kind, Settled::Kind::result);
  EXPECT_EQ(part->used.calls, 1U);
}

TEST_F(GatePart, AKillOfItsRunIsSaidBeforeAnythingOfIt) {
  part->tools.clear();
  ASSERT_TRUE(world.gate->kill_switch.kill("run", world.run, "ann", "test"));
  EXPECT_EQ(call("read_note").code, Code::killed);
}

}  // namespace
}  // namespace pawl::crash
