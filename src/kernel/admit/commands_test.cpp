// The stage of command lines: what reaches the verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/admit/explain.h"
#include "kernel/admit/test_world.h"
#include "kernel/policy/commands.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kPolicy =
    "version: 1\n"
    "agent: {id: agent, identity: agent@myco.iam, owner: o}\n"
    "approval: {reviewers: [all, leads], within: 10m}\n"
    "freeze: [{name: f, from: 2030-01-01T00:00, until: 2030-01-02T00:00, zone: UTC, "
    "stop: [irreversible], then: deny}]\n"
    "tools:\n"
    "  allowed:\n"
    "    - name: shell\n"
    "      args: {cwd: {under: /srv, required: false}}\n"
    "      programs: [/usr/bin]\n"
    "      commands:\n"
    "        - {run: [ls], class: read_only}\n"
    "        - {run: [cp], class: reversible small, writes: {under: /srv}}\n"
    "        - {run: [rm], class: irreversible small, writes: true}\n"
    "        - {run: [push], class: reversible large, approval: {by: [leads], quorum: 2, "
    "within: 5m}, say: look at it}\n"
    "        - {run: [pull], class: reversible small, approval: {by: [others]}}\n"
    "        - {run: [sudo], then: deny, say: never, instead: ask}\n"
    "        - run: [\"git push\"]\n"
    "          writes: true\n"
    "          cases:\n"
    "            - {if: 'cmd.remote == \"origin\" && !cmd.force && cmd.refs.all(r, "
    "r.startsWith(\"refs/heads/agent/\"))', class: reversible small}\n"
    "            - {if: 'cmd.force || cmd.delete', then: deny, instead: \"a new branch\"}\n"
    "          else: hold\n"
    "        - {run: [npm], class: reversible small, cases: [{if: 'cmd.subcommand == \"test\"', "
    "then: notify}]}\n"
    "      else: deny\n";

class CommandStage : public testing::Test {
 protected:
  CommandStage() {
    LoadSources sources;
    sources.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
    const Loaded loaded = load_policy(kPolicy, "p.yaml", sources);
    for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
    policy_ = loaded.policy;
    RunOpened opened;
    opened.run = opened.key = "r";
    opened.agent = "agent";
    opened.identity = "agent@myco.iam";
    opened.sponsor = "s";
    EXPECT_TRUE(state_.apply({state_.next_seq(), Instant{}, 0, opened}));
  }

  Verdict look(std::string_view arguments, Instant now = Instant{}) {
    document_ = *json::parse(arguments);
    bound_ = std::make_unique<BoundTool>(bind(*policy_, policy_->tools[0], nullptr, now));
    call_ = Call{"", "shell", document_.root()};
    return admit({.policy = *policy_,
                  .state = state_,
                  .run = *state_.run("r"),
                  .call = call_,
                  .tool = bound_.get(),
                  .facts = facts_,
                  .now = now});
  }
  Verdict line(std::string_view text) {
    json::Writer out;
    return look(out.object().key("command").string(text).end().text());
  }

  std::shared_ptr<const Policy> policy_;
  State state_;
  Facts facts_;
  json::Document document_;
  std::unique_ptr<BoundTool> bound_;
  Call call_;
};

TEST_F(CommandStage, TheClassIsThatOfTheRows) {
  EXPECT_EQ(line("ls").effect, Effect::allow);
  EXPECT_EQ(to_string(line("ls").action_class), "read_only");
  EXPECT_EQ(to_string(line("ls; cp /srv/a /srv/b").action_class), "reversible small");
  const Verdict removed = line("ls; rm x");
  EXPECT_EQ(removed.effect, Effect::hold);  // the table of class and stage
  EXPECT_EQ(to_string(removed.action_class), "irreversible small");
  EXPECT_THAT(removed.question->why, HasSubstr("irreversible small"));
}

TEST_F(CommandStage, TheFreezeSeesTheClassOfTheLine) {
  const Instant frozen = *parse_instant("2030-01-01T12:00:00Z");
  json::Writer a, b;
  EXPECT_EQ(look(a.object().key("command").string("rm x").end().text(), frozen).reason.code,
            Code::frozen);
  EXPECT_EQ(look(b.object().key("command").string("ls").end().text(), frozen).effect,
            Effect::allow);
}

TEST_F(CommandStage, ARowAsksItsOwnPeople) {
  const Verdict v = line("push x");
  ASSERT_EQ(v.effect, Effect::hold);
  EXPECT_EQ(v.question->reviewers, std::vector<std::string>{"leads"});
  EXPECT_EQ(v.question->quorum, 2);
  EXPECT_EQ(v.question->within, Duration::seconds(300));
  EXPECT_EQ(v.reason.rule->path, "tools/shell/commands/3");
  EXPECT_THAT(v.reason.says, HasSubstr("look at it"));
  // No reviewer may answer for both.
  const Verdict both = line("push x; pull y");
  EXPECT_EQ(both.effect, Effect::deny);
  EXPECT_THAT(both.reason.says, HasSubstr("different reviewers"));
}

