// Questions to people: who may answer, what an answer is good for, and how it is used once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>

namespace pawl::crash {
namespace {

using ::testing::HasSubstr;

constexpr const char* policy = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - {name: send_mail, class: irreversible small, requires_approval: true}
    - {name: wire, class: irreversible small, requires_approval: true, approval: {quorum: 2}}
    - {name: erase, class: irreversible small, approval: {typed: args.name}}
    - name: put_file
      class: reversible small
      requires_approval: true
      args: {path: {path: {under: [/srv/ok]}}}
    - name: keep_open
      class: irreversible small
      requires_approval: true
      auto_deny_on_timeout: false
execution: {max_steps: 100}
approval: {reviewers: [leads], within: 5m}
)";

class GateHold : public ::testing::Test {
 protected:
  GateHold() : world(policy) {
    world.start();
    world.open();
  }
  // Asks for something that is held.
  Asked& held(const std::string& tool = "send_mail", const std::string& arguments = "{}") {
    Asked& asked = world.ask(tool, arguments);
    world.settle();
    EXPECT_FALSE(asked.done());
    EXPECT_FALSE(asked.approval.empty());
    return asked;
  }
  Settled answer_of(Asked& asked) {
    world.settle();
    EXPECT_TRUE(asked.done());
    return asked.done() ? *asked.reply : Settled{};
  }
  std::uint64_t steps() const { return world.gate->state().run(world.run)->steps.settled; }
  std::string phase(const std::string& approval) const {
    return std::string(to_string(world.gate->state().approval(approval)->phase));
  }
  World world;
};

TEST_F(GateHold, ARejectedCallIsRefusedAndNotAskedAgain) {
  Asked& asked = held("send_mail", R"({"to":"a"})");
  EXPECT_TRUE(world.server.executed.empty());
  ASSERT_TRUE(world.reject(asked.approval));
  const Settled reply = answer_of(asked);
  EXPECT_EQ(reply.code, Code::approval_rejected);
  EXPECT_THAT(reply.text, HasSubstr("not today"));
  EXPECT_EQ(world.call("send_mail", R"({"to":"a"})").code, Code::approval_rejected);
  EXPECT_EQ(world.questions.size(), 1u);
  held("send_mail", R"({"to":"b"})");
  EXPECT_EQ(world.questions.size(), 2u);

  world.kill();  // what people said no to outlives the node
  world.start();
  world.open();
  EXPECT_EQ(world.call("send_mail", R"({"to":"a"})").code, Code::approval_rejected);
}

TEST_F(GateHold, AnApprovalIsUsedOnce) {
  Asked& asked = held();
  ASSERT_TRUE(world.approve(asked.approval));
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::result);
  EXPECT_EQ(world.server.count("send_mail"), 1u);
  EXPECT_EQ(phase(asked.approval), "consumed");
  EXPECT_FALSE(world.approve(asked.approval, "bob"));
  Asked& again = held();
  EXPECT_NE(again.approval, asked.approval);
  EXPECT_EQ(world.server.count("send_mail"), 1u);
}

TEST_F(GateHold, FiftyTwinsAndOneApprovalExecuteOnce) {  // H03
  std::vector<Asked*> duplicate_keys;
  for (int i = 0; i < 50; ++i) duplicate_keys.push_back(&held());
  ASSERT_TRUE(world.approve(duplicate_keys[7]->approval));
  world.settle();
  EXPECT_EQ(world.server.count("send_mail"), 1u);
  for (Asked* twin : duplicate_keys) EXPECT_EQ(twin->done(), twin == duplicate_keys[7]);
}

TEST_F(GateHold, AnApprovalWithoutACallerExecutesNothing) {  // H04
  Asked& asked =
      world.ask({.run = world.run, .tool = "send_mail", .patience = Duration::seconds(50)});
  world.advance(Duration::seconds(51));
  const Settled reply = answer_of(asked);
  EXPECT_EQ(reply.kind, Settled::Kind::pending);
  EXPECT_EQ(reply.code, Code::approval_pending);
  EXPECT_THAT(reply.text, HasSubstr("waiting for a person: approval " + asked.approval));
  EXPECT_THAT(reply.text, HasSubstr("call again with the same arguments to get the result"));
  ASSERT_TRUE(world.approve(asked.approval));
  world.advance(Duration::seconds(100));
  EXPECT_TRUE(world.server.executed.empty());
  EXPECT_EQ(phase(asked.approval), "approved");
  world.advance(Duration::seconds(200));
  EXPECT_EQ(phase(asked.approval), "expired");
  EXPECT_EQ(std::get<CallEnded>(world.records().back().body).outcome, "aborted");
  EXPECT_EQ(world.gate->state().run(world.run)->live, 0u);
  held();
  EXPECT_TRUE(world.server.executed.empty());
}

