// What `check` says about rules that do not do what they seem to: each lint with a policy that has
// the mistake, and with one that has not.
#include <gmock/gmock.h>

#include "analysis/check/check.h"
#include "base/json.h"

namespace pawl {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Instant kLintNow = *parse_instant("2026-11-21T08:00:00Z");

ToolDefinition lint_tool(std::string_view name, std::string_view properties,
                         std::string_view required = "[]") {
  const auto parsed = json::parse(R"({"type":"object","properties":)" + std::string(properties) +
                                  R"(,"required":)" + std::string(required) + "}");
  EXPECT_TRUE(parsed) << properties;
  return *definition_of("", name, parsed->root(), json::View());
}

std::vector<std::string> texts(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const Finding& one : findings) out.push_back(to_string(one.at) + ": " + one.message);
  return out;
}

std::string file(std::string_view entry, std::string_view more) {
  return "version: 1\nagent: {id: a, identity: a@x, owner: o}\n" + std::string(more) +
         "tools:\n  allowed:\n    - {name: do_it, " + std::string(entry) + "}\n";
}

std::vector<std::string> findings(std::string_view entry, std::span<const ToolDefinition> live = {},
                                  std::string_view more = "") {
  const Loaded loaded = load_policy(file(entry, more), "p.yaml", {});
  EXPECT_THAT(loaded.errors, IsEmpty()) << to_string(loaded.errors.front()) << "\n" << entry;
  return texts(check(loaded, nullptr, live, kLintNow, false).findings);
}

TEST(Lints, ConditionsThatTheEntrysOwnConstraintsDecide) {
  const auto never = [](std::string_view args, std::string_view condition) {
    return findings("class: read_only, args: {" + std::string(args) + "}, if: '" +
                    std::string(condition) + "'");
  };
  const auto is_never = Contains(HasSubstr("is never true (the entry's own constraints"));
  const auto is_always = Contains(HasSubstr("is always true (the entry's own constraints"));
  const auto nothing = Not(Contains(HasSubstr(" true (")));
  EXPECT_THAT(never("x: [open, done]", "args.x == \"gone\""), is_never);
  EXPECT_THAT(never("x: [open, done]", "args.x in [\"gone\", \"lost\"]"), is_never);
  EXPECT_THAT(never("x: [open, done]", "args.x != \"gone\""), is_always);
  EXPECT_THAT(never("x: [open, done]", "args.x in [\"done\", \"open\", \"gone\"]"), is_always);
  EXPECT_THAT(never("x: [open, done]", "args.x == \"open\""), nothing);
  EXPECT_THAT(never("x: [open, done], x.y: [1]", "args.x == \"open\""), nothing);
  EXPECT_THAT(never("n: {max: 10}", "args.n > 10"), is_never);
  EXPECT_THAT(never("n: {max: 10}", "args.n >= 10"), nothing);
  EXPECT_THAT(never("n: {max: 10}", "10 < args.n"), is_never);
  EXPECT_THAT(never("n: {min: 2, max: 10}", "args.n >= 2"), is_always);
  EXPECT_THAT(never("n: {min: 2, max: 10}", "args.n == 1"), is_never);
  EXPECT_THAT(never("n: {min: 2, max: 10}", "args.n <= 9.5"), nothing);
  EXPECT_THAT(never("n: {not_in: [13]}", "args.n == 13"), is_never);
  EXPECT_THAT(never("x: [open]", "has(args.x)"), is_always);
  EXPECT_THAT(never("x: {in: [open], required: false}", "has(args.x)"), nothing);
}

// Where an argument may be missing, its comparison fails, and that is no truth.
TEST(Lints, WhatFailsIsNotAlwaysTrue) {
  const std::string_view x = "args: {x: {in: [open], required: false}}, class: read_only, ";
  const auto with = [&](std::string_view rest) {
    return findings(std::string(x) + std::string(rest));
  };
  EXPECT_THAT(with("if: 'args.x == \"open\"'"), Not(Contains(HasSubstr("always true"))));
  EXPECT_THAT(with("if: 'args.x == \"gone\"'"), Contains(HasSubstr("so every call is denied")));
  // It stops where it fails, so it is not never true.
  EXPECT_THAT(with("requires_approval: 'args.x == \"gone\"'"),
              Not(Contains(HasSubstr("never true"))));
}

