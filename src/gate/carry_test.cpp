// Approvals that do not carry over: what one caller was granted is nothing to any other run, agent,
// server, text, slice of the policy or definition, and nothing a second time. Each test ends with
// the caller who was granted it, so that a gate which approves nothing does not pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <crash/gate_world.h>
#include "kernel/definition/definition.h"

namespace pawl::crash {
namespace {

constexpr const char* carry_policy = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - {name: put_note, class: reversible small}
    - {name: [post/send_mail, bulk/send_mail], class: irreversible small, requires_approval: true}
    - {name: send_mail, class: irreversible small, requires_approval: true}
approval: {reviewers: [leads], within: 5m}
)";

class GateCarry : public ::testing::Test {
 protected:
  GateCarry() : world(carry_policy) {
    world.start();
    mine = world.open("mine");
  }
  Asked::Wanted mail(const std::string& run) const {
    return {.run = run, .tool = "send_mail", .arguments = R"({"to":"a"})"};
  }
  Asked& ask(Asked::Wanted wanted) {
    Asked& asked = world.ask(std::move(wanted));
    world.settle();
    return asked;
  }
  // A question of my run that was approved while its caller was away.
  std::string granted(Asked::Wanted wanted) {
    Asked& asked = ask(std::move(wanted));
    EXPECT_FALSE(asked.done());
    asked.leave();
    world.settle();
    EXPECT_TRUE(world.approve(asked.approval));
    EXPECT_EQ(phase(asked.approval), "approved");
    return asked.approval;
  }
  std::string granted() { return granted(mail(mine)); }
  // It waits for a person like any other call, under a question of its own.
  void expect_held(const Asked& asked, const std::string& not_this) {
    EXPECT_FALSE(asked.done());
    EXPECT_NE(asked.approval, not_this);
    EXPECT_FALSE(asked.approval.empty());
    EXPECT_TRUE(world.server.executed.empty());
  }
  // The client that was granted it comes back, and it runs for it: once.
  void expect_still_mine(const std::string& approval) {
    EXPECT_EQ(phase(approval), "approved");
    Asked& back = ask(mail(mine));
    ASSERT_TRUE(back.done());
    EXPECT_EQ(back.reply->kind, Settled::Kind::result);
    EXPECT_EQ(phase(approval), "consumed");
    ASSERT_EQ(world.server.executed.size(), 1u);
    EXPECT_EQ(world.server.executed[0].run, mine);
    EXPECT_TRUE(world.gate->state().consistent());
  }
  std::string phase(const std::string& approval) const {
    return std::string(to_string(world.gate->state().approval(approval)->phase));
  }
  std::shared_ptr<const Policy> changed(const std::string& from, const std::string& to) const {
    std::string text(carry_policy);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos);
    return world.load(text.replace(at, from.size(), to));
  }
  World world;
  std::string mine;
};

TEST_F(GateCarry, NotToAnotherRunOfTheSameAgentAndPerson) {
  const std::string approval = granted();
  const std::string theirs = world.open("theirs");
  ASSERT_NE(theirs, mine);
  expect_held(ask(mail(theirs)), approval);
  expect_still_mine(approval);
}

TEST_F(GateCarry, NotToAnotherAgentThatAsksForTheSame) {
  const std::string approval = granted();
  const auto theirs = changed("{id: agent, identity: agent@x", "{id: it, identity: it@x");
  const auto opened = world.gate->runs.open(
      {.key = "theirs", .sponsor = "sam", .client = "test", .policy = theirs});
  ASSERT_TRUE(opened) << opened.error().message;
  expect_held(ask(mail(*opened)), approval);
  expect_still_mine(approval);
}

TEST_F(GateCarry, NotToAClientThatOnlyKnowsTheNumberOfTheQuestion) {
  const std::string approval = granted();
  Asked::Wanted wanted = mail(world.open("theirs"));
  wanted.resumes = approval;
  expect_held(ask(std::move(wanted)), approval);
  // … and not while it is open, where the other one would take the place of its caller.
  Asked& open = ask({.run = mine, .tool = "send_mail", .arguments = R"({"to":"b"})"});
  open.leave();
  world.settle();
  Asked::Wanted stolen{.run = world.open("third"),
                       .tool = "send_mail",
                       .arguments = R"({"to":"b"})",
                       .resumes = open.approval};
  expect_held(ask(std::move(stolen)), open.approval);
  expect_still_mine(approval);
}