TEST_F(GateHold, AnIdenticalCallTakesUpTheOpenQuestion) {
  Asked& first = world.ask({.run = world.run,
                            .tool = "send_mail",
                            .arguments = R"({"to":"a"})",
                            .patience = Duration::seconds(10)});
  world.advance(Duration::seconds(11));
  ASSERT_EQ(answer_of(first).kind, Settled::Kind::pending);
  EXPECT_EQ(steps(), 1u);

  Asked& other = held("send_mail", R"({"to":"b"})");
  EXPECT_NE(other.approval, first.approval);
  EXPECT_EQ(steps(), 2u);
  Asked& second = held("send_mail", R"({"to":"a"})");
  EXPECT_EQ(second.approval, first.approval);
  EXPECT_EQ(steps(), 2u) << "coming back costs no step";
  ASSERT_TRUE(world.approve(second.approval));
  const Settled reply = answer_of(second);
  EXPECT_EQ(reply.kind, Settled::Kind::result);
  EXPECT_EQ(reply.call, first.reply->call) << "it goes on as the call that it is";
  EXPECT_EQ(world.server.count("send_mail"), 1u);
  EXPECT_EQ(steps(), 2u);
}

TEST_F(GateHold, AnAnswerThatCameMeanwhileIsUsedAtOnce) {
  Asked& first = held();
  first.leave();
  EXPECT_EQ(answer_of(first).kind, Settled::Kind::gone);
  ASSERT_TRUE(world.approve(first.approval));
  EXPECT_EQ(world.call("send_mail").kind, Settled::Kind::result);
  held();  // and not a second time
  EXPECT_EQ(world.server.count("send_mail"), 1u);
}

TEST_F(GateHold, NoReviewerAnsweredInTime) {
  Asked& asked = held();
  world.advance(Duration::seconds(299));
  EXPECT_FALSE(asked.done());
  EXPECT_GE(asked.signs, 59u);
  world.advance(Duration::seconds(2));
  EXPECT_EQ(answer_of(asked).code, Code::approval_expired);
  EXPECT_EQ(phase(asked.approval), "expired");
  EXPECT_FALSE(world.approve(asked.approval));
}

TEST_F(GateHold, AnOpenEndedQuestionStaysOpenAndNeverAllows) {
  Asked& asked =
      world.ask({.run = world.run, .tool = "keep_open", .patience = Duration::seconds(400)});
  world.advance(Duration::seconds(301));
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::pending);
  world.advance(Duration::seconds(5000));
  EXPECT_EQ(phase(asked.approval), "open");
  ASSERT_TRUE(world.approve(asked.approval));
  EXPECT_EQ(world.call("keep_open").kind, Settled::Kind::result);

  Asked& second = held("keep_open");
  second.leave();
  world.advance(Duration::seconds(400));
  ASSERT_TRUE(world.approve(second.approval));
  world.advance(Duration::seconds(301));
  EXPECT_EQ(phase(second.approval), "expired")
      << "an answer that no client picks up is not for ever";
}

TEST_F(GateHold, TwoPersonsAndTheSponsorIsNeverTheSecond) {  // H07
  Asked& asked = held("wire");
  ASSERT_TRUE(world.approve(asked.approval, "ann"));
  EXPECT_FALSE(world.approve(asked.approval, "ann"));
  EXPECT_FALSE(world.approve(asked.approval, "sam")) << "sam started the run";
  EXPECT_FALSE(world.approve(asked.approval, "eve")) << "eve is no lead";
  world.settle();
  EXPECT_FALSE(asked.done());
  ASSERT_TRUE(world.approve(asked.approval, "bob"));
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::result);

  Asked& other = held("wire", R"({"n":2})");
  ASSERT_TRUE(world.approve(other.approval, "sam"));
  ASSERT_TRUE(world.approve(other.approval, "bob"));
  EXPECT_EQ(answer_of(other).kind, Settled::Kind::result);
}

TEST_F(GateHold, WithoutASponsorNoReviewerIsTheSecondPairOfEyes) {
  world.open("other", "");
  Asked& asked = held("wire");
  EXPECT_FALSE(world.approve(asked.approval, "ann"));
  world.advance(Duration::seconds(301));
  EXPECT_EQ(answer_of(asked).code, Code::approval_expired);
}