TEST(Lints, PartsThatContradictEachOther) {
  const auto with = [](std::string_view condition) {
    return findings("class: read_only, if: '" + std::string(condition) + "'");
  };
  const auto never = Contains(HasSubstr("contradict it), so every call is denied"));
  EXPECT_THAT(with("args.x == \"a\" && args.x == \"b\""), never);
  EXPECT_THAT(with("args.n > 5 && args.n < 5"), never);
  EXPECT_THAT(with("args.n > 5 && args.n <= 5"), never);
  EXPECT_THAT(with("args.x in [\"a\", \"b\"] && !(args.x == \"a\") && args.x != \"b\""),
              Not(IsEmpty()));
  EXPECT_THAT(with("args.n >= 5 && args.n <= 5"), Not(never));
  EXPECT_THAT(with("args.x == \"a\" || args.x == \"b\""), Not(never));
  EXPECT_THAT(with("args.x == \"a\" && args.y == \"b\""), Not(never));
  EXPECT_THAT(with("agent == \"b\""), never);
  EXPECT_THAT(with("env == \"production\""), never);
  EXPECT_THAT(findings("class: read_only, if: 'env == \"staging\"'", {}, "environment: staging\n"),
              Contains(HasSubstr("is always true (whatever a call says), so it denies nothing")));
}

TEST(Lints, ConditionsThatTheSchemaDecides) {
  const std::vector<ToolDefinition> live = {
      lint_tool("do_it", R"({"x":{"type":"string","enum":["open","done"]},"y":{"type":"string"}})",
                R"(["x"])")};
  const auto with = [&](std::string_view rest) {
    return findings("class: read_only, args: {y: {required: false}}, " + std::string(rest), live);
  };
  EXPECT_THAT(with("if: 'args.x in [\"open\", \"done\"]'"),
              Contains(HasSubstr("is always true (the schema of `do_it`")));
  EXPECT_THAT(with("if: 'args.x == \"open\"'"), Not(Contains(HasSubstr(" true ("))));
  EXPECT_THAT(with("cases: [{if: 'has(args.x)'}]"),
              Contains(HasSubstr("so the case applies to every call")));
}

TEST(Lints, CasesThatNeverDecide) {
  const auto with = [](std::string_view cases) {
    return findings("class: read_only, args: {s: [a, b]}, else: notify, cases: [" +
                    std::string(cases) + "]");
  };
  const auto shadowed = Contains(HasSubstr("never decides: the one in line"));
  EXPECT_THAT(with("{if: args.n > 1, then: deny}, {if: args.n > 1, then: hold}"), shadowed);
  EXPECT_THAT(with("{if: args.n > 1}, {if: args.n > 1}"), shadowed);
  EXPECT_THAT(with("{if: 'args.n > 1 && args.m == 2'}, {if: args.n > 1}"), shadowed);
  EXPECT_THAT(with("{if: {s: [a]}, then: deny}, {if: {s: [a]}}"), shadowed);
  EXPECT_THAT(with("{if: 'args.n > 1 && args.m == 2', then: deny}, {if: args.n > 1}"),
              Not(shadowed));
  EXPECT_THAT(with("{if: args.n > 1, then: hold}, {if: args.n > 1, class: reversible small}"),
              Not(shadowed))
      << "it says the class";
  EXPECT_THAT(with("{if: {s: [c]}}"), Contains(HasSubstr("no value of `s` is left for this case")));
  EXPECT_THAT(with("{if: {s: [a]}}"), Not(Contains(HasSubstr("is left for this case"))));
}

TEST(Lints, ValuesThatNoCallCanHave) {
  const std::vector<ToolDefinition> live = {
      lint_tool("do_it", R"({"x":{"type":"string","enum":["open","done"]}})", R"(["x"])")};
  EXPECT_THAT(
      findings("class: read_only, args: {x: [open, gone]}", live),
      Contains(HasSubstr("`\"gone\"` is listed for `x`, and the schema of `do_it` has no")));
  EXPECT_THAT(findings("class: read_only, args: {x: [open, done]}", live),
              Not(Contains(HasSubstr("is listed for"))));
}

TEST(Lints, AbsentArgumentsByTheServersOwnWords) {
  const std::vector<ToolDefinition> live = {lint_tool(
      "do_it",
      R"({"ns":{"type":"string","description":"Namespace. If not provided, all namespaces."},
                        "n":{"type":"string","description":"All names are welcome"}})")};
  const auto open = findings("class: read_only, args: {n: {required: false}}", live);
  EXPECT_THAT(open,
              Contains(HasSubstr("`ns` is optional in `do_it`, and by the server's own words")));
  EXPECT_THAT(open, Not(Contains(HasSubstr("`n` is optional"))));
  EXPECT_THAT(findings("class: read_only, args: {ns: [a], n: {required: false}}", live),
              Not(Contains(HasSubstr("is optional"))));
}

