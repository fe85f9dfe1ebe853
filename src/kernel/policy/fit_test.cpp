#include <gmock/gmock.h>

#include "base/json.h"
#include "kernel/policy/policy.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Instant kNow = *parse_instant("2026-11-21T08:00:00Z");

std::shared_ptr<const ToolDefinition> tool(std::string_view name, std::string_view schema,
                                           std::string_view annotations = "") {
  const json::Document arguments = schema.empty() ? json::Document() : *json::parse(schema);
  const json::Document hints = annotations.empty() ? json::Document() : *json::parse(annotations);
  auto definition = definition_of("", name, arguments.root(), hints.root());
  EXPECT_TRUE(definition.has_value()) << schema;
  return std::make_shared<const ToolDefinition>(std::move(*definition));
}

BoundTool bound(const std::shared_ptr<const Policy>& policy, std::string_view name,
                std::string_view schema, std::string_view annotations = "") {
  const ToolRule* entry = policy->find("", name);
  EXPECT_NE(entry, nullptr);
  return bind(*policy, *entry, tool(name, schema, annotations), kNow);
}

std::shared_ptr<const Policy> load(std::string_view lines) {
  const Loaded loaded = sample::load(sample::entry(lines));
  EXPECT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  return loaded.policy;
}

constexpr std::string_view kOrder =
    R"({"type":"object","properties":{
        "order_id":{"type":"string"},
        "status":{"type":"string","enum":["cancelled","refunded","processing","shipped"]},
        "note":{"type":"string","maxLength":5000},
        "amount":{"type":"number"},
        "tags":{"type":"array","items":{"type":"string"}},
        "customer":{"type":"object","properties":{"email":{"type":"string"}}},
        "edits":{"type":"array","items":{"type":"object","properties":{"path":{"type":"string"}}}}
      },"required":["order_id"]})";

TEST(Fit, TheFirstPolicyBindsToItsTools) {
  const Loaded loaded = sample::load(sample::seed);
  ASSERT_NE(loaded.policy, nullptr);
  constexpr std::string_view kUpdate =
      R"({"type":"object","properties":{"order_id":{"type":"string"},"status":{"type":"string"}}})";
  const BoundTool update = bound(loaded.policy, "update_order_status", kUpdate);
  EXPECT_THAT(update.misfits, IsEmpty()) << sample::said(update.misfits);
  EXPECT_EQ(to_string(update.action_class), "reversible small");
  ASSERT_THAT(update.arguments, SizeIs(1));
  EXPECT_EQ(to_string(update.arguments[0].path), "status");
  EXPECT_EQ(update.arguments[0].plural, "");
  EXPECT_THAT(update.named, ElementsAre("status"));
  const BoundTool read = bound(loaded.policy, "read_customer_record",
                               R"({"type":"object","properties":{"id":{"type":"string"}}})");
  EXPECT_THAT(read.misfits, IsEmpty());
  EXPECT_EQ(read.action_class.reversibility, Reversibility::read_only);
  const BoundTool mail = bound(loaded.policy, "send_customer_email",
                               R"({"type":"object","properties":{"to":{"type":"string"}}})");
  EXPECT_THAT(mail.misfits, IsEmpty());
  EXPECT_EQ(mail.action_class.reversibility, Reversibility::irreversible);
  EXPECT_EQ(mail.action_class.blast, Blast::small);
}

TEST(Fit, WithoutADefinitionTheNameIsAllThatIsKnown) {
  const Loaded loaded = sample::load(sample::seed);
  const ToolRule* entry = loaded.policy->find("", "update_order_status");
  const BoundTool bare = bind(*loaded.policy, *entry, nullptr, kNow);
  EXPECT_EQ(to_string(bare.action_class), "reversible small");
  EXPECT_EQ(bare.arguments.at(0).plural, "statuses");
  EXPECT_EQ(bare.definition, nullptr);
  EXPECT_THAT(bare.misfits, IsEmpty());
}

TEST(Fit, WithoutASchemaThePluralStays) {
  const BoundTool b = bound(load("constraints: {allowed_statuses: [a]}\n"), "tool", "");
  EXPECT_THAT(b.misfits, IsEmpty());
  EXPECT_EQ(b.arguments.at(0).plural, "statuses");
}

