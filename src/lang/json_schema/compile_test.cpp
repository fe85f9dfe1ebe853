// References, what compile refuses, and the bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "lang/json_schema/testing.h"

namespace pawl::json_schema {
namespace {

using testing::compiled;
using ::testing::HasSubstr;
using testing::read;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::verdict;

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(SchemaDialect, that_is_not_known_is_read_like_none) {
  constexpr std::string_view schema =
      R"({"$schema":"https://x.example/other","properties":{"a":{"maxLength":2}}})";
  EXPECT_EQ(verdict(schema, R"({"a":"ab"})"), "valid");
  EXPECT_THAT(verdict(schema, R"({"a":"abc"})"), StartsWith("/a maxLength"));
}

TEST(SchemaReferences, lead_anywhere_inside_the_document) {
  const std::vector<std::pair<std::string_view, std::string_view>> strings = {
      {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}})", "defs"},
      {R"({"$ref":"#/definitions/a","definitions":{"a":{"type":"string"}}})", "definitions"},
      {R"({"$ref":"#/x~1y/p%25q/0","x/y":{"p%q":[{"type":"string"}]}})", "escapes"},
      {R"({"$ref":"#a","$defs":{"x":{"$anchor":"a","type":"string"}}})", "anchor"},
      {R"({"$id":"https://x.example/root","$ref":"part","$defs":{"x":{"$id":"part",
           "type":"string"}}})",
       "relative id"},
      {R"({"$id":"https://x.example/a/b","$ref":"/c#d","$defs":{"x":{"$id":"../c",
           "$defs":{"y":{"$anchor":"d","type":"string"}}}}})",
       "id above"},
      {R"({"$id":"https://x.example/a","$ref":"https://x.example/a#/$defs/s",
           "$defs":{"s":{"type":"string"}}})",
       "own address"},
      {R"({"$ref":"urn:x:y","$defs":{"x":{"$id":"urn:x:y","type":"string"}}})", "urn"},
      {R"({"$dynamicRef":"#a","$defs":{"x":{"$dynamicAnchor":"a","type":"string"}}})", "dynamic"},
      {R"({"allOf":[{"$ref":"#/allOf/1"},{"type":"string"}]})", "into a list"},
      {R"({"$ref":"#/$defs/a","type":"string","$defs":{"a":true}})", "beside a reference"},
  };
  for (const auto& [schema, what] : strings) {
    EXPECT_EQ(verdict(schema, R"("a")"), "valid") << what;
    EXPECT_THAT(verdict(schema, "1"), HasSubstr("must be a string and is a whole number")) << what;
  }
}

TEST(SchemaReferences, recursive_schemas_end_where_the_value_ends) {
  constexpr std::string_view tree =
      R"({"type":"object","properties":{"v":{"type":"integer"},
          "next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"additionalProperties":false})";
  EXPECT_EQ(verdict(tree, R"({"v":1,"next":{"v":2,"next":null}})"), "valid");
  EXPECT_EQ(verdict(tree, R"({"v":1,"next":{"v":2,"next":{"v":"x"}}})"),
            "/next/next/v type: must be a whole number and is a string");
}

TEST(SchemaReferences, a_dynamic_one_takes_the_outermost_anchor) {
  // A list whose elements are what the outer schema says they are.
  constexpr std::string_view strings =
      R"({"$id":"https://x.example/strings","$ref":"list",
          "$defs":{"element":{"$dynamicAnchor":"element","type":"string"},
          "list":{"$id":"list","type":"array","items":{"$dynamicRef":"#element"},
          "$defs":{"any":{"$dynamicAnchor":"element"}}}}})";
  EXPECT_EQ(verdict(strings, R"(["a"])"), "valid");
  EXPECT_EQ(verdict(strings, "[1]"), "/0 type: must be a string and is a whole number");
  // Asked for by $ref, the anchor nearby counts.
  std::string nearby(strings);
  nearby.replace(nearby.find("$dynamicRef"), 11, "$ref");
  EXPECT_EQ(verdict(nearby, "[1]"), "valid");
}

