// Rule 6 and threats 5.2: values, types, lists, numbers, lines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: the short names are what the tests are about
using ::testing::HasSubstr;
using ::testing::Not;

const Check status = listed(CheckKind::in, {R"("cancelled")", R"("refunded")"});

std::string fault(const ArgumentRule& rule, std::string_view arguments,
                  const Shape* shape = nullptr) {
  const Outcome out = outcome(rule, arguments, shape);
  if (out.passes()) return "";
  EXPECT_NE(out.violation->rule, nullptr);
  return out.violation->argument + " " + out.violation->says;
}

TEST(Evaluate, EqualityIsOfJsonValues) {
  const ArgumentRule rule = rule_of(
      "x", {listed(CheckKind::in, {"5", R"("6")", "true", "null", "1.5", "18446744073709551615"})});
  for (const char* value : {"5", "5.0", "5e0", "\"6\"", "true", "null", "1.5"}) {
    EXPECT_TRUE(passes(rule, R"({"x":)" + std::string(value) + "}")) << value;
  }
  for (const char* value : {"\"5\"", "6", "false", "\"true\"", "\"null\"", "1.6", "{}", "\"6 \""}) {
    EXPECT_FALSE(passes(rule, R"({"x":)" + std::string(value) + "}")) << value;
  }
}

TEST(Evaluate, LongListsAreExact) {
  std::vector<std::string> values;
  for (int i = 0; i < 1000; ++i) values.push_back("\"v" + std::to_string(i) + "\"");
  const ArgumentRule rule = rule_of("x", {listed(CheckKind::in, values)});
  for (const std::string& value : values) EXPECT_TRUE(passes(rule, R"({"x":)" + value + "}"));
  EXPECT_FALSE(passes(rule, R"({"x":"v1000"})"));
}

TEST(Evaluate, ExcludedValuesCannotBeSpelledAround) {
  const ArgumentRule rule = rule_of("x", {listed(CheckKind::not_in, {R"("main")", R"("k1")"})});
  EXPECT_TRUE(passes(rule, R"({"x":"feature"})"));
  for (const char* value : {"\"main\"", "\"MAIN\"", "\"\\uff4dain\"", "\"\\u212A1\"", "5", "null",
                            "{\"a\":\"main\"}", "[[\"main\"]]"}) {
    EXPECT_FALSE(passes(rule, R"({"x":)" + std::string(value) + "}")) << value;
  }
}

TEST(Evaluate, P04ListsNullsAndObjectsUnderAnElementConstraint) {
  const ArgumentRule rule = rule_of("to", {texts(CheckKind::email_domain, {"a.example"})});
  EXPECT_TRUE(passes(rule, R"({"to":["x@a.example"]})"));
  for (const char* value : {"[]", "null", R"({"address":"x@a.example"})", R"([["x@a.example"]])",
                            R"(["x@a.example",[]])", R"(["x@a.example",null])", "5"}) {
    EXPECT_FALSE(passes(rule, R"({"to":)" + std::string(value) + "}")) << value;
  }
  ArgumentRule loose = rule;
  loose.min_items = 0;
  EXPECT_TRUE(passes(loose, R"({"to":[]})"));
}

TEST(Evaluate, MissingFailsUnlessOptional) {
  ArgumentRule rule = rule_of("status", {status});
  EXPECT_EQ(fault(rule, "{}"), "status is missing");
  EXPECT_THAT(fault(rule, R"({"Status":"cancelled"})"), HasSubstr("nearly"));
  rule.required = false;
  EXPECT_TRUE(passes(rule, "{}"));
  EXPECT_TRUE(passes(rule, R"({"status":null})"));
  EXPECT_FALSE(passes(rule, R"({"status":[null]})"));
  EXPECT_THAT(fault(rule, R"({"\uff53tatus":"shipped"})"), HasSubstr("nearly"));
  EXPECT_FALSE(passes(rule_of("status", {status}), "[]"));
}