struct Misfit {
  std::string_view lines, says;
};
constexpr Misfit kMisfits[] = {
    {"args: {statsu: x}", "6:14: `tool` has no argument `statsu`: did you mean `status`?\n"},
    {"args: {customer.mail: x}",
     "6:14: `tool` has no argument `customer.mail`: did you mean `email`?\n"},
    {"args: {edits.path: {max_length: 5}}", ""},
    {"args:\n  edits[].path: {max_length: 5}", ""},
    {"args: {edits.file: {max_length: 5}}", "6:14: `tool` has no argument `edits.file`\n"},
    {"args: {amount: {matches: a}}",
     "6:23: `matches` cannot be checked on `amount` of `tool`, which is of type number\n"},
    {"args: {status: {max: 5}}",
     "6:23: `max` cannot be checked on `status` of `tool`, which is of type string\n"},
    {"args: {status: {max_items: 5}}",
     "6:23: `max_items` cannot be checked on `status` of `tool`, which is of type string\n"},
    {"args: {tags: {prefix: a, max_items: 3}}", ""},
    {"args: {tags: [a, b]}", ""},
    {"args: {tags: [1]}",
     "6:14: no value can match: `tags` of `tool` cannot have any of the values listed\n"},
    {"args: {status: [canceled]}",
     "6:14: no value can match: `status` of `tool` cannot have any of the values listed\n"},
    {"args: {status: [canceled, refunded]}", ""},
    {"args: {amount: true}",
     "6:14: no value can match: `amount` of `tool` cannot have any of the values listed\n"},
    {"args: {amount: {in: [1, 2.5], max: 3}}", ""},
    {"constraints: {max_amounts: 5}", ""},
    {"constraints: {max_amount: 5, min_amount: 1}", ""},
};

TEST(Fit, WhatDoesNotFitTheSchema) {
  for (const Misfit& row : kMisfits) {
    const BoundTool b = bound(load(row.lines), "tool", kOrder);
    std::string says;
    for (const Error& error : b.misfits) says += to_string(error).substr(7) + "\n";
    EXPECT_EQ(says, row.says) << row.lines;
  }
}

TEST(Fit, APluralThatBindsToNothingNamesTheCandidates) {
  const BoundTool b = bound(load("constraints: {allowed_colours: [a]}\n"), "tool", kOrder);
  ASSERT_THAT(b.misfits, SizeIs(1));
  EXPECT_THAT(to_string(b.misfits[0]), ::testing::StartsWith("p.yaml:6:21: `allowed_colours` of "));
}

TEST(Fit, APluralJoinsTheRuleOfItsArgument) {
  const BoundTool b = bound(load("args: {status: {prefix: re, required: false}}\n"
                                 "constraints: {allowed_statuses: [refunded]}\n"),
                            "tool", kOrder);
  EXPECT_THAT(b.misfits, IsEmpty()) << sample::said(b.misfits);
  ASSERT_THAT(b.arguments, SizeIs(1));
  EXPECT_THAT(b.arguments[0].checks, SizeIs(2));
  EXPECT_FALSE(b.arguments[0].required);
}

// Schemas that permit arguments which they do not list, and say so or list none.
constexpr std::string_view kPermitsMore[] = {
    "{}",
    "true",
    R"({"type":"object"})",
    R"({"type":"object","properties":{}})",
    R"({"type":"object","additionalProperties":true})",
    R"({"type":"object","additionalProperties":{}})",
    R"({"type":"object","additionalProperties":{"type":"string"}})",
    R"({"type":"object","patternProperties":{"^m":{}},"additionalProperties":false})",
    R"({"properties":{"other":{"type":"string"}},"additionalProperties":true})",
    R"({"properties":{"other":{}},"patternProperties":{".":{"type":"string"}}})",
    R"({"properties":{"other":{}},"unevaluatedProperties":true})",
};

std::string refused_by(const BoundTool& bound, std::string_view arguments) {
  const auto call = json::parse(arguments);
  std::vector<Rewrite> rewrites;
  for (const ArgumentRule& rule : bound.arguments) {
    const auto wrong = evaluate(rule, call->root(), bound.shape(), {}, rewrites);
    if (wrong) return wrong->argument + " " + wrong->says;
  }
  const auto wrong = evaluate_unnamed(call->root(), bound.shape(), bound.named, bound.entry->rule);
  return wrong ? wrong->argument + " " + wrong->says : std::string();
}