TEST_F(GateCarry, NotToTheToolOfThatNameOfAnotherServer) {
  Asked::Wanted here = mail(mine), there = mail(mine);
  here.server = "post";
  there.server = "bulk";
  const std::string approval = granted(here);
  expect_held(ask(there), approval);
  EXPECT_EQ(ask(here).reply->kind, Settled::Kind::result);
  EXPECT_EQ(phase(approval), "consumed");
}

TEST_F(GateCarry, NotToOtherArguments) {
  const std::string approval = granted();
  for (const char* arguments : {R"({"to":"b"})", R"({"to":"A"})", R"({"to":"a "})",
                                R"({"to":["a"]})", R"({"to":"a","bcc":"a"})", "{}"}) {
    expect_held(ask({.run = mine, .tool = "send_mail", .arguments = arguments}), approval);
  }
  expect_still_mine(approval);
}

TEST_F(GateCarry, NotASecondTime) {
  const std::string approval = granted();
  expect_still_mine(approval);
  Asked& again = ask(mail(mine));
  EXPECT_FALSE(again.done());
  EXPECT_NE(again.approval, approval);
  Asked::Wanted resumed = mail(mine);
  resumed.resumes = approval;
  EXPECT_FALSE(ask(std::move(resumed)).done());
  EXPECT_EQ(world.server.executed.size(), 1u);
}

// What decides this tool was changed to something stricter, which counts at once.
TEST_F(GateCarry, NotToAnotherSliceOfThePolicy) {
  const auto stricter = changed("- {name: send_mail, class: irreversible small,",
                                "- {name: send_mail, args: {to: {in: [a, b]}}, class: "
                                "irreversible small,");
  const std::string approval = granted();
  ASSERT_EQ(world.gate->policies.offer_policy(stricter).size(), 1u);
  Asked& again = ask(mail(mine));
  expect_held(again, approval);
  ASSERT_TRUE(world.approve(again.approval));
  world.settle();
  ASSERT_TRUE(again.done());
  EXPECT_EQ(again.reply->kind, Settled::Kind::result);
}

TEST_F(GateCarry, NotToAnotherSliceWhileItsCallerWaits) {
  const auto stricter = changed("- {name: send_mail, class: irreversible small,",
                                "- {name: send_mail, args: {to: {in: [a, b]}}, class: "
                                "irreversible small,");
  Asked& asked = ask(mail(mine));
  const std::string approval = asked.approval;
  ASSERT_EQ(world.gate->policies.offer_policy(stricter).size(), 1u);
  (void)world.approve(approval);
  world.settle();
  expect_held(asked, approval);
  EXPECT_EQ(phase(approval), "withdrawn");
  ASSERT_TRUE(world.approve(asked.approval));
  world.settle();
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.reply->kind, Settled::Kind::result);
}

// What only decides other tools says nothing about this one.
TEST_F(GateCarry, AnotherToolsRuleTakesNothingBack) {
  const std::string approval = granted();
  const auto stricter = changed("    - {name: put_note, class: reversible small}\n", "");
  ASSERT_EQ(world.gate->policies.offer_policy(stricter).size(), 1u);
  expect_still_mine(approval);
}

TEST_F(GateCarry, NotToAnotherDefinitionOfTheTool) {
  const auto pinned = [this](std::string_view text) {
    ToolDefinition tool = *definition_of("", "send_mail", {}, {});
    tool.text = text;
    tool.digest = sha256(text);
    Asked::Wanted wanted = mail(mine);
    wanted.pin = world.gate->policies.pin(mine, tool, false, {});
    wanted.definition = std::make_shared<const ToolDefinition>(tool);
    return wanted;
  };
  const std::string approval = granted(pinned(R"({"name":"send_mail"})"));
  // No person accepted it: refused, whatever was approved.
  Asked& other = ask(pinned(R"({"name":"send_mail","title":"other"})"));
  ASSERT_TRUE(other.done());
  EXPECT_EQ(other.reply->code, Code::tool_changed);
  EXPECT_TRUE(world.server.executed.empty());
  // Without a pin it is another question.
  expect_held(ask(mail(mine)), approval);
  EXPECT_EQ(ask(pinned(R"({"name":"send_mail"})")).reply->kind, Settled::Kind::result);
}

}  // namespace
}  // namespace pawl::crash
