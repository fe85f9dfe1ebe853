// Threats 5.2, P03 and its kin: arguments that no rule names; plurals; records (R09, R10).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: the short names are what the tests are about
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Rule grant{"tools/mail", {"policy.yaml", 3, 5}};

std::optional<Violation> unnamed(std::string_view arguments, const Shape* shape,
                                 const std::vector<std::string>& named = {}) {
  const json::Document document = parsed(arguments);
  return evaluate_unnamed(document.root(), shape, named, grant);
}

TEST(Unnamed, P03ArgumentsThatNoRuleNamesAreRefused) {
  const Shape shape = shape_of(R"({"to":{"type":"string"},"subject":{"type":"string"}})");
  EXPECT_FALSE(unnamed(R"({"to":"a","subject":"b"})", &shape));
  for (const char* extra : {"bcc", "cc", "reply_to", "attachments", "To", "\\u017fubject"}) {
    const auto violation = unnamed(R"({")" + std::string(extra) + R"(":"x"})", &shape);
    ASSERT_TRUE(violation) << extra;
    EXPECT_EQ(violation->rule, &grant);
    EXPECT_EQ(violation->code, Code::constraint);
  }
  EXPECT_EQ(unnamed(R"({"bcc":"x"})", &shape)->argument, "bcc");
  EXPECT_FALSE(unnamed(R"({"bcc":"x"})", &shape, {"bcc"})) << "the policy names it";
  EXPECT_FALSE(unnamed(R"({"bcc":"x"})", nullptr)) << "no schema: the call's own keys count";
}