TEST_F(CommandStage, ARowDeniesInItsOwnWords) {
  const Verdict v = line("ls; sudo ls; push x");
  EXPECT_EQ(v.effect, Effect::deny);
  EXPECT_EQ(v.reason.code, Code::constraint);
  EXPECT_EQ(v.reason.rule->path, "tools/shell/commands/5");
  EXPECT_EQ(v.reason.argument, "command");
  const std::string text = denial_text(v, call_, bound_->entry);
  EXPECT_THAT(text, HasSubstr("a row denies the 2nd of 4 commands (p.yaml:16); never"));
  EXPECT_THAT(text, HasSubstr("instead: ask"));
}

TEST_F(CommandStage, WhatStandsBesideTheLineIsNamedOrRefused) {
  EXPECT_EQ(look(R"({"command":"ls","description":"x","timeout":5})").effect, Effect::allow);
  EXPECT_EQ(look(R"({"command":"ls","cwd":"/srv/x"})").effect, Effect::allow);
  for (const std::string_view call :
       {R"({"command":"ls","env":{"LD_PRELOAD":"x"}})", R"({"command":"ls","shell":"/tmp/sh"})",
        R"({"command":"ls","stdin":"id"})", R"({"command":"ls","script":"id"})",
        R"({"command":"ls","args":["x"]})", R"({"command":"ls","sandbox":false})",
        R"({"command":"ls","Cwd":"/etc"})", R"({"command":"ls","cwd":"/etc"})",
        R"({"command":["ls"]})", R"({"command":null})", R"({"Command":"ls"})", R"({})"}) {
    const Verdict v = look(call);
    EXPECT_EQ(v.effect, Effect::deny) << call;
    EXPECT_EQ(v.reason.code, Code::constraint) << call;
  }
}

TEST_F(CommandStage, RelativeTargetsStartAtTheWorkingDirectory) {
  EXPECT_EQ(look(R"({"command":"cp a b","cwd":"/srv/x"})").effect, Effect::allow);
  EXPECT_EQ(look(R"({"command":"cp a b"})").effect, Effect::deny);
  EXPECT_EQ(look(R"({"command":"cp a ../../etc/b","cwd":"/srv/x"})").effect, Effect::deny);
}

TEST_F(CommandStage, ProgramsAreJudgedByWhereTheyAre) {
  facts_.programs_known = true;
  EXPECT_EQ(line("ls").effect, Effect::deny);  // nowhere
  facts_.programs = {{"ls", "/usr/bin/ls", "/usr/bin/ls"}};
  EXPECT_EQ(line("ls").effect, Effect::allow);
  facts_.programs = {{"ls", "/tmp/ls", "/tmp/ls"}};
  EXPECT_EQ(line("ls").effect, Effect::deny);
  facts_.programs = {{"ls", "/usr/bin/ls", "/tmp/ls"}};
  EXPECT_EQ(line("ls").effect, Effect::deny);
  EXPECT_EQ(line("/tmp/sudo x").reason.rule->path, "tools/shell/commands/5");
}

TEST_F(CommandStage, CasesOfARowSeeTheCommand) {
  const Verdict own = line("git push origin agent/x");
  EXPECT_EQ(own.effect, Effect::allow) << own.reason.says;
  EXPECT_EQ(to_string(own.action_class), "reversible small");
  EXPECT_EQ(line("git push origin main").effect, Effect::hold);
  EXPECT_EQ(line("git push origin HEAD").effect, Effect::hold);
  EXPECT_EQ(line("git push").effect, Effect::hold);
  for (const std::string_view text :
       {"git push --force origin agent/x", "git push -uf origin agent/x",
        "git push origin +agent/x", "git push origin :agent/x", "git push --del origin agent/x",
        "ls; git push -f", "bash -c 'git push --force-with-lease origin agent/x'"}) {
    const Verdict v = line(text);
    EXPECT_EQ(v.effect, Effect::deny) << text;
    EXPECT_EQ(v.reason.rule->path, "tools/shell/commands/6/cases/2") << text;
    EXPECT_THAT(denial_text(v, call_, bound_->entry), HasSubstr("instead: a new branch"));
  }
  // What is not known before the line runs fails where it grants, and stops where it stops.
  const Verdict unknown = line("git push origin \"agent/$x\"");
  EXPECT_EQ(unknown.effect, Effect::deny);
  EXPECT_EQ(line("npm test").effect, Effect::notify);
  EXPECT_EQ(line("npm run x").effect, Effect::deny);  // no case, and no `else`
  EXPECT_EQ(line("npm run x").reason.rule->path, "tools/shell/commands/7");
}

// The words of an approval are bound to rows and programs.
TEST_F(CommandStage, AnApprovalIsForTheseProgramsOnly) {
  line("push x");
  const auto bound = [&] {
    return to_string(binding_of(*policy_, *bound_, *state_.run("r"), call_, facts_));
  };
  const std::string before = bound();
  EXPECT_EQ(before, bound());
  facts_.programs = {{"push", "/tmp/push", "/tmp/push"}};
  EXPECT_NE(before, bound());
}

}  // namespace
}  // namespace pawl