TEST(Fit, WhereTheSchemaPermitsMoreWhatThePolicyNamesIsSent) {
  const std::string unnamed = "is not an argument that the tool's schema or the policy names";
  for (const std::string_view schema : kPermitsMore) {
    const BoundTool by_args = bound(load("args: {message: {max_length: 5}}\n"), "tool", schema);
    EXPECT_THAT(by_args.misfits, IsEmpty()) << schema << sample::said(by_args.misfits);
    EXPECT_EQ(refused_by(by_args, R"({"message":"short"})"), "") << schema;
    EXPECT_THAT(refused_by(by_args, R"({"message":"longer"})"), ::testing::HasSubstr("message "));
    EXPECT_EQ(refused_by(by_args, R"({"message":"short","more":1})"), "more " + unnamed) << schema;
    EXPECT_NE(refused_by(by_args, R"({"Message":"short"})"), "") << schema;
    EXPECT_NE(refused_by(by_args, "{}"), "") << schema;

    const BoundTool none = bound(load("class: read_only\n"), "tool", schema);
    EXPECT_EQ(refused_by(none, R"({"message":"short"})"), "message " + unnamed) << schema;

    const BoundTool plural =
        bound(load("constraints: {allowed_messages: [a, b]}\n"), "tool", schema);
    EXPECT_THAT(plural.misfits, IsEmpty()) << schema << sample::said(plural.misfits);
    EXPECT_EQ(refused_by(plural, R"({"message":"a"})"), "") << schema;
    EXPECT_EQ(refused_by(plural, R"({"messages":["a","b"]})"), "") << schema;
    EXPECT_NE(refused_by(plural, R"({"message":"c"})"), "") << schema;
    EXPECT_NE(refused_by(plural, R"({"message":"a","messages":["a"]})"), "") << schema;
    EXPECT_NE(refused_by(plural, R"({"more":"a"})"), "") << schema;

    const BoundTool both = bound(load("args: {message: {max_length: 5}}\n"
                                      "constraints: {allowed_messages: [a, b]}\n"),
                                 "tool", schema);
    EXPECT_THAT(both.misfits, IsEmpty()) << schema << sample::said(both.misfits);
    ASSERT_THAT(both.arguments, SizeIs(1)) << schema;
    EXPECT_EQ(refused_by(both, R"({"message":"b"})"), "") << schema;
    EXPECT_NE(refused_by(both, R"({"message":"c"})"), "") << schema;

    const BoundTool read =
        bound(load("args: {message: {max_length: 9}}\n"
                   "cases: [{if: 'has(args.message) && args.message != \"x\"', then: hold}]\n"),
              "tool", schema);
    EXPECT_THAT(read.misfits, IsEmpty()) << schema << sample::said(read.misfits);
  }
}

TEST(Fit, WhereItDoesNotAnotherNameIsAMistake) {
  for (const std::string_view schema :
       {R"({"type":"object","additionalProperties":false})",
        R"({"type":"object","properties":{},"unevaluatedProperties":false})",
        R"({"properties":{"other":{"type":"string"}}})",
        R"({"properties":{"other":{}},"additionalProperties":false})"}) {
    for (const char* lines :
         {"args: {message: {max_length: 5}}\n", "constraints: {allowed_messages: [a]}\n"}) {
      EXPECT_THAT(bound(load(lines), "tool", schema).misfits, SizeIs(1)) << schema << lines;
    }
  }
}

TEST(Fit, ALineOfCommandsIsFoundWhereTheSchemaPermitsIt) {
  constexpr std::string_view kAny = R"({"type":"object"})";
  const BoundTool by_name = bound(load("commands: [{run: [ls]}]\n"), "tool", kAny);
  EXPECT_THAT(by_name.misfits, IsEmpty()) << sample::said(by_name.misfits);
  EXPECT_EQ(by_name.command_line, "");
  const BoundTool stated =
      bound(load("commands: {of: args.line, rows: [{run: [ls]}]}\n"), "tool", kAny);
  EXPECT_THAT(stated.misfits, IsEmpty()) << sample::said(stated.misfits);
  EXPECT_EQ(stated.command_line, "line");
  EXPECT_THAT(stated.named, ElementsAre("line"));
}

TEST(Fit, RecordsThatCannotBeCounted) {
  constexpr std::string_view kDelete =
      R"({"type":"object","properties":{"table":{"type":"string"},"where":{"type":"string"},
          "ids":{"type":"array","items":{"type":"string"}},
          "tags":{"type":"array","items":{"type":"string"}}}})";
  const BoundTool guess =
      bound(load("class: irreversible large\nmax_records_per_run: 10\n"), "tool", kDelete);
  ASSERT_THAT(guess.misfits, SizeIs(1));
  EXPECT_THAT(to_string(guess.misfits[0]),
              ::testing::StartsWith("p.yaml:7:7: the records of `tool` cannot be counted: "));
  const BoundTool stated = bound(
      load("class: irreversible large\nmax_records_per_run: 10\nrecords: 10\n"), "tool", kDelete);
  EXPECT_THAT(stated.misfits, IsEmpty()) << sample::said(stated.misfits);
}

