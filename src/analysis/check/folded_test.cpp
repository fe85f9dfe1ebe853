// Findings of one kind are one; `scope` against output schemas; risks that change nothing.
#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

#include "analysis/check/check.h"
#include "analysis/check/describe.h"
#include "base/json.h"

namespace pawl {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Instant kFoldedNow = *parse_instant("2026-11-21T08:00:00Z");

ToolDefinition offered(std::string_view text) {
  const auto parsed = json::parse(text);
  EXPECT_TRUE(parsed) << text;
  auto made = parse_definition(parsed->root(), "");
  EXPECT_TRUE(made) << text;
  return *std::move(made);
}

ToolDefinition returning(std::string_view name, std::string_view schema) {
  return offered(R"({"name":")" + std::string(name) + R"(","inputSchema":{"type":"object"},)" +
                 R"("outputSchema":)" + std::string(schema) + "}");
}

CheckReport report_of(std::string_view rest, std::vector<ToolDefinition> live = {}) {
  const std::string text =
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\n" + std::string(rest);
  const Loaded loaded = load_policy(text, "p.yaml", {});
  EXPECT_THAT(loaded.errors, IsEmpty()) << to_string(loaded.errors.front()) << "\n" << text;
  return check(loaded, nullptr, live, kFoldedNow, false);
}

std::vector<std::string> said(const CheckReport& report) {
  std::vector<std::string> out;
  for (const Finding& one : report.findings) out.push_back(to_string(one.at) + ": " + one.message);
  return out;
}

std::vector<std::string> errors(const CheckReport& report) {
  std::vector<std::string> out;
  for (const Error& one : report.errors) out.push_back(to_string(one));
  return out;
}

TEST(Folded, FindingsOfOneKindAreOneThatNamesAll) {
  std::string tools = "tools:\n  allowed:\n";
  for (int i = 0; i < 12; ++i) {
    tools += "    - {name: send_" + std::to_string(i) + ", class: irreversible small}\n";
  }
  const CheckReport report = report_of(tools + "autonomy: {default: new}\n");
  const auto held = std::ranges::find_if(
      report.findings, [](const Finding& one) { return one.message.contains("has no reviewer"); });
  ASSERT_NE(held, report.findings.end());
  EXPECT_THAT(held->message, HasSubstr("`send_0`, `send_1`, "));
  EXPECT_THAT(held->message, HasSubstr("`send_7` and 4 more: a held call has no reviewer: "));
  EXPECT_THAT(held->message, HasSubstr("`pawl reviewers add NAME`"));
  EXPECT_EQ(held->at.line, 5U);
  EXPECT_EQ(held->about.size(), 12U);
  EXPECT_EQ(std::ranges::count_if(
                report.findings,
                [](const Finding& one) { return one.message.contains("has no reviewer"); }),
            1);
}

TEST(Folded, WhatDiffersStaysApart) {
  const auto found = said(report_of(
      "tools:\n  allowed:\n    - {name: send_a, approval: {by: [ada]}}\n    - {name: send_b, "
      "approval: {by: [bob]}}\n"));
  EXPECT_THAT(found, Contains(HasSubstr("`ada` is not known")));
  EXPECT_THAT(found, Contains(HasSubstr("`bob` is not known")));
  EXPECT_THAT(found,
              Contains(HasSubstr("`send_a` as `irreversible small external_sink`, `send_b` as")));
}

TEST(Folded, WhatTheOwnerLeavesOpenInWritingIsMeant) {
  const std::vector<ToolDefinition> live = {offered(
      R"({"name":"list_it","inputSchema":{"type":"object","properties":{
        "a":{"type":"string","description":"Namespace. If not provided, all namespaces."},
        "b":{"type":"string","description":"Kind. If omitted, every kind."}}}})")};
  const std::string entry = "tools:\n  allowed:\n    - {name: list_it, class: read_only";
  const auto both = said(report_of(entry + "}\n", live));
  EXPECT_THAT(both, Contains(HasSubstr("`a` of `list_it`, `b` of `list_it`: optional, and by the "
                                       "server's own words")));
  const auto meant = Contains(HasSubstr("server's own words"));
  EXPECT_THAT(said(report_of(entry + ", args: {a: [x], b: {required: false}}}\n", live)),
              Not(meant));
  EXPECT_THAT(said(report_of(entry + ", args: {a: {in: [x], required: false}, b: y}}\n", live)),
              meant);
}