TEST(Evaluate, PathsReachIntoListsAndObjects) {
  const ArgumentRule rule = rule_of("edits[].path", {status});
  EXPECT_TRUE(passes(rule, R"({"edits":[{"path":"refunded"},{"path":"cancelled"}]})"));
  EXPECT_EQ(fault(rule, R"({"edits":[{"path":"refunded"},{"path":"x"}]})"),
            "edits[1].path is not one of the allowed values");
  EXPECT_EQ(fault(rule, R"({"edits":[{"path":"refunded"},{}]})"), "edits[1].path is missing");
  EXPECT_EQ(fault(rule, R"({"edits":[]})"), "edits is an empty list");
  EXPECT_EQ(fault(rule, R"({"edits":{"path":"refunded"}})"), "edits must be a list");
  EXPECT_EQ(fault(rule, R"({"edits":[[{"path":"refunded"}]]})"),
            "edits[0] holds a list inside a list");
  EXPECT_EQ(fault(rule, R"({"edits":[{"path":["refunded","x"]}]})"),
            "edits[0].path[1] is not one of the allowed values");
  const ArgumentRule implied = rule_of("edits.path", {status});
  EXPECT_FALSE(passes(implied, R"({"edits":[{"path":"refunded"},{"path":"x"}]})"));
  EXPECT_TRUE(passes(implied, R"({"edits":{"path":"refunded"}})"));
  const ArgumentRule square = rule_of("m[][]", {bounded(CheckKind::max, 3)});
  EXPECT_TRUE(passes(square, R"({"m":[[1,2],[3]]})"));
  EXPECT_EQ(fault(square, R"({"m":[[1,2],[3,4]]})"), "m[1][1] is above the maximum of 3");
  EXPECT_EQ(fault(square, R"({"m":[[1,[2]]]})"), "m[0][1] holds a list inside a list");
}

TEST(Evaluate, CountsOfItems) {
  const ArgumentRule most = rule_of("to", {counted(CheckKind::max_items, 2)});
  EXPECT_TRUE(passes(most, R"({"to":"a"})"));
  EXPECT_TRUE(passes(most, R"({"to":["a","b"]})"));
  EXPECT_EQ(fault(most, R"({"to":["a","b","c"]})"), "to has more than 2 items");
  EXPECT_FALSE(passes(most, R"({"to":[["a","b","c"]]})")) << "nesting hides nothing";
  const ArgumentRule least = rule_of("to", {counted(CheckKind::min_items, 2)});
  EXPECT_FALSE(passes(least, R"({"to":"a"})"));
  EXPECT_TRUE(passes(least, R"({"to":["a","b"]})"));
  ArgumentRule stated = rule_of("to", {});
  stated.min_items = 2;
  EXPECT_FALSE(passes(stated, R"({"to":["a"]})"));
  const ArgumentRule leaves = rule_of("a[].b", {counted(CheckKind::max_items, 3)});
  EXPECT_FALSE(passes(leaves, R"({"a":[{"b":[1,2]},{"b":[3,4]}]})"));
}

TEST(Evaluate, MaxItemsZeroAsksForAbsence) {
  const ArgumentRule none = rule_of("bcc", {counted(CheckKind::max_items, 0)});
  EXPECT_TRUE(passes(none, "{}"));
  EXPECT_TRUE(passes(none, R"({"bcc":[]})"));
  EXPECT_FALSE(passes(none, R"({"bcc":["a"]})"));
  EXPECT_FALSE(passes(none, R"({"bcc":""})"));
  EXPECT_FALSE(passes(none, R"({"BCC":["a"]})"));
}

