// One approval for more calls than its own, at the gate: only what the policy offers, only what
// people chose of that, and never for what asks for something else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>

namespace pawl::crash {
namespace {

using ::testing::HasSubstr;

constexpr const char* policy_of_wider = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - name: set_it
      class: reversible small
      args: {n: {max: 1000}, place: {in: [here, there, far]}}
      approval: {reviewers: [leads], wider: {identical: 3, run: 60s}}
      cases:
        - {if: args.place == "far", then: hold, class: reversible large}
        - {if: args.place == "there", then: hold}
        - {if: args.n > 0, then: hold}
      else: hold
    - {name: mail_it, class: irreversible small, requires_approval: true}
execution: {max_steps: 100, max_denials: 30}
approval: {reviewers: [leads], within: 5m, wider: {identical: 5, run: 60s}}
)";

class GateWider : public ::testing::Test {
 protected:
  GateWider() : world(policy_of_wider) {
    world.start();
    world.open();
  }
  Asked& call(const std::string& arguments, const std::string& tool = "set_it",
              const std::string& run = {}) {
    Asked::Wanted wanted;
    wanted.run = run.empty() ? world.run : run;
    wanted.tool = tool;
    wanted.arguments = arguments;
    Asked& asked = world.ask(wanted);
    world.settle();
    return asked;
  }
  Status answer(const Asked& asked, Reach reach, const std::string& person = "ann") {
    Status done = world.gate->approvals.answer(asked.approval, person, world.groups.at(person),
                                               true, "", "test", "sha256:shown", false, reach);
    world.settle();
    return done;
  }
  bool runs(const std::string& arguments) { return call(arguments).done(); }

  World world;
  const std::string one = R"({"n":1,"place":"here"})", two = R"({"n":2,"place":"here"})";
};

TEST_F(GateWider, IdenticalCallsRunAsOftenAsWasSaid) {
  Asked& first = call(one);
  ASSERT_FALSE(first.done());
  ASSERT_TRUE(answer(first, {.identical = 3}));
  EXPECT_TRUE(first.done());
  EXPECT_FALSE(runs(two)) << "other arguments are another call";
  EXPECT_TRUE(runs(one));
  EXPECT_TRUE(runs(R"({"place":"here","n":1})")) << "the order of members says nothing";
  EXPECT_FALSE(runs(one)) << "three and no more";
  EXPECT_EQ(world.server.count("set_it"), 3U);
}

TEST_F(GateWider, ForTheRunOtherArgumentsRunToo) {
  Asked& first = call(one);
  ASSERT_TRUE(answer(first, {.for_run = true}));
  EXPECT_TRUE(runs(two));
  EXPECT_TRUE(runs(R"({"n":3,"place":"here"})"));
  // Another case, another class: people were asked about something else.
  EXPECT_FALSE(runs(R"({"n":3,"place":"there"})"));
  EXPECT_FALSE(runs(R"({"n":3,"place":"far"})"));
  // What the policy refuses stays refused.
  Asked& refused = call(R"({"n":3000,"place":"here"})");
  ASSERT_TRUE(refused.done());
  EXPECT_EQ(refused.reply->code, Code::constraint);
  world.advance(Duration::seconds(61));
  EXPECT_FALSE(runs(two)) << "its time is over";
}

TEST_F(GateWider, ItIsOfOneRun) {
  Asked& first = call(one);
  ASSERT_TRUE(answer(first, {.for_run = true}));
  const std::string mine = world.run;
  world.open("other", "other");
  EXPECT_FALSE(runs(one));
  EXPECT_TRUE(call(one, "set_it", mine).done());
}

TEST_F(GateWider, WhatCannotBeUndoneIsApprovedCallByCall) {
  Asked& mail = call("{}", "mail_it");
  ASSERT_FALSE(mail.done());
  const Status more = answer(mail, {.identical = 2});
  ASSERT_FALSE(more);
  EXPECT_THAT(more.error().message, HasSubstr("call by call"));
  EXPECT_FALSE(answer(mail, {.for_run = true}));
  EXPECT_TRUE(answer(mail, {}));
  EXPECT_TRUE(mail.done());
  EXPECT_FALSE(call("{}", "mail_it").done());
}

TEST_F(GateWider, NoCallGetsMoreThanTheQuestionOffers) {
  Asked& first = call(one);
  EXPECT_FALSE(answer(first, {.identical = 4}));
  EXPECT_FALSE(answer(first, {.identical = 2, .for_run = true}));
  EXPECT_EQ(world.gate->state().approval(first.approval)->phase, ApprovalPhase::open);
}

TEST_F(GateWider, ItIsTakenBackAndEndsWithTheSwitch) {
  Asked& first = call(one);
  ASSERT_TRUE(answer(first, {.for_run = true}));
  EXPECT_TRUE(runs(two));
  ASSERT_TRUE(world.gate->approvals.end_grant(first.approval, "ann", "enough"));
  EXPECT_FALSE(world.gate->approvals.end_grant(first.approval, "ann", "enough"));
  EXPECT_FALSE(runs(R"({"n":4,"place":"here"})"));
  Asked& again = call(R"({"n":5,"place":"here"})");
  ASSERT_TRUE(answer(again, {.for_run = true}));
  EXPECT_TRUE(runs(two));
  ASSERT_TRUE(world.gate->kill_switch.kill("tool", "set_it", "ann", "stop"));
  ASSERT_TRUE(world.gate->kill_switch.resume("tool", "set_it", "ann", "fine"));
  EXPECT_FALSE(runs(R"({"n":6,"place":"here"})"));
}

TEST_F(GateWider, ALifeLaterItStillStands) {
  Asked& first = call(one);
  ASSERT_TRUE(answer(first, {.identical = 3}));
  world.kill();
  world.start();
  world.open();
  EXPECT_TRUE(runs(one));
  EXPECT_TRUE(runs(one));
  EXPECT_FALSE(runs(one));
}

TEST_F(GateWider, ARejectionOfTheSameStandsAbove) {
  Asked& first = call(one);
  Asked& other = call(two);
  ASSERT_FALSE(other.done());
  ASSERT_TRUE(world.reject(other.approval));
  world.settle();
  ASSERT_TRUE(answer(first, {.for_run = true}));
  Asked& again = call(two);
  ASSERT_TRUE(again.done());
  EXPECT_EQ(again.reply->code, Code::approval_rejected);
}

TEST_F(GateWider, WhoMayNotAnswerAnyMoreApprovedNothing) {
  Asked& first = call(one);
  ASSERT_TRUE(answer(first, {.for_run = true}));
  world.gate->reviewers.set_people({{"bob", {"leads"}}});
  EXPECT_FALSE(runs(two));
}

TEST_F(GateWider, TheRecordNamesTheApproval) {
  Asked& first = call(one);
  ASSERT_TRUE(answer(first, {.identical = 2}));
  EXPECT_TRUE(runs(one));
  std::size_t named = 0;
  for (const Record& record : world.records()) {
    const auto* decided = std::get_if<CallDecided>(&record.body);
    named += decided != nullptr && decided->round == 1 && decided->approval == first.approval &&
             decided->effect == "allow";
  }
  EXPECT_EQ(named, 1U);
}

}  // namespace
}  // namespace pawl::crash