TEST(Lints, ExamplesThatShowNothing) {
  const std::vector<ToolDefinition> live = {
      lint_tool("do_it", R"({"x":{"type":"string","enum":["open"]}})", R"(["x"])")};
  const std::string_view entry =
      "class: read_only, args: {x: [open]}, examples: {allow: [{x: open}, {x: open}], deny: [{x: "
      "gone}]}";
  EXPECT_THAT(findings(entry, live), Contains(HasSubstr("shows nothing any more: the schema of")));
  EXPECT_THAT(findings(entry), Contains(HasSubstr("says again what the one in line 5 says")));
  EXPECT_THAT(findings(entry), Not(Contains(HasSubstr("shows nothing"))));
}

TEST(Lints, NamesThatNeverDecide) {
  const std::vector<ToolDefinition> live = {lint_tool("do_it", "{}"), lint_tool("do_that", "{}")};
  const Loaded loaded = load_policy(
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\ntools:\n  allowed:\n"
      "    - {name: 'do_*', class: reversible small}\n"
      "    - {name: [do_it, do_that], class: reversible small}\n",
      "p.yaml", {});
  ASSERT_NE(loaded.policy, nullptr);
  EXPECT_THAT(texts(check(loaded, nullptr, live, kLintNow, false).findings),
              Contains(HasSubstr("p.yaml:5:7: `do_*` never decides")));
}

// The errors of a policy in a deployment where `leads` are one person.
std::vector<std::string> errors_with_people(const std::string& text) {
  const Loaded loaded = load_policy(text, "p.yaml", {});
  EXPECT_THAT(loaded.errors, IsEmpty()) << to_string(loaded.errors.front());
  const Deployment people =
      *load_deployment("people: {ada: {groups: [leads]}, default_reviewers: [leads]}\n", "d.yaml")
           .deployment;
  std::vector<std::string> errors;
  for (const Error& error : check(loaded, &people, {}, kLintNow, false).errors) {
    errors.push_back(to_string(error));
  }
  return errors;
}

TEST(Lints, RowsThatHoldNeedPeopleToo) {
  const std::string text = file(
      "class: irreversible small, commands: [{run: [ls], class: read_only}, {run: [rm], then: "
      "hold, "
      "approval: {by: [unknown-group]}}]",
      "");
  EXPECT_THAT(errors_with_people(text),
              Contains(HasSubstr("`unknown-group`, who is to answer for `do_it`")));
}

TEST(Lints, FreezesThatHoldNeedPeopleToo) {
  const auto with = [](std::string_view freeze) {
    return errors_with_people(file("class: reversible small",
                                   "approval: {reviewers: [leads], quorum: 2}\n"
                                   "autonomy: {default: established}\nfreeze: [{name: f, " +
                                       std::string(freeze) + ", stop: [reversible]}]\n"));
  };
  const std::string soon = "from: 2098-01-01T00:00:00Z, until: 2099-01-01T00:00:00Z";
  EXPECT_THAT(with(soon + ", then: hold"), Contains(HasSubstr("needs 2 persons")));
  EXPECT_THAT(with(soon + ", then: hold, env: [production]"), IsEmpty());
  EXPECT_THAT(with(soon), IsEmpty()) << "it denies";
  EXPECT_THAT(with("from: 2020-01-01T00:00:00Z, until: 2020-02-01T00:00:00Z, then: hold"),
              IsEmpty());
}

TEST(Lints, ChannelsAreNoNamedPerson) {
  const auto with = [](std::string_view via) {
    return findings("class: read_only", {},
                    "escalation: {contacts: [{name: On call, via: '" + std::string(via) + "'}]}\n");
  };
  EXPECT_THAT(with("slack:#oncall"), Contains(HasSubstr("reaches only channels")));
  EXPECT_THAT(with("slack:@ada"), Not(Contains(HasSubstr("reaches only channels"))));
  EXPECT_THAT(with("command: notify #oncall"), Not(Contains(HasSubstr("reaches only channels"))));
}