TEST(Fit, CountersAddNumbersAndTellSumsApartBySingleValues) {
  const auto misfit = [](std::string_view counter) -> std::string {
    const auto policy = load("counters: [{per: run, max: 5, " + std::string(counter) + "}]\n");
    if (policy == nullptr) return "does not load";
    const BoundTool tool = bound(policy, "tool", kOrder);
    return tool.misfits.empty() ? "" : tool.misfits.front().message;
  };
  EXPECT_EQ(misfit("add: args.amount"), "");
  EXPECT_EQ(misfit("add: args.amount, by: args.order_id"), "");
  EXPECT_EQ(misfit("add: args.amount, by: args.customer.email"), "");
  EXPECT_EQ(misfit("add: size(args.order_id)"), "");
  EXPECT_EQ(misfit("add: args.amont"),
            "`tool` has no argument `amont`, which a counter adds up: did you mean `amount`?");
  EXPECT_EQ(misfit("add: args.note"),
            "a counter cannot add up `note` of `tool`, which is of type string");
  EXPECT_EQ(misfit("add: args.tags"),
            "a counter cannot add up `tags` of `tool`, which is of type array");
  EXPECT_EQ(misfit("add: 'args.tags[]'"),
            "a counter cannot add up `tags[]` of `tool`, which is of type string");
  EXPECT_EQ(
      misfit("by: args.customer"),
      "a counter cannot tell its sums apart by `customer` of `tool`, which is of type object");
  EXPECT_EQ(misfit("add: 'args.edits[].path'"),
            "a counter cannot add up `edits[].path` of `tool`, which is of type string");
  EXPECT_EQ(misfit("by: args.edits.path"),
            "`edits.path` of `tool` is in a list: a counter adds up all elements of it with `[]`, "
            "and cannot tell sums apart by one");
  EXPECT_NE(misfit("add: args.amount + args.amount"), "")
      << "fractions are added up by no expression";
}

TEST(Fit, AStatedClassBelowWhatTheServerSays) {
  constexpr std::string_view kDestructive = R"({"destructiveHint":true,"readOnlyHint":false})";
  const std::string entry = "class: reversible small\n";
  const BoundTool without = bound(load(entry), "tool", kOrder, kDestructive);
  ASSERT_THAT(without.misfits, SizeIs(1));
  EXPECT_EQ(without.misfits[0].at.line, 6U);
  EXPECT_TRUE(without.action_class.reversibility == Reversibility::irreversible);

  const std::string text =
      sample::entry(entry) +
      "accept_risk: [{rule: tools/tool/class, reason: r, owner: o, until: 2026-12-01}]\n";
  const Loaded accepted = sample::load(text);
  ASSERT_NE(accepted.policy, nullptr) << sample::said(accepted.errors);
  const BoundTool with = bound(accepted.policy, "tool", kOrder, kDestructive);
  EXPECT_THAT(with.misfits, IsEmpty()) << sample::said(with.misfits);
  EXPECT_EQ(with.action_class.reversibility, Reversibility::reversible);
  const BoundTool later =
      bind(*accepted.policy, accepted.policy->tools[0], tool("tool", kOrder, kDestructive),
           *parse_instant("2026-12-02T00:00:00Z"));
  EXPECT_THAT(later.misfits, SizeIs(1));
}

TEST(Fit, ARiskOfOneNameIsNotTheRiskOfTheOthers) {
  const std::string text =
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\ntools:\n  allowed:\n"
      "    - {name: [tool_a, tool_b], class: reversible small}\naccept_risk:\n";
  constexpr std::string_view kDestructive = R"({"destructiveHint":true})";
  const auto misfits = [&](std::string_view path, std::string_view name) {
    const Loaded loaded = sample::load(
        text + fmt::format("  - {{rule: {}, reason: r, owner: o, until: 2027-01-01}}\n", path));
    EXPECT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
    return bound(loaded.policy, name, kOrder, kDestructive).misfits.size();
  };
  EXPECT_EQ(misfits("tools/tool_a|tool_b/class", "tool_b"), 0U);
  EXPECT_EQ(misfits("tools/tool_a/class", "tool_a"), 0U);
  EXPECT_EQ(misfits("tools/tool_a/class", "tool_b"), 1U);
}

}  // namespace
}  // namespace pawl