constexpr std::string_view kRecord = R"({"type":"object","properties":{
    "customer_id":{"type":"string"},
    "orders":{"type":"array","items":{"$ref":"#/$defs/order"}},
    "contact":{"type":"object","properties":{"email":{"type":["string","null"]}}}},
    "$defs":{"order":{"type":"object","properties":{"total":{"type":"number"},
      "next":{"$ref":"#/$defs/order"}}}}})";

std::vector<std::string> scope(std::string_view fields, std::vector<ToolDefinition> live,
                               std::string_view name = "read_it") {
  return errors(report_of("tools:\n  allowed:\n    - name: " + std::string(name) +
                              "\n      class: read_only\n      scope: [" + std::string(fields) +
                              "]\n",
                          std::move(live)));
}

TEST(Folded, AFieldThatNoToolReturnsIsAnError) {
  const std::vector<ToolDefinition> live = {returning("read_it", kRecord)};
  EXPECT_THAT(scope("customer_id, total, contact.email, orders.total, orders.next.total", live),
              IsEmpty());
  EXPECT_THAT(scope("customer_id, totl, contact.mail", live),
              ElementsAre("p.yaml:7:28: `read_it` returns no `totl`, by its own output schema: did "
                          "you mean `total`?",
                          "p.yaml:7:34: `read_it` returns no `contact.mail`, by its own output "
                          "schema: did you mean `email`?"));
  // The name is there, and not there.
  EXPECT_THAT(scope("contact.total", live), ElementsAre(HasSubstr("so nothing comes back for it")));
}

TEST(Folded, ADefinitionWithASlashInItsNameIsFollowed) {
  constexpr std::string_view schema =
      R"({"$ref":"#/$defs/a~1b~0","$defs":{"a/b~":
          {"type":"object","properties":{"id":{"type":"string"}}}}})";
  const std::vector<ToolDefinition> live = {returning("read_it", schema)};
  EXPECT_THAT(scope("id", live), IsEmpty());
  EXPECT_THAT(scope("idd", live), ElementsAre(HasSubstr("returns no `idd`")));
}

TEST(Folded, WhatAnOutputSchemaLeavesOpenIsNoError) {
  const auto open = [](std::string_view schema) {
    return scope("anything", {returning("read_it", schema)});
  };
  for (const std::string_view schema :
       {R"({"type":"object"})", R"({"type":"object","properties":{"a":{}}})",
        R"({"type":"object","properties":{"a":{"type":"object"}}})",
        R"({"type":"object","properties":{"a":{"type":"array"}}})",
        R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":true})",
        R"({"type":"object","properties":{"a":{"$ref":"https://x.example/s"}}})",
        R"({"type":"object","properties":{"a":{"$ref":"#/nowhere"}}})",
        R"({"type":"object","properties":{"a":{"type":"string"}},"patternProperties":{".":{}}})",
        R"({"anyOf":[{"properties":{"a":{"type":"string"}}},{"properties":{"anything":{}}}]})"}) {
    EXPECT_THAT(open(schema), IsEmpty()) << schema;
  }
  for (const std::string_view schema :
       {R"({"type":"object","properties":{"a":{"type":"string"}}})",
        R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false})",
        R"({"type":"object","properties":{"a":{"enum":[1]}, "b":{"const":{}}}})",
        R"({"anyOf":[{"properties":{"a":{"type":"string"}}},{"properties":{"b":false}}]})"}) {
    EXPECT_THAT(open(schema), Not(IsEmpty())) << schema;
  }
  // Of several tools one has to return it, and each has to say what it returns.
  const ToolDefinition other = returning("read_that", R"({"properties":{"x":{"type":"string"}}})");
  const ToolDefinition silent = offered(R"({"name":"read_it","inputSchema":{"type":"object"}})");
  EXPECT_THAT(scope("x, total", {returning("read_it", kRecord), other}, "[read_it, read_that]"),
              IsEmpty());
  EXPECT_THAT(scope("total", {silent, other}, "[read_it, read_that]"), IsEmpty());
  EXPECT_THAT(scope("total", {}), IsEmpty());
}

