// The schema stage: arguments against the tool's own schema.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "kernel/admit/explain.h"
#include "kernel/admit/test_world.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using W = TestWorld;

class SchemaStageTest : public ::testing::Test {
 protected:
  SchemaStageTest() {
    w.grant("read");
    w.policy.index();
    w.open();
  }

  Verdict look(std::string_view schema, std::string_view arguments) {
    const auto rules = json::parse(schema);
    auto definition = definition_of("", "read", rules->root(), {});
    EXPECT_TRUE(definition.has_value()) << schema;
    bound = pawl::bind(w.policy, w.policy.tools.front(),
                       std::make_shared<const ToolDefinition>(std::move(*definition)), w.now);
    auto parsed = json::parse(arguments);
    EXPECT_TRUE(parsed.has_value());
    document = std::move(*parsed);
    const Call call{"", "read", document.root()};
    return admit({.policy = w.policy,
                  .state = w.state,
                  .run = *w.state.run("r"),
                  .call = call,
                  .tool = &bound,
                  .facts = w.facts,
                  .now = w.now});
  }
  std::string said(std::string_view schema, std::string_view arguments) {
    const Verdict v = look(schema, arguments);
    EXPECT_EQ(v.effect, Effect::deny);
    EXPECT_EQ(v.reason.code, Code::schema) << v.reason.says;
    return reason_text(v, Call{"", "read", document.root()});
  }

  TestWorld w;
  BoundTool bound;
  json::Document document;
};

constexpr std::string_view tool =
    R"({"type":"object","required":["to"],"properties":{"to":{"type":"string","maxLength":9},
        "edits":{"type":"array","items":{"type":"object","required":["path"],
        "properties":{"path":{"type":"string"}}}}},"additionalProperties":false})";

TEST_F(SchemaStageTest, names_the_argument_and_the_keyword) {
  EXPECT_EQ(look(tool, R"({"to":"a","edits":[{"path":"x"}]})").reason.code, Code::none);
  EXPECT_THAT(said(tool, R"({"to":"a","edits":[{"path":"x"},{"path":7}]})"),
              HasSubstr("`edits[1].path` must be a string and is a whole number (`type` of the "
                        "tool's schema)"));
  EXPECT_THAT(said(tool, R"({"to":"a","edits":[{}]})"), HasSubstr("`edits[0].path` is missing"));
  EXPECT_THAT(said(tool, "{}"), HasSubstr("`to` is missing (`required` of the tool's schema)"));
  EXPECT_THAT(said(tool, R"({"to":"a","bcc":"b"})"), HasSubstr("`bcc` is not allowed"));
  EXPECT_THAT(said(R"({"maxProperties":0})", R"({"a":1})"),
              HasSubstr(": its arguments: must have at most 0 members and has 1"));
  const std::string secret = said(tool, R"({"to":"hunter2 hunter2"})");
  EXPECT_THAT(secret, HasSubstr("at most 9 characters long and has 15"));
  EXPECT_THAT(secret, Not(HasSubstr("hunter2")));
}

TEST_F(SchemaStageTest, a_schema_that_cannot_be_checked_denies_every_call) {
  EXPECT_THAT(said(R"({"$ref":"https://x.example/s"})", "{}"),
              HasSubstr("the tool's schema cannot be checked: `/$ref` leads to another document"));
  EXPECT_THAT(said(R"({"minProperties":"a"})", "{}"), HasSubstr("whole number"));
  EXPECT_EQ(bound.misfits.size(), 1U);
}

TEST_F(SchemaStageTest, a_part_that_cannot_be_checked_denies_what_needs_it) {
  constexpr std::string_view schema =
      R"({"properties":{"a":{"$ref":"https://x.example/s"},"b":{"type":"text"},"c":{}}})";
  EXPECT_EQ(look(schema, R"({"c":"x"})").effect, Effect::allow);
  EXPECT_THAT(said(schema, R"({"a":"x"})"), HasSubstr("`a` has something in its schema"));
  EXPECT_THAT(said(schema, R"({"b":"x"})"), HasSubstr("`b` has something in its schema"));
}

TEST_F(SchemaStageTest, a_pattern_that_cannot_be_checked_denies_what_needs_it) {
  constexpr std::string_view schema =
      R"j({"properties":{"a":{"type":"string","pattern":"^(?!b)"},"c":{}}})j";
  EXPECT_EQ(look(schema, R"({"c":"x"})").effect, Effect::allow);
  EXPECT_THAT(said(schema, R"({"a":"x"})"), HasSubstr("it looks ahead"));
}

// Comes before the constraints, and the rule on unknown arguments stays behind it.
TEST_F(SchemaStageTest, an_open_schema_does_not_open_the_policy) {
  const Verdict v = look(R"({"properties":{"a":{}}})", R"({"a":"x","bcc":"y"})");
  EXPECT_EQ(v.reason.code, Code::constraint);
  EXPECT_EQ(v.reason.argument, "bcc");
}

}  // namespace
}  // namespace pawl