TEST_F(GateHold, AReviewerWhoWasRemovedHasNotApproved) {  // H06
  Asked& first = held("wire");
  first.leave();
  world.settle();
  ASSERT_TRUE(world.approve(first.approval, "ann"));
  ASSERT_TRUE(world.approve(first.approval, "bob"));
  world.gate->reviewers.set_people({{"ann", {"leads"}}, {"bob", {"sales"}}});
  const Settled reply = world.call("wire");
  EXPECT_EQ(reply.kind, Settled::Kind::refused);
  EXPECT_THAT(reply.text, HasSubstr("bob"));
  EXPECT_TRUE(world.server.executed.empty());
  world.gate->reviewers.set_people({{"ann", {"leads"}}, {"bob", {"leads"}}});
  held("wire");  // the old answers are gone
}

TEST_F(GateHold, CountersMayMoveWhileACallWaits) {  // H05
  Asked& asked = held();
  for (int i = 0; i < 5; ++i) world.call("read_note");
  ASSERT_TRUE(world.approve(asked.approval));
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::result);
}

TEST_F(GateHold, ADefinitionThatChangedMeanwhileIsNotWhatWasAsked) {  // H05
  const auto before = *definition_of("", "send_mail", {}, {});
  ToolDefinition after = before;
  after.text = R"({"name":"send_mail","title":"other"})";
  after.digest = sha256(after.text);
  const auto definition = std::make_shared<const ToolDefinition>(before);
  const PinState pin = world.gate->policies.pin(world.run, before, false, {});
  Asked& asked =
      world.ask({.run = world.run, .tool = "send_mail", .definition = definition, .pin = pin});
  world.settle();
  ASSERT_FALSE(asked.done());
  EXPECT_EQ(world.gate->policies.pin(world.run, after, false, {}), PinState::changed);
  ASSERT_TRUE(world.approve(asked.approval));
  EXPECT_EQ(answer_of(asked).code, Code::tool_changed);
  EXPECT_TRUE(world.server.executed.empty());
}

TEST_F(GateHold, APathThatMovesWhileItWaitsIsRefusedAtRelease) {  // P09
  std::string real = "/srv/ok/a";
  Asked& asked = world.ask({.run = world.run,
                            .tool = "put_file",
                            .arguments = R"({"path":"/srv/ok/a"})",
                            .resolve = [&](std::string_view pointer, std::string_view) {
                              return PathFact{std::string(pointer), real, {}};
                            }});
  world.settle();
  ASSERT_FALSE(asked.done());
  real = "/etc/a";
  ASSERT_TRUE(world.approve(asked.approval));
  EXPECT_EQ(answer_of(asked).code, Code::constraint);
  EXPECT_TRUE(world.server.executed.empty());
}

TEST_F(GateHold, APathThatMovesInsideIsAnotherQuestion) {
  std::string real = "/srv/ok/a";
  Asked& asked = world.ask({.run = world.run,
                            .tool = "put_file",
                            .arguments = R"({"path":"/srv/ok/a"})",
                            .resolve = [&](std::string_view pointer, std::string_view) {
                              return PathFact{std::string(pointer), real, {}};
                            }});
  world.settle();
  const std::string first = asked.approval;
  real = "/srv/ok/b";
  ASSERT_TRUE(world.approve(first));
  world.settle();
  EXPECT_FALSE(asked.done());
  EXPECT_NE(asked.approval, first);
  EXPECT_EQ(phase(first), "withdrawn");
  EXPECT_TRUE(world.server.executed.empty());
  ASSERT_TRUE(world.approve(asked.approval));
  EXPECT_EQ(answer_of(asked).kind, Settled::Kind::result);
}

TEST_F(GateHold, TheNumberOfQuestionsOfARunIsBounded) {  // H02
  world.limits.questions_per_run_max = 5;
  world.stop();
  world.start();
  world.open("bounded");
  for (int i = 0; i < 5; ++i) held("send_mail", "{\"n\":" + std::to_string(i) + "}");
  const Settled reply = world.call("send_mail", R"({"n":5})");
  EXPECT_EQ(reply.code, Code::ceiling);
  EXPECT_EQ(world.questions.size(), 5u);
  EXPECT_TRUE(world.gate->state().consistent());
}

TEST_F(GateHold, AnApprovalSurvivesTheNodeAndIsUsedOnce) {
  Asked& asked = held("send_mail", R"({"to":"a"})");
  const std::string approval = asked.approval;
  world.kill();
  world.start();
  EXPECT_EQ(phase(approval), "open");
  ASSERT_TRUE(world.approve(approval));
  world.kill();
  world.start();
  world.open();
  EXPECT_EQ(phase(approval), "approved");
  EXPECT_EQ(world.call("send_mail", R"({"to":"a"})").kind, Settled::Kind::result);
  EXPECT_EQ(world.server.count("send_mail"), 1u);
  world.kill();
  world.start();
  world.open();
  held("send_mail", R"({"to":"a"})");
  EXPECT_EQ(world.server.count("send_mail"), 1u);
}

