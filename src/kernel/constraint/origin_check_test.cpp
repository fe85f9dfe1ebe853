// `from`, `or_from` and `else`: what the facts about origins decide, and what they do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: the short names are what the tests are about
using ::testing::HasSubstr;

const OriginSource kUser;
const OriginSource kMail{"", "read", {"mail"}};

std::optional<Violation> judged(const ArgumentRule& rule, std::string_view arguments,
                                const std::vector<OriginFact>& origins) {
  const json::Document document = parsed(arguments);
  std::vector<Rewrite> rewrites;
  return evaluate(rule, document.root(), nullptr, {}, rewrites, {}, origins);
}

// Looks the values up as the gate does, then judges.
std::optional<Violation> judged(const ArgumentRule& rule, std::string_view arguments,
                                std::string_view words) {
  RunOrigins known({kMail});
  known.add_words(words);
  known.add_result("", "read", "c1", parsed(R"({"mail":["dora@a.example"]})").root());
  const json::Document document = parsed(arguments);
  return judged(rule, arguments, find_origins({&rule, 1}, document.root(), known));
}

ArgumentRule from(std::vector<OriginSource> sources) {
  ArgumentRule rule = rule_of("to", {});
  rule.from = std::move(sources);
  return rule;
}

ArgumentRule listed_or(std::vector<OriginSource> sources) {
  ArgumentRule rule = rule_of("to", {listed(CheckKind::in, {R"("acme")"})});
  rule.or_from = std::move(sources);
  return rule;
}

TEST(Origin, FromAsksForAFactOfOneOfItsSources) {
  const ArgumentRule rule = from({kUser});
  EXPECT_FALSE(judged(rule, R"({"to":"x"})", {{"/to", "", "user", ""}}));
  for (const OriginFact& fact :
       {OriginFact{"/to", "", "read.mail", "c1"}, OriginFact{"/cc", "", "user", ""},
        OriginFact{"/to", "host.example", "user", ""}, OriginFact{"/to/0", "", "user", ""}}) {
    const auto violation = judged(rule, R"({"to":"x"})", {fact});
    ASSERT_TRUE(violation);
    EXPECT_EQ(violation->code, Code::origin);
    EXPECT_FALSE(violation->hold);
  }
}

TEST(Origin, EveryElementOfAListHasToComeFromSomewhere) {
  const ArgumentRule rule = from({kUser, kMail});
  EXPECT_FALSE(judged(rule, R"({"to":["dora@a.example","eve@b.example"]})", "ask eve@b.example"));
  const auto violation =
      judged(rule, R"({"to":["dora@a.example","mallory@c.example"]})", "ask eve@b.example");
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->argument, "to[1]");
  EXPECT_TRUE(judged(rule, R"({"to":{"a":"dora@a.example"}})", ""));
  EXPECT_TRUE(judged(rule, R"({"to":[["dora@a.example"]]})", ""));
  EXPECT_TRUE(judged(rule, R"({})", "dora@a.example"));
  EXPECT_TRUE(judged(rule, R"({"to":true})", "true"));
  EXPECT_TRUE(judged(rule, R"({"to":null})", "null"));
}

TEST(Origin, OrFromStandsInForListsAndNothingElse) {
  ArgumentRule rule = listed_or({kUser});
  EXPECT_FALSE(judged(rule, R"({"to":"acme"})", ""));
  EXPECT_FALSE(judged(rule, R"({"to":"bolt"})", "pay bolt"));
  const auto violation = judged(rule, R"({"to":"dora@a.example"})", "pay bolt");
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->code, Code::origin);
  EXPECT_THAT(violation->says, HasSubstr("what the sponsor said"));
  rule.checks.push_back(counted(CheckKind::max_length, 3));
  const auto longer = judged(rule, R"({"to":"bolt"})", "pay bolt");
  ASSERT_TRUE(longer);
  EXPECT_EQ(longer->code, Code::constraint);
  rule.checks = {listed(CheckKind::not_in, {R"("bolt")"}), listed(CheckKind::in, {R"("a")"})};
  EXPECT_TRUE(judged(rule, R"({"to":"bolt"})", "pay bolt"));
}

