// What makes a person look, what they are asked, and what their answer is good for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/admit/stages.h"
#include "kernel/admit/test_world.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using W = TestWorld;

class HoldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    w.grant("mail").requires_approval = true;
    w.grant("touch");
    w.policy.index();
    w.open();
  }
  Verdict again(Class c = W::mail, const std::string& arguments = "{}") {
    return w.look("mail", c, arguments, Look::after_hold);
  }
  TestWorld w;
};

TEST_F(HoldTest, RequiresApprovalAsksWithTheTermsOfTheEntryThenOfTheFile) {
  Verdict v = w.look("mail", W::small);
  ASSERT_EQ(v.effect, Effect::hold);
  EXPECT_EQ(v.reason.code, Code::approval_pending);
  EXPECT_TRUE(v.retry);
  EXPECT_EQ(v.question->quorum, 1);
  EXPECT_FALSE(v.question->typed);
  EXPECT_EQ(v.question->within, Duration::seconds(300));
  EXPECT_TRUE(v.question->deny_on_timeout);

  w.policy.approval.quorum = 2;
  w.policy.approval.within = Duration::seconds(60);
  w.policy.approval.reviewers = {"leads"};
  w.policy.tools[0].approval.within = Duration::seconds(30);
  w.policy.tools[0].approval.deny_on_timeout = false;
  v = w.look("mail", W::small);
  EXPECT_EQ(v.question->quorum, 2);
  EXPECT_EQ(v.question->within, Duration::seconds(30));
  EXPECT_FALSE(v.question->deny_on_timeout);
  EXPECT_THAT(v.question->reviewers, ElementsAre("leads"));
  w.policy.tools[0].approval.reviewers = {"mail-leads"};
  EXPECT_THAT(w.look("mail", W::small).question->reviewers, ElementsAre("mail-leads"));
}

TEST_F(HoldTest, AValueThatAPersonMayLetPassIsAskedForAndSaysWhy) {
  ToolRule& pay = w.grant("pay");
  pay.arguments = {W::one_of("to", {"acme"})};
  pay.arguments[0].or_from = {OriginSource{}};
  pay.arguments[0].otherwise = Effect::hold;
  pay.named = {"to"};
  w.policy.index();
  EXPECT_TRUE(w.look("pay", W::small, R"({"to":"acme"})").runs());
  Verdict v = w.look("pay", W::small, R"({"to":"bolt"})");
  ASSERT_EQ(v.effect, Effect::hold);
  EXPECT_EQ(v.reason.code, Code::origin);
  EXPECT_THAT(v.question->why, HasSubstr("`to` is not one of the allowed values"));
  EXPECT_EQ(w.look("pay", W::small, "{}").effect, Effect::deny) << "no reviewer can let that pass";

  w.facts.origins = {{"/to", "", "user", ""}};
  EXPECT_TRUE(w.look("pay", W::small, R"({"to":"bolt"})").runs());
  v = w.look("pay", W::mail, R"({"to":"bolt"})");
  ASSERT_EQ(v.effect, Effect::hold) << "origin is never the only reason for what is irreversible";
  EXPECT_EQ(v.reason.code, Code::approval_pending);
  w.facts.origins = {{"/to", "", "read.mail", "c1"}};
  EXPECT_EQ(w.look("pay", W::small, R"({"to":"bolt"})").effect, Effect::hold);
  w.policy.tools.back().arguments[0].or_from.clear();
  EXPECT_EQ(w.look("pay", W::small, R"({"to":"bolt"})").reason.code, Code::constraint);
}

TEST_F(HoldTest, StagesAreUnitedAndTheStrictestWins) {
  w.policy.environment = Environment::production;
  w.policy.default_stage = Stage::fresh;
  const Verdict v = w.look("mail", kMostDangerous);
  ASSERT_EQ(v.effect, Effect::hold);
  EXPECT_EQ(v.question->quorum, 2);
  EXPECT_TRUE(v.question->typed);
  EXPECT_THAT(v.question->why, HasSubstr("asks for approval"));
  EXPECT_THAT(v.question->why, HasSubstr("irreversible large"));
  EXPECT_THAT(v.question->why, HasSubstr("new"));
}

