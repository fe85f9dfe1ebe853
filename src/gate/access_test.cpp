// Access on request at the gate: a request is held like a call, what it makes is a record, and what
// a crash leaves of it is a grant or none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>
#include "model/access.h"

namespace pawl::crash {
namespace {

using ::testing::HasSubstr;

constexpr const char* policy_of_access = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed: [{name: read_it, class: read_only}]
  blocked: [wipe]
may_request:
  - {name: export_it, args: {rows: {max: 100}}, by: [leads], for: 10m, max_calls: 2}
execution: {max_steps: 100, max_denials: 30}
approval: {reviewers: [others], within: 5m}
)";

class GateAccess : public ::testing::Test {
 protected:
  GateAccess() : world(policy_of_access) {
    world.start();
    world.open();
  }
  Asked& request(const std::string& arguments, bool own = true) {
    Asked::Wanted wanted;
    wanted.run = world.run;
    wanted.tool = access_name("export_it");
    wanted.arguments = arguments;
    wanted.own = own;
    Asked& asked = world.ask(wanted);
    world.settle();
    return asked;
  }
  std::string granted(const std::string& arguments = R"({"why":"the quarter is over"})") {
    Asked& asked = request(arguments);
    EXPECT_FALSE(asked.done()) << asked.reply->text;
    const Status approved = world.approve(asked.approval);
    EXPECT_TRUE(approved) << approved.error().message;
    world.settle();
    EXPECT_TRUE(asked.done());
    EXPECT_EQ(asked.reply->kind, Settled::Kind::result) << asked.reply->text;
    const auto& grants = world.gate->state().run(world.run)->grants;
    return grants.empty() ? std::string() : grants.back().id;
  }
  Code called(const std::string& arguments = R"({"rows":5})") {
    Asked& asked = world.ask("export_it", arguments);
    world.settle();
    // What it is by its name: a person looks at each such call.
    if (!asked.done()) {
      EXPECT_TRUE(world.approve(asked.approval));
      world.settle();
    }
    EXPECT_TRUE(asked.done());
    return asked.reply->code;
  }
  World world;
};

TEST_F(GateAccess, AGrantIsARecordAndLetsCallsThrough) {
  EXPECT_EQ(called(), Code::not_granted);
  Asked& asked = request(R"({"why":"the quarter is over","minutes":5,"calls":1})");
  ASSERT_FALSE(asked.done());
  ASSERT_EQ(world.questions.size(), 1U);
  ASSERT_TRUE(world.approve(asked.approval));
  world.settle();
  EXPECT_THAT(asked.reply->text, HasSubstr("a person granted `export_it`"));
  EXPECT_THAT(asked.reply->text, HasSubstr("for 5m, at most 1 call"));
  EXPECT_TRUE(world.server.executed.empty()) << "no server is asked for that";
  EXPECT_TRUE(world.gate->approvals.lent(world.run, "", "export_it"));
  EXPECT_EQ(called(), Code::none);
  EXPECT_EQ(world.server.count("export_it"), 1U);
  EXPECT_EQ(called(), Code::not_granted) << "one call is used up";
  EXPECT_EQ(world.count("grant.made"), 1U);
  std::size_t under = 0;
  for (const Record& record : world.records()) {
    const auto* decided = std::get_if<CallDecided>(&record.body);
    under += decided != nullptr && !decided->grant.empty();
  }
  EXPECT_GE(under, 1U) << "the record of a call says under which grant it runs";
}

TEST_F(GateAccess, ItEndsWithItsTime) {
  granted();
  world.advance(Duration::seconds(599));
  EXPECT_TRUE(world.gate->approvals.lent(world.run, "", "export_it"));
  world.advance(Duration::seconds(1));
  EXPECT_FALSE(world.gate->approvals.lent(world.run, "", "export_it"));
  EXPECT_EQ(called(), Code::not_granted);
}

TEST_F(GateAccess, ItSurvivesARestartAndNotAKill) {
  granted();
  world.stop();
  world.start();
  world.open();
  EXPECT_TRUE(world.gate->approvals.lent(world.run, "", "export_it"));
  ASSERT_TRUE(world.gate->kill_switch.kill("run", world.run, "ada", "enough"));
  EXPECT_FALSE(world.gate->approvals.lent(world.run, "", "export_it"));
  ASSERT_TRUE(world.gate->kill_switch.resume("run", world.run, "ann", ""));
  EXPECT_FALSE(world.gate->approvals.lent(world.run, "", "export_it"))
      << "who resumes a run grants nothing";
}

TEST_F(GateAccess, ItIsOfItsRunAlone) {
  granted();
  world.open("another");
  EXPECT_EQ(called(), Code::not_granted);
}

TEST_F(GateAccess, AnybodyTakesItBack) {
  const std::string grant = granted();
  ASSERT_TRUE(world.gate->approvals.end_grant(grant, "eve", "done with it"));
  EXPECT_FALSE(world.gate->approvals.end_grant(grant, "eve", "again"));
  EXPECT_FALSE(world.gate->approvals.end_grant("g-nothing", "eve", ""));
  EXPECT_EQ(called(), Code::not_granted);
  EXPECT_EQ(world.count("grant.ended"), 1U);
}

// A reviewer who said no is not asked again in other words.
TEST_F(GateAccess, ANoIsANoWhateverTheReasons) {
  Asked& asked = request(R"({"why":"I need it"})");
  ASSERT_TRUE(world.reject(asked.approval));
  world.settle();
  EXPECT_EQ(asked.reply->code, Code::approval_rejected);
  EXPECT_THAT(asked.reply->text, HasSubstr("not today"));
  Asked& again = request(R"({"why":"already approved by security, see https://x.example"})");
  ASSERT_TRUE(again.done());
  EXPECT_EQ(again.reply->code, Code::approval_rejected);
  EXPECT_EQ(request(R"({"minutes":1,"why":"just a minute"})").reply->code, Code::approval_rejected);
  EXPECT_EQ(world.questions.size(), 1U);
}

TEST_F(GateAccess, PeopleThinkAboutOneRequestAtATime) {
  Asked& first = request(R"({"why":"I need it"})");
  ASSERT_FALSE(first.done());
  Asked& second = request(R"({"why":"I need it badly"})");
  ASSERT_TRUE(second.done());
  EXPECT_THAT(second.reply->text, HasSubstr(first.approval));
  Asked& twin = request(R"({"why":"I need it"})");
  ASSERT_TRUE(twin.done());
  EXPECT_EQ(world.questions.size(), 1U);
}

TEST_F(GateAccess, AClientThatComesBackFindsTheQuestion) {
  Asked& first = request(R"({"why":"I need it"})");
  first.leave();
  world.settle();
  Asked& back = request(R"({"why":"I need it"})");
  EXPECT_EQ(back.approval, first.approval);
  ASSERT_TRUE(world.approve(back.approval));
  world.settle();
  EXPECT_EQ(back.reply->kind, Settled::Kind::result);
  EXPECT_EQ(world.count("grant.made"), 1U);
}

TEST_F(GateAccess, NoClientBackNothingGranted) {
  Asked& first = request(R"({"why":"I need it"})");
  first.leave();
  world.settle();
  ASSERT_TRUE(world.approve(first.approval));
  world.advance(Duration::seconds(400));
  EXPECT_EQ(world.count("grant.made"), 0U);
  EXPECT_EQ(called(), Code::not_granted);
}

TEST_F(GateAccess, ADoorThatHasNoSuchToolAsksForNothing) {
  Asked& asked = request(R"({"why":"I need it"})", false);
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->code, Code::not_granted);
  EXPECT_TRUE(world.questions.empty());
}

TEST_F(GateAccess, AReviewerMayGrantLessThanWasAsked) {
  Asked& asked = request(R"({"why":"I need it"})");
  ASSERT_FALSE(asked.done());
  EXPECT_FALSE(world.change(asked.approval, R"({"why":"I need it","minutes":11})")) << "more";
  const Status less = world.change(asked.approval, R"({"why":"I need it","minutes":1})");
  ASSERT_TRUE(less) << less.error().message;
  world.settle();
  EXPECT_THAT(asked.reply->text, HasSubstr("for 1m"));
  EXPECT_THAT(asked.reply->text, HasSubstr("other arguments than yours"));
  world.advance(Duration::seconds(61));
  EXPECT_FALSE(world.gate->approvals.lent(world.run, "", "export_it"));
}

// The answers of the file's own reviewers are not asked for here.
TEST_F(GateAccess, TheLineSaysWhoGrants) {
  Asked& asked = request(R"({"why":"I need it"})");
  EXPECT_FALSE(world.approve(asked.approval, "eve"));
  EXPECT_TRUE(world.approve(asked.approval, "bob"));
}

TEST_F(GateAccess, AProgramAloneGrantsNothing) {
  world.gate->reviewers.set_programs({"ann"});
  Asked& asked = request(R"({"why":"I need it"})");
  EXPECT_FALSE(
      world.gate->approvals.answer(asked.approval, "ann", {"leads"}, true, "", "test", "d"));
  EXPECT_FALSE(
      world.gate->approvals.answer(asked.approval, "bob", {"leads"}, true, "", "automatic", "d"));
  EXPECT_FALSE(world.gate->reviewers.enroll("ann", "passphrase", "verifier", {}));
  ASSERT_TRUE(
      world.gate->approvals.answer(asked.approval, "ann", {"leads"}, true, "", "automatic", "d"));
  world.settle();
  EXPECT_FALSE(asked.done());
  ASSERT_TRUE(
      world.gate->approvals.answer(asked.approval, "bob", {"leads"}, true, "", "test", "d"));
  world.settle();
  EXPECT_TRUE(asked.done());
}

// After any crash there is a grant or none, and the run goes on.
TEST_F(GateAccess, ACrashLeavesAGrantOrNone) {
  Asked& asked = request(R"({"why":"I need it"})");
  ASSERT_TRUE(world.approve(asked.approval));
  world.kill();
  world.start();
  world.open();
  EXPECT_TRUE(world.gate->state().run(world.run)->halted.empty());
  EXPECT_TRUE(world.gate->state().consistent());
  EXPECT_EQ(world.gate->approvals.lent(world.run, "", "export_it"), world.count("grant.made") == 1);
}

}  // namespace
}  // namespace pawl::crash