TEST(Evaluate, P05NumbersBeyondDoublesNeedAnIntegerSchema) {
  const Shape integer = shape_of(R"({"id":{"type":"integer"}})");
  const Shape number = shape_of(R"({"id":{"type":"number"}})");
  const ArgumentRule deny = rule_of("id", {listed(CheckKind::not_in, {"9007199254740992"})});
  const std::string call = R"({"id":9007199254740993})";
  EXPECT_TRUE(passes(deny, call, &integer));
  EXPECT_FALSE(passes(deny, R"({"id":9007199254740992})", &integer));
  for (const Shape* shape : {static_cast<const Shape*>(nullptr), &number}) {
    const Outcome out = outcome(deny, call, shape);
    ASSERT_FALSE(out.passes());
    EXPECT_EQ(out.violation->code, Code::ambiguous_request);
  }
  const ArgumentRule most = rule_of("id", {bounded(CheckKind::max, 9007199254740993)});
  EXPECT_TRUE(passes(most, call, &integer));
  EXPECT_FALSE(passes(most, R"({"id":9007199254740994})", &integer));
  EXPECT_FALSE(passes(most, R"({"id":18446744073709551615})", &integer));
  EXPECT_FALSE(passes(most, R"({"id":-9007199254740993})"));
}

TEST(Evaluate, P06NumbersInEverySpelling) {
  const ArgumentRule rule = rule_of("n", {bounded(CheckKind::max, 10), bounded(CheckKind::min, 0)});
  for (const char* value : {"10", "1e1", "10.0", "-0", "0", "9.99"}) {
    EXPECT_TRUE(passes(rule, R"({"n":)" + std::string(value) + "}")) << value;
  }
  for (const char* value :
       {"\"10\"", "11", "10.000000000001", "-1", "1e300", "null", "true", "[[1]]"}) {
    EXPECT_FALSE(passes(rule, R"({"n":)" + std::string(value) + "}")) << value;
  }
  EXPECT_FALSE(json::parse(R"({"n":1E400})").has_value());
  Check cents = check_of(CheckKind::max);
  cents.bound = 0.1;
  ASSERT_TRUE(compile(cents));
  EXPECT_TRUE(passes(rule_of("n", {cents}), R"({"n":0.1})"));
  EXPECT_FALSE(passes(rule_of("n", {cents}), R"({"n":0.10000000000000002})"));
}