std::vector<std::string> with_risk(std::string_view entry, std::string_view rule,
                                   std::string_view more = "") {
  return said(
      report_of("tools:\n  allowed:\n    - {name: send_it, " + std::string(entry) +
                    "}\naccept_risk: [{rule: " + std::string(rule) +
                    ", reason: r, owner: o, until: 2027-01-01}]\n" + std::string(more),
                {offered(R"({"name":"send_it","inputSchema":{"type":"object","properties":{"n":{
          "type":"integer"}},"required":["n"]}})")}));
}

TEST(Folded, ARiskThatChangesNothingIsNamedWithWhatWould) {
  const auto nothing = Contains(HasSubstr("is accepted and changes nothing"));
  const std::string asked = "tools/send_it/requires_approval";
  EXPECT_THAT(with_risk("class: irreversible small, requires_approval: false", asked),
              Not(nothing));
  EXPECT_THAT(with_risk("class: irreversible small, requires_approval: args.n > 5", asked),
              Contains(HasSubstr("p.yaml:6:22: the risk `tools/send_it/requires_approval` is "
                                 "accepted and changes nothing: `requires_approval` is an "
                                 "expression, and the decision table asks beside it: a risk counts "
                                 "beside `requires_approval: false`, with `cases: [{if: args.n > "
                                 "5, then: hold}, …]`")));
  EXPECT_THAT(with_risk("class: irreversible small, requires_approval: false", asked,
                        "environment: production\n"),
              Contains(HasSubstr("asked for in production all the same")));
  EXPECT_THAT(with_risk("class: reversible small, requires_approval: false", "tools/send_it/class"),
              Not(nothing));
  EXPECT_THAT(with_risk("class: irreversible small", "tools/send_it/class"),
              Contains(HasSubstr("no less dangerous than what is known of the tool; what asks is "
                                 "the decision table: `requires_approval: false` with the risk "
                                 "`tools/send_it/requires_approval`")));
}

// A description says what a name stands for.
TEST(Folded, ADescriptionWritesNamesOut) {
  const std::string head = "version: 1\nagent: {id: a, identity: a@x, owner: o}\n";
  const auto sentences = [&](const std::string& rest) {
    const Loaded loaded = load_policy(head + rest, "p.yaml", {});
    EXPECT_THAT(loaded.errors, IsEmpty()) << to_string(loaded.errors.front());
    return describe(*loaded.policy, nullptr, kFoldedNow).tools.back().sentences;
  };
  const auto by_name = sentences(
      "sources: {known: [user, {result: read_it.mail}]}\n"
      "fragments: {to: {from: $known}, text: {max_length: 80}}\n"
      "tools: {allowed: [{name: read_it}, {name: send_it, args: {to: $to, body: $text}}]}\n");
  EXPECT_EQ(by_name, sentences("tools: {allowed: [{name: read_it}, {name: send_it, args: {to: "
                               "{from: [user, {result: read_it.mail}]}, body: {max_length: "
                               "80}}}]}\n"));
  EXPECT_THAT(by_name, Contains(HasSubstr("read_it.mail")));
}

}  // namespace
}  // namespace pawl
