// Which changes of expressions and cases are stricter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kernel/strictness/strictness.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const Policy> load_conditions(const std::string& entry,
                                              const std::string& approval = "") {
  const std::string text = "version: 1\nagent: {id: a, identity: a@x, owner: o}\n" + approval +
                           "tools:\n  allowed:\n    - name: tool\n      class: reversible small\n" +
                           entry;
  Loaded loaded = load_policy(text, "p.yaml", {});
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error) << "\n" << text;
  return loaded.policy;
}
std::string change(const std::string& before, const std::string& after) {
  const auto was = load_conditions(before);
  const auto is = load_conditions(after);
  return laxer_text(laxer_parts(*was, *is), 99);
}

const std::string kIf = "      if: args.amount < 5\n";
const std::string kAsk = "      requires_approval: args.amount > 3\n";
const std::string kCases =
    "      cases:\n        - {if: args.a == 1}\n"
    "        - {if: args.b == 1, then: hold}\n";

TEST(StricterConditions, TheSameTextIsEqual) {
  for (const std::string& text : {kIf, kAsk, kCases, kIf + kAsk + kCases}) {
    EXPECT_EQ(change(text, text), "");
  }
}

TEST(StricterConditions, WhatOnlyStopsMore) {
  EXPECT_EQ(change("", kIf), "");
  EXPECT_EQ(change("", kAsk), "");
  EXPECT_EQ(change(kAsk, "      requires_approval: true\n"), "");
  EXPECT_EQ(change("", kCases), "");
  EXPECT_EQ(change(kCases, kCases + "        - {if: args.c == 1, then: deny}\n"), "");
  EXPECT_EQ(change("      else: hold\n" + kCases, "      else: deny\n" + kCases), "");
}

TEST(StricterConditions, EverythingElseIsLaxer) {
  EXPECT_THAT(change(kIf, ""), HasSubstr("`if`"));
  EXPECT_THAT(change(kIf, "      if: args.amount < 4\n"), HasSubstr("`if`"));
  EXPECT_THAT(change(kAsk, ""), HasSubstr("`requires_approval`"));
  EXPECT_THAT(change("      requires_approval: true\n", kAsk), HasSubstr("approval"));
  EXPECT_THAT(change(kCases, ""), HasSubstr("a case"));
  EXPECT_THAT(change(kCases, kCases + "        - {if: args.c == 1}\n"), HasSubstr("is new"));
  // Nothing matched such a call before, so it was denied.
  EXPECT_THAT(change(kCases, kCases + "        - {if: args.c == 1, then: hold}\n"),
              HasSubstr("is new"));
  EXPECT_THAT(change("", kCases + "        - {if: args.c == 1, class: reversible large}\n"),
              HasSubstr("another class"));
  EXPECT_THAT(change("      else: deny\n" + kCases, "      else: hold\n" + kCases),
              HasSubstr("`else`"));
  EXPECT_THAT(change("      max_records_per_run: 5\n      records: size(args.a)\n",
                     "      max_records_per_run: 5\n      records: size(args.b)\n"),
              HasSubstr("`records`"));
}

TEST(StricterConditions, WhatReviewersTypeMayOnlyBeAdded) {
  const std::string ask = "      approval: {by: [x]}\n";
  const std::string name = "      approval: {by: [x], typed: true}\n";
  const std::string text = "      approval: {by: [x], typed: args.id}\n";
  EXPECT_EQ(change(ask, name), "");
  EXPECT_EQ(change(ask, text), "");
  EXPECT_EQ(change(text, text), "");
  EXPECT_THAT(change(name, ask), HasSubstr("types something else"));
  EXPECT_THAT(change(text, name), HasSubstr("types something else"));
  EXPECT_THAT(change(text, "      approval: {by: [x], typed: args.note}\n"),
              HasSubstr("types something else"));
}

TEST(StricterConditions, CredentialsByArgumentMayOnlyBeFewer) {
  const auto with = [](std::string_view credential) {
    LoadSources sources;
    sources.credentials = {"x", "y"};
    const std::string text =
        "version: 1\nagent: {id: a, identity: a@x, owner: o}\ntools: {allowed: [{name: tool, "
        "class: "
        "read_only, credential: " +
        std::string(credential) + "}]}\n";
    return load_policy(text, "p.yaml", sources).policy;
  };
  const auto both = with("{of: args.c, a: x, b: y}");
  const auto fewer = with("{of: args.c, a: x}");
  const auto other = with("{of: args.c, a: y}");
  const auto elsewhere = with("{of: args.d, a: x}");
  const auto one = with("x");
  ASSERT_TRUE(both && fewer && other && elsewhere && one);
  EXPECT_EQ(laxer_text(laxer_parts(*both, *fewer), 9), "");
  EXPECT_THAT(laxer_text(laxer_parts(*fewer, *both), 9), HasSubstr("credential"));
  EXPECT_THAT(laxer_text(laxer_parts(*fewer, *other), 9), HasSubstr("credential"));
  EXPECT_THAT(laxer_text(laxer_parts(*fewer, *elsewhere), 9), HasSubstr("credential"));
  EXPECT_THAT(laxer_text(laxer_parts(*fewer, *one), 9), HasSubstr("credential"));
  EXPECT_THAT(laxer_text(laxer_parts(*one, *fewer), 9), HasSubstr("credential"));
}