TEST_F(HoldTest, InProductionAndInAFreezeASecondPersonLooks) {
  EXPECT_FALSE(w.look("mail", W::small).question->apart);
  Freeze freeze;
  freeze.name = "year-end";
  freeze.from = w.now;
  freeze.until = w.now + Duration::seconds(10);
  freeze.stop = {Reversibility::reversible};
  freeze.then = Effect::hold;
  w.policy.freezes.push_back(freeze);
  EXPECT_TRUE(w.look("mail", W::small).question->apart);
  w.policy.freezes.clear();
  w.policy.environment = Environment::production;
  EXPECT_TRUE(w.look("mail", W::small).question->apart);
  EXPECT_FALSE(w.look("mail", W::read).question->apart) << "what changes nothing";
}

TEST_F(HoldTest, AnApprovalFromBeforeProductionIsAskedAnew) {
  w.propose("mail", W::small);
  w.approve();
  EXPECT_TRUE(again(W::small).runs());
  QuestionTerms terms;
  Approval asked;
  asked.asked.terms = std::make_shared<const QuestionTerms>(terms);
  Question question;
  EXPECT_EQ(not_covered(asked, question), "");
  question.apart = true;
  EXPECT_NE(not_covered(asked, question), "");
}

TEST_F(HoldTest, WiderIsOfferedWhereACallCanBeUndoneOnly) {
  w.policy.approval.wider = Wider{5, Duration::seconds(60)};
  const auto offered = [this](Class c) {
    const Verdict v = w.look("mail", c);
    return std::pair(v.question->identical, v.question->for_run.ns / 1'000'000'000);
  };
  EXPECT_EQ(offered(W::small), std::pair(std::uint64_t{5}, std::int64_t{60}));
  EXPECT_EQ(offered(W::mail), std::pair(std::uint64_t{0}, std::int64_t{0}));
  EXPECT_EQ(offered(kMostDangerous), std::pair(std::uint64_t{0}, std::int64_t{0}));
  Class sink = W::small;
  sink.external_sink = true;
  EXPECT_EQ(offered(sink), std::pair(std::uint64_t{5}, std::int64_t{0}));
  w.policy.tools.front().approval.wider = Wider{2, {}};

  EXPECT_EQ(offered(W::small), std::pair(std::uint64_t{2}, std::int64_t{0}));
}

TEST_F(HoldTest, WithoutAutonomyTheColumnEstablishedAppliesWithTheFilesOwnQuorum) {
  EXPECT_EQ(w.look("touch", W::read).effect, Effect::allow);
  EXPECT_EQ(w.look("touch", W::small).effect, Effect::allow);
  const Verdict told = w.look("touch", W::large);
  EXPECT_EQ(told.effect, Effect::notify);
  EXPECT_TRUE(told.notify);
  const Verdict v = w.look("touch", kMostDangerous);
  ASSERT_EQ(v.effect, Effect::hold);
  EXPECT_EQ(v.question->quorum, 1);
  EXPECT_TRUE(v.question->typed);
}

TEST_F(HoldTest, GatedReadsAreHeldInANewWorkflowOnly) {
  w.policy.default_stage = Stage::fresh;
  w.policy.gate_reads = true;
  EXPECT_EQ(w.look("touch", W::read).effect, Effect::hold);
  w.policy.default_stage = Stage::established;
  EXPECT_EQ(w.look("touch", W::read).effect, Effect::allow);
}

TEST_F(HoldTest, OnlyAnAcceptedRiskLoosensTheTable) {
  EXPECT_EQ(w.look("touch", W::mail).effect, Effect::hold);
  AcceptedRisk risk;
  risk.path = "tools/touch/requires_approval";
  risk.until = w.now + Duration::seconds(100);
  w.policy.risks.push_back(risk);
  EXPECT_EQ(w.look("touch", W::mail).effect, Effect::notify);  // and a person is told
  EXPECT_EQ(w.look("mail", W::mail).effect, Effect::hold);
  w.policy.environment = Environment::production;
  EXPECT_EQ(w.look("touch", W::mail).effect, Effect::hold);
  w.policy.environment = Environment::none;
  w.wait(100);
  EXPECT_EQ(w.look("touch", W::mail).effect, Effect::hold);
}

TEST_F(HoldTest, AnAnswerLetsExactlyThisCallRun) {
  const std::string arguments = R"({"to":"a@myco.example"})";
  w.propose("mail", W::mail, arguments);
  EXPECT_EQ(again(W::mail, arguments).effect, Effect::hold);  // no one answered yet
  w.approve();
  const Verdict v = again(W::mail, arguments);
  EXPECT_EQ(v.effect, Effect::allow);
  EXPECT_EQ(v.reservation.steps, 0U);
  EXPECT_EQ(v.reservation.calls, 1U);
  EXPECT_EQ(again(W::mail, R"({"to":"b@myco.example"})").effect, Effect::hold);
  EXPECT_EQ(again(W::mail, R"({"to":"a@myco.example","cc":"b"})").effect, Effect::hold);
}

TEST_F(HoldTest, AnAnswerIsStaleWhenWhatDecidesTheToolChanged) {
  w.propose("mail", W::mail);
  w.approve();
  EXPECT_EQ(again().effect, Effect::allow);
  w.policy.tools[0].rule.at.line += 7;  // reformatted: still good
  w.policy.tools[0].say = "other words";
  EXPECT_EQ(again().effect, Effect::allow);
  w.policy.tools[0].max_calls_per_run = 5;  // weakened or tightened: asked again
  EXPECT_EQ(again().effect, Effect::hold);
  w.policy.tools[0].max_calls_per_run.reset();
  w.facts.definition = "sha256:another";
  EXPECT_EQ(again().effect, Effect::hold);
  w.facts.definition.clear();
  w.facts.paths.push_back({"/path", "/elsewhere", ""});
  EXPECT_EQ(again().effect, Effect::hold);
  w.facts.paths.clear();
  w.policy.environment = Environment::staging;
  EXPECT_EQ(again().effect, Effect::hold);
}

TEST_F(HoldTest, CountersDoNotMakeAnAnswerStale) {
  w.propose("mail", W::mail);
  w.approve();
  for (int i = 0; i < 3; ++i) w.apply(DenialsCounted{"r", "blocked", 5});
  EXPECT_EQ(again().effect, Effect::allow);
}

TEST_F(HoldTest, TheGatesWordAloneIsNotEnough) {
  w.propose("mail", W::mail);
  const std::string binding = w.binding("mail", W::mail, "{}");
  w.facts.approval = ApprovalFact{"a" + w.last, binding, true, "", "", false};
  EXPECT_EQ(again().effect, Effect::hold);  // the fold knows of no answer
  w.facts.approval = ApprovalFact{"unknown", binding, true, "", "", false};
  EXPECT_EQ(again().effect, Effect::hold);
}

TEST_F(HoldTest, AnAnswerIsUsedOnce) {
  w.propose("mail", W::mail);
  w.approve();
  CallDecided used;
  used.call = w.last;
  used.run = "r";
  used.round = 2;
  used.effect = "allow";
  used.code = "none";
  used.calls = 1;
  used.approval = "a" + w.last;
  w.apply(used);
  EXPECT_EQ(w.look("mail", W::mail).effect, Effect::hold);
}

TEST_F(HoldTest, RejectionAndTimeoutDeny) {
  w.propose("mail", W::mail);
  w.facts.approval = ApprovalFact{"a1", "", false, "first", "wrong list", false};
  Verdict v = again();
  EXPECT_EQ(v.reason.code, Code::approval_rejected);
  EXPECT_FALSE(v.retry);
  EXPECT_THAT(v.reason.says, HasSubstr("wrong list"));
  w.facts.approval = ApprovalFact{"a1", "", false, "", "", true};
  v = again();
  EXPECT_EQ(v.reason.code, Code::approval_expired);
  EXPECT_TRUE(v.retry);
}

TEST_F(HoldTest, EverythingIsJudgedAnewAfterTheWait) {
  w.propose("mail", W::mail);
  w.approve();
  w.apply(KillSet{"k", "tool", "mail", "", ""});
  EXPECT_EQ(again().reason.code, Code::killed);
}

TEST_F(HoldTest, AnAnswerToLessThanIsAskedNowIsNotEnough) {
  w.propose("mail", W::small);
  w.approve();
  EXPECT_EQ(again(W::small).effect, Effect::allow);
  // A freeze began meanwhile: the person did not know of it.
  Freeze freeze;
  freeze.name = "year-end";
  freeze.from = w.now;
  freeze.until = w.now + Duration::seconds(10);
  freeze.stop = {Reversibility::reversible};
  freeze.then = Effect::hold;
  w.policy.freezes.push_back(freeze);
  EXPECT_EQ(again(W::small).effect, Effect::hold);
  w.wait(10);
  EXPECT_EQ(again(W::small).effect, Effect::allow);
}

class FreezeTest : public HoldTest {
 protected:
  void freeze(Effect then, std::vector<Reversibility> stop) {
    Freeze f;
    f.name = "year-end";
    f.from = w.now + Duration::seconds(100);
    f.until = w.now + Duration::seconds(200);
    f.stop = std::move(stop);
    f.then = then;
    f.rule = W::rule("freeze/year-end", 50);
    w.policy.freezes.push_back(f);
  }
};

TEST_F(FreezeTest, DeniesEffectsWithinItsWindowOnly) {
  freeze(Effect::deny, {Reversibility::reversible, Reversibility::irreversible});
  EXPECT_EQ(w.look("touch", W::small).effect, Effect::allow);
  w.wait(100);
  const Verdict v = w.look("touch", W::small);
  EXPECT_EQ(v.reason.code, Code::frozen);
  EXPECT_EQ(v.reason.rule->path, "freeze/year-end");
  EXPECT_EQ(w.look("touch", W::read).effect, Effect::allow);
  w.wait(100);
  EXPECT_EQ(w.look("touch", W::small).effect, Effect::allow);
}

TEST_F(FreezeTest, MayHoldInsteadAndJoinsTheUnion) {
  freeze(Effect::hold, {Reversibility::reversible});
  w.wait(150);
  const Verdict v = w.look("touch", W::small);
  ASSERT_EQ(v.effect, Effect::hold);
  EXPECT_THAT(v.question->why, HasSubstr("year-end"));
}

TEST_F(FreezeTest, AClockThatCannotBeTrustedSkipsNoFreeze) {
  freeze(Effect::deny, {Reversibility::reversible});
  w.facts.clock_suspect = true;
  EXPECT_EQ(w.look("touch", W::small).reason.code, Code::frozen);
  EXPECT_EQ(w.look("touch", W::read).effect, Effect::allow);
  w.wait(10'000);
  EXPECT_EQ(w.look("touch", W::small).reason.code, Code::frozen);
}

TEST_F(FreezeTest, ADenyingFreezeWinsOverAHoldingOne) {
  freeze(Effect::hold, {Reversibility::reversible});
  freeze(Effect::deny, {Reversibility::reversible});
  w.wait(150);
  EXPECT_EQ(w.look("touch", W::small).reason.code, Code::frozen);
}

}  // namespace
}  // namespace pawl