TEST(Unnamed, NamesAreShownWithoutTheirEscapes) {
  const Shape shape = shape_of("{}");
  const auto violation = unnamed(R"({"\u001b[31m`x":1})", &shape);
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->argument, "\\u{1b}[31m'x");
  EXPECT_LT(unnamed(R"({")" + std::string(9999, 'x') + R"(":1})", &shape)->argument.size(), 100U);
}

TEST(Unnamed, NamesNearlyThoseOfThePolicy) {
  const Shape shape = shape_of(R"({"TO":{}})");
  for (const Shape* known : {static_cast<const Shape*>(nullptr), &shape}) {
    EXPECT_TRUE(unnamed(R"({"TO":"x"})", known, {"to"}));
    EXPECT_TRUE(unnamed(R"({"TO":"x"})", known, {"to[].address"}));
  }
  EXPECT_TRUE(unnamed(R"({"\uff54o":"x"})", nullptr, {"to"}));
  EXPECT_FALSE(unnamed(R"({"too":"x"})", nullptr, {"to"}));
}

TEST(Unnamed, MembersOfKnownObjectsAndKeysOfMaps) {
  const Shape shape = shape_of(R"({"mail":{"type":"object","properties":{"to":{"type":"string"}}},
      "labels":{"type":"object"},"edits":{"type":"array","items":{"properties":{"a":{}}}}})");
  EXPECT_FALSE(unnamed(R"({"mail":{"to":"x"},"labels":{"any":1},"edits":[{"a":1}]})", &shape));
  EXPECT_EQ(unnamed(R"({"mail":{"to":"x","bcc":"y"}})", &shape)->argument, "mail.bcc");
  EXPECT_EQ(unnamed(R"({"edits":[{"a":1},{"b":2}]})", &shape)->argument, "edits[1].b");
  EXPECT_TRUE(unnamed(R"({"mail":{"bcc":"y"}})", &shape, {"mail"}));
  EXPECT_FALSE(unnamed(R"({"mail":{"bcc":"y"}})", &shape, {"mail.bcc"}));
}

TEST(Unnamed, P13StringsAreOneLineUnlessLongText) {
  const Shape shape = shape_of(R"({"subject":{"type":"string"},"body":{"type":"string"},
      "tags":{"type":"array","items":{"type":"string"}},"any":{}})");
  const std::string lines = "\"a\\r\\nBcc: x\"";
  const auto call = [&](const std::string& name, const std::string& value) {
    return "{\"" + name + "\":" + value + "}";
  };
  for (const Shape* known : {static_cast<const Shape*>(nullptr), &shape}) {
    EXPECT_TRUE(unnamed(call("subject", lines), known));
    EXPECT_TRUE(unnamed(call("tags", "[" + lines + "]"), known));
    EXPECT_TRUE(unnamed(call("any", "{\"x\":[{\"y\":" + lines + "}]}"), known));
    EXPECT_FALSE(unnamed(call("body", lines), known));
    EXPECT_FALSE(unnamed(call("any", "{\"body\":[" + lines + "]}"), known));
    EXPECT_FALSE(unnamed(call("subject", lines), known, {"subject"})) << "its own rule judges";
  }
  const std::string edits = R"({"edits":[{"x":"a\nb","y":"a\nb"}]})";
  EXPECT_EQ(unnamed(edits, nullptr, {"edits[].x"})->argument, "edits[0].y");
  EXPECT_FALSE(unnamed(edits, nullptr, {"edits[].x", "edits.y"}));
}

TEST(Unnamed, P05InexactIntegersNeedAnIntegerSchema) {
  const Shape shape = shape_of(R"({"id":{"type":"integer"},"n":{"type":"number"},
      "ids":{"type":"array","items":{"type":"integer"}}})");
  const std::string big = "9007199254740993";
  EXPECT_FALSE(unnamed(R"({"id":)" + big + R"(,"ids":[)" + big + "]}", &shape));
  for (const auto& [call, known] : std::vector<std::pair<std::string, const Shape*>>{
           {R"({"n":9007199254740993})", &shape},
           {R"({"id":9007199254740993})", nullptr},
           {R"({"x":{"y":[-9007199254740993]}})", nullptr},
           {R"({"x":18446744073709551615})", nullptr}}) {
    const auto violation = unnamed(call, known);
    ASSERT_TRUE(violation) << call;
    EXPECT_EQ(violation->code, Code::ambiguous_request);
  }
  EXPECT_TRUE(unnamed(R"({"n":9007199254740993})", &shape, {"n"}));
  EXPECT_FALSE(unnamed(R"({"x":9007199254740992,"y":1e300})", nullptr));
}

TEST(Unnamed, TheArgumentsAreAnObject) {
  EXPECT_TRUE(unnamed("[]", nullptr));
  EXPECT_FALSE(evaluate_unnamed({}, nullptr, {}, grant));
}

TEST(Plural, Singulars) {
  EXPECT_THAT(singulars("statuses"), ElementsAre("statuses", "status", "statuse"));
  EXPECT_THAT(singulars("entries"), ElementsAre("entries", "entry", "entrie"));
  EXPECT_THAT(singulars("status"), Contains("status"));
  for (const auto& [plural, singular] :
       std::vector<std::pair<const char*, const char*>>{{"orders", "order"},
                                                        {"order_ids", "order_id"},
                                                        {"addresses", "address"},
                                                        {"cases", "case"},
                                                        {"boxes", "box"},
                                                        {"branches", "branch"},
                                                        {"people", "person"},
                                                        {"child", "child"},
                                                        {"target_indices", "target_index"},
                                                        {"leaves", "leaf"},
                                                        {"knives", "knife"},
                                                        {"ids", "id"},
                                                        {"currencies", "currency"},
                                                        {"class", "class"}}) {
    EXPECT_THAT(singulars(plural), Contains(singular)) << plural;
  }
  EXPECT_THAT(singulars("class"), ElementsAre("class"));
  EXPECT_TRUE(singulars("").empty());
}

TEST(Plural, BindsToExactlyOneArgument) {
  EXPECT_EQ(*bind_plural("statuses", shape_of(R"({"order_id":{},"status":{}})")), "status");
  EXPECT_EQ(*bind_plural("statuses", shape_of(R"({"statuses":{}})")), "statuses");
  const auto both = bind_plural("statuses", shape_of(R"({"status":{},"statuses":{}})"));
  ASSERT_FALSE(both);
  EXPECT_THAT(both.error().message, HasSubstr("`statuses`, `status`"));
  const auto none = bind_plural("statuses", shape_of(R"({"new_status":{},"id":{}})"));
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("none of the arguments"));
  const auto near = bind_plural("statuses", shape_of(R"({"state":{},"statu":{}})"));
  ASSERT_FALSE(near);
  EXPECT_THAT(near.error().message, HasSubstr("`statu`"));
}

std::optional<std::uint64_t> records(std::string_view arguments) {
  return count_records(parsed(arguments).root());
}

TEST(Records, OneWithoutAListLeavesWithOne) {
  EXPECT_EQ(records("{}"), 1U);
  EXPECT_EQ(records(R"({"id":"a","status":"b","o":{"x":1}})"), 1U);
  EXPECT_EQ(records(R"({"ids":[1,2,3],"status":"b"})"), 3U);
  EXPECT_EQ(records(R"({"ids":[]})"), 1U) << "a call is charged for one at least";
  EXPECT_EQ(records(R"({"rows":[{"a":1,"b":2},{"a":3}]})"), 2U);
  EXPECT_EQ(records(R"({"m":[[1,2],[3],[]]})"), 4U);
  EXPECT_EQ(count_records({}), 1U);
}

TEST(Records, R10NestedListsCountTheirLeaves) {
  std::string call = R"({"deletions":[{"entityName":"a","observations":[0)";
  for (int i = 1; i < 1000; ++i) call += "," + std::to_string(i);
  EXPECT_EQ(records(call + "]}]}"), 1000U);
  EXPECT_EQ(records(R"({"d":[{"o":[1,2]},{"o":[3]},{"x":1}]})"), 4U);
}

TEST(Records, WhatCannotBeCounted) {
  EXPECT_FALSE(records(R"({"ids":[1],"tags":["a"]})"));
  EXPECT_FALSE(records(R"({"rows":[{"a":[1],"b":[2]}]})"));
  EXPECT_FALSE(records(R"({"table":"t","where":"1=1"})"));
  EXPECT_FALSE(records(R"({"sql":"delete from t"})"));
  EXPECT_FALSE(records(R"({"o":{"userFilter":{}}})"));
  EXPECT_TRUE(records(R"({"where":null})"));
}

TEST(Records, R09ASchemaThatCannotBeCountedIsAnErrorAtLoad) {
  const Status where =
      countable(shape_of(R"({"table":{"type":"string"},"where":{"type":"string"}})"));
  ASSERT_FALSE(where);
  EXPECT_THAT(where.error().message, HasSubstr("cannot be counted: `where`"));
  const Status lists = countable(shape_of(R"({"ids":{"type":"array"},
      "rows":{"type":"array","items":{"properties":{"tags":{"type":"array"}}}}})"));
  ASSERT_FALSE(lists);
  EXPECT_THAT(lists.error().message, HasSubstr("`ids`, `rows[].tags`"));
  EXPECT_TRUE(countable(shape_of(R"({"order_id":{"type":"string"},"status":{}})")));
  EXPECT_TRUE(countable(shape_of(R"({"ids":{"type":"array","items":{"type":"array"}}})")));
}

}  // namespace
}  // namespace pawl