TEST(SchemaCompile, refuses_what_has_no_plain_meaning_and_says_where) {
  const std::vector<std::pair<std::string_view, std::string_view>> rows = {
      {"5", "must be a schema"},
      {R"({"properties":["a"]})", "`/properties` must be an object"},
      {R"({"type":"strnig"})", "`/type` must be one of the seven types"},
      {R"({"type":[]})", "`/type` must be"},
      {R"({"multipleOf":0})", "`/multipleOf` must be a number above 0"},
      {R"({"multipleOf":-0.5})", "`/multipleOf` must be a number above 0"},
      {R"({"maxLength":-1})", "`/maxLength` must be a whole number that is not below 0"},
      {R"({"maxLength":1.5})", "`/maxLength`"},
      {R"({"required":[1]})", "`/required` must be a list of names"},
      {R"({"enum":1})", "`/enum` must be a list"},
      {R"({"allOf":[]})", "`/allOf` must be a list of schemas"},
      {R"({"uniqueItems":1})", "`/uniqueItems` must be true or false"},
      {R"({"pattern":1})", "`/pattern` must be a string"},
      {R"({"exclusiveMinimum":true})", "`/exclusiveMinimum` must be a number"},
      {R"({"$schema":"https://json-schema.org/draft/2020-12/schema","items":[]})", "`/items` must"},
      {R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})", "leads to another document"},
      {R"({"$ref":"file:///etc/passwd"})", "leads to another document"},
      {R"({"$ref":"other.json"})", "leads to another document"},
      {R"({"$ref":"#/$defs/none"})", "`/$ref` leads nowhere in this schema"},
      {R"({"$ref":"#none"})", "leads to no anchor"},
      {R"({"$ref":"#/%zz"})", "malformed"},
      {R"({"$ref":"#/~2"})", "is not JSON pointer"},
      {R"({"$ref":"#"})", "it comes back to itself"},
      {R"({"allOf":[{"anyOf":[{"$ref":"#"}]}]})", "comes back to itself"},
      {R"({"not":{"if":{"$ref":"#/not"}}})", "comes back to itself"},
      {R"({"dependentSchemas":{"a":{"$ref":"#"}}})", "comes back to itself"},
      {R"({"$dynamicAnchor":"a","$dynamicRef":"#a"})", "comes back to itself"},
      {R"({"$defs":{"a":{"$id":"x"},"b":{"$id":"x"}}})", "is the address of two schemas"},
      {R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})", "have the anchor `x`"},
  };
  for (const auto& [schema, expected] : rows) {
    const std::string said = verdict(schema, "1");
    EXPECT_THAT(said, StartsWith("refused: ")) << schema;
    EXPECT_THAT(said, HasSubstr(expected)) << schema;
  }
}

TEST(SchemaCompile, what_has_no_plain_meaning_below_the_root_costs_only_the_values_that_need_it) {
  const std::vector<std::pair<std::string_view, std::string_view>> rows = {
      {"5", "/properties/a must be a schema: an object, true or false"},
      {R"({"items":5})", "/properties/a/items must be a schema: an object, true or false"},
      {R"({"items":{"minimum":"1"}})", "/properties/a/items/minimum must be a number"},
      {R"({"required":"a"})", "/properties/a/required must be a list of names"},
      {R"({"type":"str"})", "/properties/a/type must be one of the seven types, or a list of them"},
      {R"({"$ref":"#/$defs/none"})", "/properties/a/$ref leads nowhere in this schema"},
      {R"({"$ref":"https://x.example/other"})",
       "/properties/a/$ref leads to another document, and none is ever fetched"},
      {R"({"anyOf":[{"type":"null"},{"$ref":"#none"}]})",
       "/properties/a/anyOf/1/$ref leads to no anchor of this schema"},
      {R"j({"pattern":"^(?=.*[a-z]).+$"})j",
       "/properties/a/pattern the pattern cannot be checked: it looks ahead"},
  };
  for (const auto& [part, expected] : rows) {
    const std::string text = R"({"properties":{"a":)" + std::string(part) + "}}";
    const Result<Schema> schema = compiled(text);
    ASSERT_TRUE(schema.has_value()) << text << schema.error().message;
    ASSERT_THAT(schema->findings(), SizeIs(1)) << text;
    EXPECT_EQ(schema->findings()[0].pointer + " " + schema->findings()[0].says, expected);
    EXPECT_EQ(verdict(text, R"({"b":"x"})"), "valid") << text;
    const auto value = read(R"({"a":["x"],"b":1})");
    const auto string = read(R"({"a":"x","b":1})");
    const bool valid = schema->valid(value.root()) && schema->valid(string.root());
    EXPECT_FALSE(valid) << text;
    // What stands for it elsewhere is enough, for this argument and for no other.
    EXPECT_TRUE(schema->valid(value.root(), {{"a"}})) << text;
    EXPECT_TRUE(schema->valid(string.root(), {{"a"}})) << text;
    EXPECT_FALSE(schema->valid(value.root(), {{"b"}}) && schema->valid(string.root(), {{"b"}}));
  }
  // Without a bound it is no draft's.
  EXPECT_EQ(verdict(R"({"minimum":0,"exclusiveMinimum":true})", "1"), "valid");
  EXPECT_EQ(verdict(R"({"minimum":0,"exclusiveMinimum":true})", "0"),
            " exclusiveMinimum: must be above 0");
  // Nothing needs it.
  EXPECT_EQ(verdict(R"({"$defs":{"a":{"$ref":"#/$defs/none"}}})", "1"), "valid");
}

// What no draft in force says, and what many generators write.
TEST(SchemaCompile, reads_the_habits_of_generators) {
  EXPECT_EQ(verdict(R"({"properties":[]})", R"({"b":1})"), "valid");
  EXPECT_EQ(verdict(R"({"properties":{"a":{"type":"any"}}})", R"({"a":null})"), "valid");
  const std::string_view nullable = R"({"properties":{"a":{"type":"string","nullable":true}}})";
  EXPECT_EQ(verdict(nullable, R"({"a":null})"), "valid");
  EXPECT_EQ(verdict(nullable, R"({"a":1})"),
            "/a type: must be a string or null and is a whole number");
  const std::string_view itself =
      R"({"properties":{"a":{"type":"string","required":true},"b":{"required":false}}})";
  EXPECT_EQ(verdict(itself, R"({"a":"x"})"), "valid");
  EXPECT_EQ(verdict(itself, R"({"b":"x"})"), " required: must have a member `a`");
}

TEST(SchemaTrusted, stands_for_what_cannot_be_checked_and_for_nothing_else) {
  const auto fits = [](std::string_view schema, std::string_view value, const Trusted& trusted) {
    const auto made = compiled(schema);
    const auto document = read(value);
    return made->valid(document.root(), trusted);
  };
  constexpr std::string_view ahead = R"j({"type":"string","maxLength":3,"pattern":"(?=a)"})j";
  const auto under = [ahead](std::string_view before, std::string_view behind) {
    return std::string(before) + std::string(ahead) + std::string(behind);
  };
  const std::string one = under(R"({"properties":{"a":)", "}}");
  EXPECT_TRUE(fits(one, R"({"a":"xyz"})", {{"a"}}));
  EXPECT_FALSE(fits(one, R"({"a":"long"})", {{"a"}}));
  EXPECT_FALSE(fits(one, R"({"a":1})", {{"a"}}));
  // Elements and members, and all below a place.
  const std::string list = under(R"({"properties":{"to":{"items":{"properties":{"x":)",
                                 R"j(,"y":{"pattern":"(?=b)"}}}}}})j");
  EXPECT_TRUE(fits(list, R"({"to":[{"x":"a"},{"x":"b"}]})", {{"to", "x"}}));
  EXPECT_FALSE(fits(list, R"({"to":[{"x":"a"},{"y":"b"}]})", {{"to", "x"}}));
  EXPECT_TRUE(fits(list, R"({"to":[{"x":"a"},{"y":"b"}]})", {{"to"}}));
  EXPECT_TRUE(fits(list, R"({"to":[{"x":"a"},{"y":"b"}]})", {{"to", "y"}, {"to", "x"}}));
  EXPECT_FALSE(fits(list, R"({"to":[{"x":"a"}]})", {{"x"}, {"to", "x", "z"}}));
  // What follows from it is not known: neither that it fits nor that it does not.
  EXPECT_TRUE(fits(under(R"({"properties":{"a":{"not":)", "}}}"), R"({"a":"x"})", {{"a"}}));
  EXPECT_FALSE(fits(under(R"({"properties":{"a":{"not":)", "}}}"), R"({"a":"x"})", {}));
  const std::string either = under(R"({"properties":{"a":{"oneOf":[)", R"(,{"maxLength":5}]}}})");
  EXPECT_TRUE(fits(either, R"({"a":"x"})", {{"a"}}));
  EXPECT_TRUE(fits(either, R"({"a":"four"})", {{"a"}}));
  EXPECT_FALSE(fits(either, R"({"a":"longer"})", {{"a"}}));
  const std::string then = under(R"({"if":{"properties":{"a":)",
                                 R"(}},"then":{"required":["b"]},"else":{"required":["c"]}})");
  EXPECT_TRUE(fits(then, R"({"a":"x","b":1})", {{"a"}}));
  EXPECT_FALSE(fits(then, R"({"a":"x"})", {{"a"}}));
  // A pattern for names says of no member what it is.
  constexpr std::string_view names =
      R"j({"properties":{"a":{"patternProperties":{"(?=x)":{"type":"string"}},
           "additionalProperties":{"type":"number"}}}})j";
  EXPECT_TRUE(fits(names, R"({"a":{"x":true}})", {{"a"}}));
  EXPECT_FALSE(fits(names, R"({"a":{"x":1}})", {}));
}

TEST(SchemaCompile, names_in_values_are_no_keywords) {
  constexpr std::string_view schema =
      R"({"properties":{"$ref":{"type":"string"},"$id":{"enum":[{"$ref":"#/none","$id":5}]}}})";
  EXPECT_EQ(verdict(schema, R"({"$ref":"a","$id":{"$ref":"#/none","$id":5}})"), "valid");
  EXPECT_EQ(verdict(schema, R"({"$ref":1})"), "/$ref type: must be a string and is a whole number");
}

TEST(SchemaCompile, is_bounded) {
  EXPECT_THAT(verdict(R"({"title":"0123456789"})", "1", {.bytes_max = 10}), HasSubstr("10 bytes"));
  EXPECT_THAT(verdict(R"({"items":{"items":{}}})", "1", {.schemas_max = 2}),
              HasSubstr("2 schemas"));
  EXPECT_THAT(verdict(R"({"allOf":[{"allOf":[{}]}]})", "1", {.in_place_depth_max = 2}),
              HasSubstr("too many others"));
  EXPECT_THAT(verdict(R"({"pattern":"a","patternProperties":{"b":{}}})", "1", {.patterns_max = 1}),
              HasSubstr("one pattern more than 1"));
  EXPECT_THAT(verdict(R"({"pattern":"a","not":{"pattern":"b"}})", R"("a")", {.patterns_max = 1}),
              HasSubstr("cannot be checked"));
  // A chain of references as long as the document may be.
  std::string chain = R"({"$ref":"#/$defs/0","$defs":{)";
  for (int i = 0; i < 5000; ++i) {
    chain += "\"" + std::to_string(i) + R"(":{"$ref":"#/$defs/)" + std::to_string(i + 1) + "\"},";
  }
  EXPECT_THAT(verdict(chain + R"("5000":{}}})", "1"), HasSubstr("through too many others"));
}

TEST(SchemaWork, is_bounded_and_too_much_is_invalid_below_not_too) {
  // Each level asks both branches: 2^60 steps for a value that fits none.
  std::string twice = R"({"not":{"$ref":"#/$defs/0"},"$defs":{)";
  for (int i = 0; i < 30; ++i) {
    const std::string next = R"({"$ref":"#/$defs/)" + std::to_string(i + 1) + "\"}";
    twice += "\"" + std::to_string(i) + R"(":{"anyOf":[)" + next + "," + next + "]},";
  }
  twice += R"("30":{"type":"string"}}})";
  EXPECT_EQ(verdict(twice, "1"), " work: takes too much work to check");
  const std::string many = "[" + repeated("[1],", 40) + "[1]]";
  EXPECT_EQ(verdict(R"({"items":{"items":{"minimum":1,"maximum":1}}})", many, {.work_max = 50}),
            " work: takes too much work to check");
  // A value as deep as the parser permits.
  const std::string deep = repeated("[", 127) + repeated("]", 127);
  EXPECT_EQ(verdict(R"({"items":{"$ref":"#"},"type":"array"})", deep), "valid");
}

TEST(SchemaViolations, are_all_there_with_their_places) {
  const auto schema = compiled(
      R"({"type":"object","required":["to","n"],"properties":{"a/b":{"type":"array",
          "items":{"maxLength":2}},"n":{"minimum":1}},"additionalProperties":false})");
  ASSERT_TRUE(schema.has_value());
  const auto value = read(R"({"a/b":["ok","long",5,"also long"],"n":0,"x\u202ey":1})");
  std::string all;
  for (const Violation& one : schema->violations(value.root())) {
    all += one.pointer + " " + one.keyword + " " + one.says + " " + one.member + "\n";
  }
  EXPECT_EQ(all,
            "/a~1b/1 maxLength must be at most 2 characters long and has 4 \n"
            "/a~1b/3 maxLength must be at most 2 characters long and has 9 \n"
            "/n minimum must be at least 1 \n"
            "/x\u202ey false schema is not allowed \n"
            " required must have a member `to` to\n");
  EXPECT_THAT(schema->violations(value.root(), 2), SizeIs(2));
  EXPECT_EQ(schema->validate(value.root())->pointer, "/a~1b/1");
}

TEST(SchemaViolations, hold_no_bytes_of_the_value) {
  const std::string secret = R"("hunter2")";
  for (std::string_view schema :
       {R"({"type":"number"})", R"({"enum":["a"]})", R"({"const":1})", R"({"maxLength":1})",
        R"({"minLength":20})", R"({"pattern":"^z"})", R"({"not":{}})", R"({"anyOf":[false,false]})",
        R"({"oneOf":[true,true]})", "false"}) {
    EXPECT_THAT(verdict(schema, secret), ::testing::Not(HasSubstr("hunter2"))) << schema;
  }
}

TEST(SchemaViolations, say_what_the_only_fitting_branch_says) {
  EXPECT_EQ(verdict(R"({"anyOf":[{"type":"string","maxLength":1},{"type":"null"}]})", R"("ab")"),
            " maxLength: must be at most 1 characters long and has 2");
  EXPECT_EQ(verdict(R"({"enum":["a","b",null]})", "5"), " enum: must be one of `a`, `b`, `null`");
  EXPECT_EQ(verdict(R"({"const":{"a":1}})", "5"), R"( const: must be `{"a":1}`)");
}

}  // namespace
}  // namespace pawl::json_schema