TEST_F(GateHold, AQuestionThatEndedWhileTheNodeWasDownIsOver) {
  Asked& asked = held();
  const std::string approval = asked.approval;
  world.kill();
  world.clock.advance(Duration::seconds(1000));
  world.start();
  EXPECT_FALSE(world.approve(approval));
  world.settle();
  EXPECT_EQ(phase(approval), "expired");
}

TEST_F(GateHold, AnswersNeedAProofAndAQuestion) {
  Asked& asked = held();
  Gate& gate = *world.gate;
  EXPECT_FALSE(gate.approvals.answer("a-nothing", "ann", {"leads"}, true, "", "test", "d"));
  EXPECT_FALSE(gate.approvals.answer(asked.approval, "", {"leads"}, true, "", "test", "d"));
  EXPECT_FALSE(gate.approvals.answer(asked.approval, "ann", {"leads"}, true, "", "", "d"));
  EXPECT_FALSE(gate.approvals.answer(asked.approval, "agent", {"leads"}, true, "", "test", "d"));
  EXPECT_FALSE(gate.approvals.answer(asked.approval, "AGENT@X", {"leads"}, true, "", "test", "d"));
  EXPECT_EQ(phase(asked.approval), "open");
  ASSERT_TRUE(
      gate.approvals.answer(asked.approval, "ann", {"leads"}, true, "fine", "passphrase", "d"));
  bool recorded = false;
  for (const Record& record : world.records()) {
    const auto* answer = std::get_if<ApprovalAnswered>(&record.body);
    if (answer != nullptr) recorded = answer->proof == "passphrase" && answer->shown == "d";
  }
  EXPECT_TRUE(recorded);
}

TEST_F(GateHold, WhatWouldBeRefusedIsSaidBefore) {
  Asked& asked = held("wire");
  const auto tried = [&](const std::string& person, const std::string& group) {
    const std::size_t records = world.records().size();
    const Objections why = world.gate->approvals.objections(asked.approval, person, {group});
    EXPECT_EQ(world.records().size(), records);
    const Status done =
        world.gate->approvals.answer(asked.approval, person, {group}, true, "", "test", "d");
    EXPECT_EQ(done ? std::string() : done.error().message, why.approve) << person;
    return why;
  };
  EXPECT_NE(tried("eve", "others").reject, "");
  EXPECT_NE(tried("agent", "leads").reject, "");
  EXPECT_EQ(tried("ann", "leads").approve, "");
  const Objections twice = tried("ann", "leads");
  EXPECT_THAT(twice.approve, HasSubstr("approved it already"));
  EXPECT_EQ(twice.reject, "");
  EXPECT_THAT(tried("sam", "leads").approve, HasSubstr("second reviewer"));
  EXPECT_EQ(tried("bob", "leads").approve, "");
  EXPECT_NE(world.gate->approvals.objections(asked.approval, "cyd", {"leads"}).reject, "");
}

TEST_F(GateHold, WhatHasToBeTypedIsNotApprovedWithout) {
  Asked& asked = held("erase", R"({"name":"web-1"})");
  Gate& gate = *world.gate;
  EXPECT_FALSE(gate.approvals.answer(asked.approval, "ann", {"leads"}, true, "", "test", "d"));
  EXPECT_EQ(phase(asked.approval), "open");
  ASSERT_TRUE(gate.approvals.answer(asked.approval, "ann", {"leads"}, true, "", "test", "d", true));
  EXPECT_EQ(phase(asked.approval), "approved");
  bool opened = false, typed = false;
  for (const Record& record : world.records()) {
    const auto* question = std::get_if<ApprovalOpened>(&record.body);
    if (question != nullptr) opened = question->typed && question->typed_of.size() == 1;
    if (const auto* answer = std::get_if<ApprovalAnswered>(&record.body)) typed = answer->typed;
  }
  EXPECT_TRUE(opened && typed);
}

TEST_F(GateHold, AHaltWithdrawsWhatWaits) {
  Asked& asked = held();
  Asked& left = held("send_mail", R"({"n":1})");
  left.leave();
  world.settle();
  while (world.gate->state().run(world.run)->phase == RunPhase::open) world.call("read_note");
  EXPECT_EQ(answer_of(asked).code, Code::run_halted);
  EXPECT_EQ(phase(asked.approval), "withdrawn");
  EXPECT_EQ(phase(left.approval), "withdrawn");
  EXPECT_FALSE(world.approve(asked.approval));
  EXPECT_EQ(world.gate->state().run(world.run)->live, 0u);
  EXPECT_EQ(world.server.count("send_mail"), 0u);
}

}  // namespace
}  // namespace pawl::crash