TEST(Origin, HoldAsksAPersonForValuesAndNotForForms) {
  ArgumentRule rule = listed_or({kUser});
  rule.otherwise = Effect::hold;
  rule.checks.push_back(counted(CheckKind::max_items, 2));
  const auto held = judged(rule, R"({"to":["bolt","acme"]})", "");
  ASSERT_TRUE(held);
  EXPECT_TRUE(held->hold);
  EXPECT_EQ(held->argument, "to[0]");
  EXPECT_TRUE(judged(rule, R"({"to":["acme","acme","acme"]})", "")->hold);
  for (const char* wrong : {R"({"to":["bolt",["acme"]]})", R"({})", R"({"to":[]})"}) {
    const auto violation = judged(rule, wrong, "");
    ASSERT_TRUE(violation) << wrong;
    EXPECT_FALSE(violation->hold) << wrong;
  }
  ArgumentRule bounded = rule_of("n", {testing_rules::bounded(CheckKind::max, 5)});
  bounded.otherwise = Effect::hold;
  EXPECT_TRUE(judged(bounded, R"({"n":6})", "")->hold);
  EXPECT_FALSE(judged(bounded, R"({"n":9007199254740993})", "")->hold);
  EXPECT_EQ(judged(bounded, R"({"n":6})", "")->code, Code::constraint);
}

TEST(Origin, LinksOfATextMayLeadWhereTheSponsorPointed) {
  ArgumentRule rule = rule_of("to", {texts(CheckKind::hosts_in, {"a.example"})});
  rule.or_from = {kUser};
  const auto text = [](std::string_view inner) {
    return R"({"to":")" + std::string(inner) + "\"}";
  };
  EXPECT_FALSE(judged(rule, text("see https://a.example/x and https://b.example/y"), "b.example"));
  EXPECT_TRUE(judged(rule, text("see https://c.example/x and https://b.example/y"), "b.example"));
  EXPECT_TRUE(judged(rule, text("see https://b.example.c.example/y"), "b.example"));
  EXPECT_TRUE(judged(rule, text("see https://b.example%2ec.example/y"), "b.example"));
  EXPECT_TRUE(judged(rule, text("see https://b.example@c.example/y"), "b.example"));
}

TEST(Origin, DirectoriesAndHostsMayBeThoseThatTheSponsorNamed) {
  ArgumentRule rule =
      rule_of("to", {path_check({.under = {"/srv/ok"}, .not_in = {"*.pem"}, .base = "/work"})});
  rule.or_from = {kUser};
  const std::string words = "tidy up /home/u/app/ and docs/old, see www.b.example";
  for (const char* fine : {R"({"to":"/srv/ok/x"})", R"({"to":"/home/u/app"})",
                           R"({"to":"/home/u/app/a/b/"})", R"({"to":"docs/old/x"})"}) {
    EXPECT_FALSE(judged(rule, fine, words)) << fine;
  }
  for (const char* wrong :
       {R"({"to":"/home/u/app2"})", R"({"to":"/home/u"})", R"({"to":"/home/u/app/k.pem"})",
        R"({"to":"docs/new"})", R"({"to":"/home/u/app/../x"})", R"({"to":"/docs/old"})"}) {
    EXPECT_TRUE(judged(rule, wrong, words)) << wrong;
  }
  Check url = check_of(CheckKind::url);
  UrlCheck only{{}, {}, std::nullopt};
  only.named_only = true;
  url.url = std::make_shared<const UrlCheck>(only);
  ArgumentRule pages = rule_of("to", {compiled(std::move(url))});
  pages.or_from = {kUser};
  EXPECT_FALSE(judged(pages, R"({"to":"https://b.example/x"})", words));
  EXPECT_FALSE(judged(pages, R"({"to":"https://www.b.example/"})", words));
  for (const char* wrong :
       {R"({"to":"https://c.example/x"})", R"({"to":"http://b.example/x"})",
        R"({"to":"https://b.example:8443/x"})", R"({"to":"https://b.example@c.example/"})"}) {
    EXPECT_TRUE(judged(pages, wrong, words)) << wrong;
  }
  Check hosts = check_of(CheckKind::hosts_in);
  hosts.named_only = true;
  ArgumentRule text = rule_of("to", {compiled(std::move(hosts))});
  text.or_from = {kUser};
  EXPECT_FALSE(judged(text, R"({"to":"see b.example/x"})", words));
  EXPECT_FALSE(judged(text, R"({"to":"no link at all"})", words));
  EXPECT_TRUE(judged(text, R"({"to":"see c.example"})", words));
}

TEST(Origin, OnlySoManyValuesOfACallAreLookedUp) {
  std::string arguments = R"({"to":[)";
  for (std::size_t i = 0; i <= origin_lookups_max; ++i) arguments += i == 0 ? "\"a\"" : ",\"a\"";
  arguments += "]}";
  const auto violation = judged(from({kUser}), arguments, "a");
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->argument, "to[" + std::to_string(origin_lookups_max) + "]");
}

TEST(Origin, WhatMayBeMissingMayBeNull) {
  ArgumentRule rule = listed_or({kUser});
  EXPECT_TRUE(judged(rule, R"({"to":null})", ""));
  rule.required = false;
  EXPECT_FALSE(judged(rule, R"({"to":null})", ""));
  EXPECT_TRUE(judged(rule, R"({"to":["acme",null]})", ""));
}

}  // namespace
}  // namespace pawl