TEST(StricterConditions, WhatMayBeAskedForMayOnlyBecomeLess) {
  const auto with = [](std::string_view lines) {
    return load_conditions("", lines.empty() ? "" : "may_request: [" + std::string(lines) + "]\n");
  };
  const auto laxer = [&](std::string_view was, std::string_view is) {
    return laxer_text(laxer_parts(*with(was), *with(is)), 9);
  };
  const std::string_view one =
      "{name: export, args: {rows: {max: 100}}, by: [x], for: 1h, "
      "max_calls: 2}";
  EXPECT_EQ(laxer(one, one), "");
  EXPECT_EQ(laxer(one, ""), "");
  EXPECT_EQ(laxer(one, "{name: export, args: {rows: {max: 9}}, by: [x], for: 1m, max_calls: 1}"),
            "");
  EXPECT_THAT(laxer("", one), HasSubstr("may be asked for"));
  for (const std::string_view wider :
       {"{name: export, args: {rows: {max: 101}}, by: [x], for: 1h, max_calls: 2}",
        "{name: export, by: [x], for: 1h, max_calls: 2}",
        "{name: export, args: {rows: {max: 100}}, by: [x], for: 2h, max_calls: 2}",
        "{name: export, args: {rows: {max: 100}}, by: [x], for: 1h}",
        "{name: export, args: {rows: {max: 100}}, by: [y], for: 1h, max_calls: 2}",
        "{name: [export, dump], args: {rows: {max: 100}}, by: [x], for: 1h, max_calls: 2}"}) {
    EXPECT_THAT(laxer(one, wider), HasSubstr("may be asked for")) << wider;
  }
}

TEST(StricterConditions, RoutesAreComparedByTheirTexts) {
  const auto with = [](const std::string& to) {
    return load_conditions(
        "      requires_approval: true\n",
        "approval: {reviewers: [a], route: [{if: args.x == 1, to: [" + to + "]}]}\n");
  };
  EXPECT_EQ(laxer_text(laxer_parts(*with("b"), *with("b"))), "");
  EXPECT_THAT(laxer_text(laxer_parts(*with("b"), *with("c"))), HasSubstr("route"));
}

TEST(StricterConditions, BoundsOfCasesAreComparedByTheirValues) {
  const auto with = [](const std::string& bound) {
    return "      cases:\n        - {if: args.a == 1" + bound + "}\n";
  };
  EXPECT_EQ(change(with(", max_x: 5"), with(", max_x: 5")), "");
  EXPECT_EQ(change(with(", max_x: 5"), with(", max_x: 4")), "");
  EXPECT_EQ(change(with(""), with(", max_x: 5")), "");
  EXPECT_EQ(change(with(", max_x: 5"), with(", max_x: 5, max_y: 1")), "");
  EXPECT_THAT(change(with(", max_x: 5"), with(", max_x: 6")), HasSubstr("a case"));
  EXPECT_THAT(change(with(", max_x: 5"), with("")), HasSubstr("a case"));
  EXPECT_THAT(change(with(", max_x: 5"), with(", max_y: 5")), HasSubstr("a case"));
}

TEST(StricterCounters, ASmallerCeilingALongerWindowOneMore) {
  const auto with = [](const std::string& rest, const std::string& add = "args.amount") {
    return "      counters: {c: {add: " + add + ", " + rest + "}}\n";
  };
  const std::string day = with("per: 1d, max: 5");
  EXPECT_EQ(change(day, day), "");
  EXPECT_EQ(change("", day), "");
  EXPECT_EQ(change(day, with("per: 1d, max: 4.99")), "");
  EXPECT_EQ(change(day, with("per: 2d, max: 5")), "");
  EXPECT_EQ(change(day, with("per: agent, window: 1d, max: 5")), "") << "another spelling";
  EXPECT_THAT(change(day, ""), HasSubstr("is gone"));
  EXPECT_THAT(change(day, with("per: 1d, max: 5.01")), HasSubstr("at most 5 and is 5.01"));
  EXPECT_THAT(change(day, with("per: 12h, max: 5")), HasSubstr("forgets after 12h"));
  EXPECT_THAT(change(day, with("per: run, max: 5")), HasSubstr("something else"));
  EXPECT_THAT(change(day, with("per: 1d, by: args.x, max: 5")), HasSubstr("something else"));
  EXPECT_THAT(change(day, with("per: 1d, max: 5", "args.other")), HasSubstr("something else"));
  EXPECT_THAT(change(day, "      counters: {d: {add: args.amount, per: 1d, max: 5}}\n"),
              HasSubstr("begin at zero"));
  const std::string list = "      counters: [{add: args.amount, per: 1d, max: 5}]\n";
  EXPECT_EQ(
      change(list, "      counters: [{per: run, max: 1}, {add: args.amount, per: 24h, max: 5}]\n"),
      "");
}

}  // namespace
}  // namespace pawl
