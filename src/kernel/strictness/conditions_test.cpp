// Which changes of expressions and cases are stricter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kernel/strictness/strictness.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const Policy> load(const std::string& entry, const std::string& approval = "") {
  const std::string text = "version: 1\nagent: {id: a, identity: a@x, owner: o}\n" + approval +
                           "tools:\n  allowed:\n    - name: tool\n      class: reversible small\n" +
                           entry;
  Loaded loaded = load_policy(text, "p.yaml", {});
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error) << "\n" << text;
  return loaded.policy;
}
std::string change(const std::string& before, const std::string& after) {
  const auto was = load(before);
  const auto is = load(after);
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

TEST(StricterConditions, RoutesAreComparedByTheirTexts) {
  const auto with = [](const std::string& to) {
    return load("      requires_approval: true\n",
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
              HasSubstr("begin anew"));
  const std::string list = "      counters: [{add: args.amount, per: 1d, max: 5}]\n";
  EXPECT_EQ(
      change(list, "      counters: [{per: run, max: 1}, {add: args.amount, per: 24h, max: 5}]\n"),
      "");
}

}  // namespace
}  // namespace pawl