TEST(Lints, WhatMayBeAskedFor) {
  const std::string_view more =
      "may_request: [{name: export, args: {rows: {max: 9}}, by: [leads], for: 1h}]\n";
  const std::vector<ToolDefinition> live = {lint_tool("do_it", "{}"),
                                            lint_tool("export", R"({"lines":{}})")};
  const Loaded loaded = load_policy(file("class: read_only", more), "p.yaml", {});
  const CheckReport report = check(loaded, nullptr, live, kLintNow, false);
  ASSERT_FALSE(report.errors.empty());
  EXPECT_THAT(report.errors.front().message, HasSubstr("`export` has no argument `rows`"));
}

// With the lock in place of a server: what it does not accept is no surprise.
TEST(Lints, TheSameAgainstTheLock) {
  const std::vector<ToolDefinition> accepted = {
      lint_tool("other", "{}"), lint_tool("do_it", R"({"x":{"enum":["open"]}})", R"(["x"])")};
  const Loaded loaded = load_policy(file("class: read_only, args: {x: [open, gone]}", "") +
                                        "    - {name: not_accepted_yet, class: read_only}\n",
                                    "p.yaml", {});
  ASSERT_NE(loaded.policy, nullptr);
  const CheckReport report = check(loaded, nullptr, accepted, kLintNow, false, KnownBy::accepted);
  EXPECT_THAT(texts(report.findings), Contains(HasSubstr("is listed for `x`")));
  EXPECT_THAT(texts(report.findings), Not(Contains(HasSubstr("no server offers"))));
  EXPECT_TRUE(std::ranges::any_of(
      report.table, [](const CheckReport::Row& row) { return row.tool == "not_accepted_yet"; }));
}

TEST(Lints, ConditionsThatLetMoreThroughThanTheySeem) {
  const auto anywhere = Contains(HasSubstr("is found anywhere in the text"));
  EXPECT_THAT(findings(R"(if: 'args.x.matches("a@b[.]c")')"), anywhere);
  EXPECT_THAT(findings(R"(if: 'args.x.matches("^a|b$")')"), anywhere);
  EXPECT_THAT(findings(R"(if: 'args.x.matches("^(a|b)$")')"), Not(anywhere));
  EXPECT_THAT(findings(R"(if: '!args.x.matches("evil")')"), Not(anywhere));
  EXPECT_THAT(findings(R"(cases: [{if: 'args.x.matches("evil")', then: deny}], else: notify)"),
              Not(anywhere));
  EXPECT_THAT(findings(R"(cases: [{if: '!args.x.matches("good")', then: deny}], else: notify)"),
              anywhere);
  const auto holds_for = [](std::string_view text) {
    return Contains(HasSubstr("`" + std::string(text) + "`"));
  };
  EXPECT_THAT(findings(R"(if: 'args.x.matches("@myco.example")')"),
              holds_for("evil@myco.example.evil"));
  EXPECT_THAT(findings(R"(if: 'args.x.matches("myco.example$")')"), holds_for("evilmyco.example"));
  EXPECT_THAT(findings(R"(if: 'args.x.endsWith("myco.example")')"), holds_for("evilmyco.example"));
  EXPECT_THAT(findings(R"(if: 'args.x.startsWith("https://myco.example")')"),
              holds_for("https://myco.example.evil"));
  EXPECT_THAT(findings(R"(if: 'args.x.contains("@myco.example")')"),
              holds_for("evil@myco.example.evil"));
  const auto also = Contains(HasSubstr("also holds for"));
  for (const std::string_view fine :
       {R"(if: 'args.x.endsWith("@myco.example") && !args.x.contains("a.b")')",
        R"(if: 'args.x.startsWith("refs/heads/agent/")')", R"(if: 'args.x.startsWith("ORD")')",
        R"(cases: [{if: 'args.x.endsWith("evil.example")', then: deny}], else: notify)"}) {
    EXPECT_THAT(findings(fine), Not(also)) << fine;
  }
  const auto empty = Contains(HasSubstr("`all` is true for an empty list: `size(args.to) > 0"));
  EXPECT_THAT(findings(R"(if: 'args.to.all(t, t == "a")')"), empty);
  EXPECT_THAT(findings(R"(if: 'size(args.to) > 0 && args.to.all(t, t == "a")')"), Not(empty));
  EXPECT_THAT(findings(R"(args: {to: {max_items: 3}}, if: 'args.to.all(t, t == "a")')"),
              Not(empty));
  EXPECT_THAT(findings(R"(args: {to: {min_items: 0}}, if: 'args.to.all(t, t == "a")')"), empty);
}

}  // namespace
}  // namespace pawl