TEST(Evaluate, PatternsMatchTheWholeValue) {
  const Check order = texts(CheckKind::matches, {"ORD-[0-9]{6}"});
  EXPECT_TRUE(accepts(order, "ORD-123456"));
  for (const char* text : {"ORD-1234567", "xORD-123456", "ORD-123456\n", "ORD-12345", ""}) {
    EXPECT_FALSE(accepts(order, text)) << text;
  }
  EXPECT_FALSE(accepts(texts(CheckKind::matches, {"(?m)^a$"}), "a\nb"));
  EXPECT_FALSE(accepts(texts(CheckKind::matches, {"a|b.*"}), "ab"));
  EXPECT_FALSE(passes(rule_of("x", {order}), R"({"x":5})"));
  // Linear, whatever the text.
  EXPECT_FALSE(accepts(texts(CheckKind::matches, {"(a*)*b"}), std::string(100'000, 'a')));
}

TEST(Evaluate, PrefixesAndLengths) {
  const Check prefix = texts(CheckKind::prefix, {"agent/", "bot/"});
  EXPECT_TRUE(accepts(prefix, "bot/x"));
  EXPECT_FALSE(accepts(prefix, "xagent/"));
  const Check length = counted(CheckKind::max_length, 3);
  EXPECT_TRUE(accepts(length, "\u4e2d\u6587\u5b57"));
  EXPECT_FALSE(accepts(length, "\u4e2d\u6587\u5b57x"));
  EXPECT_FALSE(passes(rule_of("x", {length}), R"({"x":5})"));
}

TEST(Evaluate, P13LinesAreSingleByDefault) {
  for (const char* text : {"Hi\r\nBcc: x@evil.example", "a\nb", "a\tb", "a\x7f", "a\u0085",
                           "a\u2028b", "a\u2029b", "\x1b[0m"}) {
    EXPECT_FALSE(accepts(counted(CheckKind::max_length, 500), text)) << text;
    EXPECT_FALSE(accepts(check_of(CheckKind::single_line), text)) << text;
  }
  EXPECT_TRUE(accepts(check_of(CheckKind::single_line), "caf\u00e9 \u2027 \u4e2d"));
}

TEST(Evaluate, P13LongTextAndStatedLinesPass) {
  const Check length = counted(CheckKind::max_length, 500);
  const std::string call = R"({"subject":"a\nb","body":"a\nb"})";
  EXPECT_FALSE(passes(rule_of("subject", {length}), call));
  EXPECT_TRUE(passes(rule_of("body", {length}), call)) << "by name, no schema";
  ArgumentRule stated = rule_of("subject", {length});
  stated.lines_allowed = true;
  EXPECT_TRUE(passes(stated, call));
  const Shape shape = shape_of(R"({"subject":{"type":"string","maxLength":100000},
                                   "body":{"type":"string","format":"email"}})");
  EXPECT_TRUE(passes(rule_of("subject", {length}), call, &shape));
  EXPECT_FALSE(passes(rule_of("body", {length}), call, &shape));
  EXPECT_TRUE(passes(rule_of("subject", {listed(CheckKind::in, {R"("a\nb")"})}), call));
  EXPECT_FALSE(passes(rule_of("body", {check_of(CheckKind::single_line)}), call));
}

TEST(Evaluate, P16ViolationsHoldNoListAndNoBytesOfTheArgument) {
  const std::vector<Check> checks = {listed(CheckKind::in, {R"("PAYEE-1")", R"("PAYEE-2")"}),
                                     texts(CheckKind::email_domain, {"payee.example"}),
                                     texts(CheckKind::matches, {"PAYEE-[0-9]"}),
                                     texts(CheckKind::prefix, {"PAYEE"}),
                                     url_check({{"payee.example"}, {}, std::nullopt}),
                                     texts(CheckKind::hosts_in, {"payee.example"}),
                                     path_check({{"/payee"}, {}, ""}),
                                     texts(CheckKind::cidr, {"10.0.0.0/8"})};
  for (const Check& check : checks) {
    const ArgumentRule rule = rule_of("to", {check});
    const Outcome out = outcome(rule, R"({"to":"\u001b[31mARGUMENT https://evil.example"})");
    ASSERT_FALSE(out.passes()) << to_string(check.kind);
    EXPECT_EQ(out.violation->argument, "to");
    for (const char* leak : {"PAYEE", "payee", "ARGUMENT", "evil", "10.0", "\x1b"}) {
      EXPECT_THAT(out.violation->says, Not(HasSubstr(leak))) << to_string(check.kind);
    }
    EXPECT_EQ(out.violation->rule->path, "args/" + std::string(to_string(check.kind)));
  }
}

TEST(Evaluate, AllChecksOfARuleMustPass) {
  const ArgumentRule rule = rule_of("x", {status, counted(CheckKind::max_length, 8)});
  EXPECT_TRUE(passes(rule, R"({"x":"refunded"})"));
  EXPECT_FALSE(passes(rule, R"({"x":"cancelled"})"));
}

TEST(Evaluate, ChecksThatWereNeverCompiledFailEverything) {
  for (CheckKind kind : {CheckKind::in, CheckKind::not_in, CheckKind::matches, CheckKind::path,
                         CheckKind::url, CheckKind::email_domain, CheckKind::cidr,
                         CheckKind::hosts_in, CheckKind::min, CheckKind::max, CheckKind::prefix}) {
    EXPECT_FALSE(accepts(check_of(kind), "x")) << to_string(kind);
  }
}

TEST(Evaluate, APluralThatNoSchemaBoundFollowsTheCall) {
  ArgumentRule rule;
  rule.plural = "statuses";
  rule.checks = {status};
  EXPECT_TRUE(passes(rule, R"({"status":"refunded"})"));
  EXPECT_TRUE(passes(rule, R"({"statuses":["refunded"]})"));
  EXPECT_EQ(fault(rule, R"({"status":"shipped"})"), "status is not one of the allowed values");
  EXPECT_EQ(fault(rule, "{}"), "statuses is missing");
  EXPECT_THAT(fault(rule, R"({"status":"refunded","statuses":["shipped"]})"), HasSubstr("either"));
}

TEST(ArgumentPath, ReadsAndWrites) {
  for (const char* text :
       {"a", "a.b", "a[]", "a[].b", "a[][].b.c[]", "newText", "x-y z", "filter[status]",
        "page[size][]", "filter[a][b].c", "$top", "['a.b']", "['a[]'][].b", "x.['c.d']"}) {
    const Result<ArgumentPath> path = parse_argument_path(text);
    ASSERT_TRUE(path) << text;
    EXPECT_EQ(to_string(*path), text);
  }
  for (const char* text :
       {"", ".", "a.", ".a", "a..b", "[]", "a[", "a]", "a[0]", "a[*]", "a[]b", "a[b", "['a",
        "['a']b", " a", "a ", "a\n", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q"}) {
    EXPECT_FALSE(parse_argument_path(text)) << text;
  }
}

TEST(ArgumentPath, BracketsThatHoldSomethingBelongToAName) {
  const auto path = parse_argument_path("filter[status]");
  ASSERT_TRUE(path && path->size() == 1);
  EXPECT_EQ(path->front().name, "filter[status]");
  const auto quoted = parse_argument_path("['a.b'][].c");
  ASSERT_TRUE(quoted && quoted->size() == 3);
  EXPECT_EQ(quoted->front().name, "a.b");
  ArgumentRule rule = rule_of("filter[status]", {counted(CheckKind::max_length, 3)});
  EXPECT_TRUE(passes(rule, R"({"filter[status]":"new"})"));
  EXPECT_FALSE(passes(rule, R"({"filter[status]":"newer"})"));
  EXPECT_EQ(fault(rule, R"({"filter":{"status":"new"}})"), "filter[status] is missing");
}

TEST(Compile, RefusesWhatSaysNothing) {
  for (CheckKind kind : {CheckKind::in, CheckKind::not_in, CheckKind::matches, CheckKind::prefix,
                         CheckKind::path, CheckKind::url, CheckKind::email_domain, CheckKind::cidr,
                         CheckKind::hosts_in, CheckKind::min, CheckKind::max}) {
    Check check = check_of(kind);
    EXPECT_FALSE(compile(check)) << to_string(kind);
  }
  for (const char* pattern : {"", "(", "a(?=b)", "\\1", "a{2000}"}) {
    Check check = check_of(CheckKind::matches);
    check.texts = {pattern};
    EXPECT_FALSE(compile(check)) << pattern;
  }
  Check url = check_of(CheckKind::url);
  url.url = std::make_shared<const UrlCheck>(UrlCheck{{"a.example"}, {"ht tp"}, {}});
  EXPECT_FALSE(compile(url));
  Check broken = check_of(CheckKind::in);
  broken.values = {Literal{"{", {}, {}, {}}};
  EXPECT_FALSE(compile(broken));
}

TEST(Compile, CompletesLiterals) {
  const Check check = listed(CheckKind::in, {R"("\u0061")", "1e1", "1.5"});
  EXPECT_EQ(check.values[0].json, "\"a\"");
  EXPECT_EQ(check.values[0].string, "a");
  EXPECT_EQ(check.values[1].json, "10");
  EXPECT_EQ(check.values[1].integer, 10);
  EXPECT_EQ(check.values[2].number, 1.5);
  EXPECT_FALSE(check.values[2].integer.has_value());
}

}  // namespace
}  // namespace pawl
