// One table for each keyword: values that pass and values that do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lang/json_schema/testing.h"

namespace pawl::json_schema {
namespace {

using testing::verdict;

struct Row {
  std::string_view schema;
  std::vector<std::string_view> passes, fails;
};

void expect(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (std::string_view value : row.passes) {
      EXPECT_EQ(verdict(row.schema, value), "valid") << row.schema << " " << value;
    }
    for (std::string_view value : row.fails) {
      const std::string said = verdict(row.schema, value);
      EXPECT_NE(said, "valid") << row.schema << " " << value;
      EXPECT_FALSE(said.starts_with("refused")) << said;
    }
  }
}

TEST(SchemaKeywords, types_and_values) {
  expect({
      {"true", {"1", "null", "{}"}, {}},
      {"{}", {"1", "null", "{}"}, {}},
      {"false", {}, {"1", "null", "{}"}},
      {R"({"type":"null"})", {"null"}, {"0", "false", R"("")"}},
      {R"({"type":"boolean"})", {"true", "false"}, {"0", "null", R"("true")"}},
      {R"({"type":"integer"})",
       {"1", "-1", "1.0", "1e2", "18446744073709551615", "1e300"},
       {"1.5", R"("1")", "1e-1", "null"}},
      {R"({"type":"number"})", {"1", "1.5", "1e300"}, {R"("1")", "null"}},
      {R"({"type":"string"})", {R"("")"}, {"1", "[]"}},
      {R"({"type":"array"})", {"[]"}, {"{}", "1"}},
      {R"({"type":"object"})", {"{}"}, {"[]", "null"}},
      {R"({"type":["string","null"]})", {R"("a")", "null"}, {"1", "[]"}},
      {R"({"enum":["a",1,null,{"x":1,"y":[2]},2.5]})",
       {R"("a")", "1", "1.0", "null", R"({"y":[2],"x":1})", "2.5"},
       {R"("A")", "2", "true", R"({"x":1})", R"("1")", "[]"}},
      {R"({"enum":[]})", {}, {"1", R"("")"}},
      {R"({"const":9007199254740993})",
       {"9007199254740993", "9007199254740993.0"},
       {"9007199254740992", "9007199254740994"}},
      {R"({"const":"a"})", {R"("a")"}, {R"("b")", "null"}},
      {R"({"const":false})", {"false"}, {"0", "null"}},
      {R"({"const":null})", {"null"}, {"0", "false"}},
      {R"({"const":"a","enum":["b"]})", {}, {R"("a")", R"("b")"}},
      {R"({"nullable":true,"type":"string","x-y":{"type":5}})", {R"("a")", "null"}, {"0"}},
  });
}

TEST(SchemaKeywords, numbers_are_exact) {
  expect({
      {R"({"minimum":2})", {"2", "2.5", "18446744073709551615", R"("a")"}, {"1", "1.99", "-1e300"}},
      {R"({"maximum":9007199254740992})",
       {"9007199254740992", "-5"},
       {"9007199254740993", "9223372036854775808", "1e300"}},
      {R"({"exclusiveMinimum":9223372036854775807})",
       {"9223372036854775808"},
       {"9223372036854775807", "1"}},
      {R"({"exclusiveMaximum":0.5})", {"0.25", "0", "-3"}, {"0.5", "1", "0.75"}},
      {R"({"minimum":1,"exclusiveMinimum":1})", {"2"}, {"1"}},
      {R"({"minimum":5,"exclusiveMinimum":1})", {"5"}, {"4", "2"}},
      {R"({"maximum":1,"exclusiveMaximum":5})", {"1"}, {"2"}},
      {R"({"minimum":-9223372036854775808})", {"-9223372036854775808"}, {"-1e19"}},
      {R"({"multipleOf":0.1})", {"0.3", "0", "1", "1.1", "-0.7", "1e300"}, {"0.35", "0.01"}},
      {R"({"multipleOf":0.01})", {"4.35", "19.99", "1.1"}, {"0.001", "0.005"}},
      {R"({"multipleOf":3})", {"9007199254740993", "0", "-9", "9.0"}, {"9007199254740992", "1.5"}},
      {R"({"multipleOf":7})", {"7e20"}, {"1e300", "1e20"}},
      {R"({"multipleOf":1e300})", {"0", "1e300"}, {"1", "1e299"}},
      {R"({"multipleOf":400})", {"800", "1200"}, {"200", "4", "401"}},
      {R"({"multipleOf":1e-9})", {"123.456", "9007199254740993"}, {"1e-10"}},
  });
}

TEST(SchemaKeywords, texts) {
  expect({
      {R"({"minLength":2})", {R"("ab")", R"("éé")", "1"}, {R"("")", R"("é")", R"("😀")"}},
      {R"({"maxLength":2})", {R"("")", R"("😀😀")", R"("éé")"}, {R"("abc")", R"("😀😀😀")"}},
      {R"({"minLength":2.0,"maxLength":2})", {R"("ab")"}, {R"("a")", R"("abc")"}},
      {R"({"pattern":"b"})", {R"("abc")", "5"}, {R"("ac")", R"("")"}},
      {R"({"pattern":"^a$"})", {R"("a")"}, {R"("a\n")", R"("\na")", R"("ba")"}},
      {R"({"format":"email"})", {R"("no")", R"("a@b.example")"}, {}},
  });
}

TEST(SchemaKeywords, arrays) {
  expect({
      {R"({"items":{"type":"string"}})", {"[]", R"(["a"])", "{}"}, {R"(["a",1])", "[null]"}},
      {R"({"prefixItems":[{"type":"string"},true]})", {"[]", R"(["a"])", R"(["a",1,2])"}, {"[1]"}},
      {R"({"prefixItems":[{"type":"string"}],"items":false})",
       {"[]", R"(["a"])"},
       {R"(["a",1])", "[1]"}},
      {R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]", "5"}, {"[]", "[1,2,3]"}},
      {R"({"uniqueItems":true})",
       {"[]", "[1,2]", R"([1,"1",true,null,[1],{"a":1}])", R"([{"a":1},{"a":2}])"},
       {"[1,1]", "[1,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])", "[[1],[1]]", "[null,null]",
        "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,9]"}},
      {R"({"contains":{"type":"string"}})", {R"([1,"a"])", "{}"}, {"[]", "[1]"}},
      {R"({"contains":{"type":"string"},"minContains":2,"maxContains":3})",
       {R"(["a","b",1])", R"(["a","b","c"])"},
       {R"(["a"])", R"(["a","b","c","d"])", "[]"}},
      {R"({"contains":false,"minContains":0})", {"[]", "[1]"}, {}},
      {R"({"minContains":5})", {"[]"}, {}},
      {R"({"unevaluatedItems":false})", {"[]"}, {"[1]"}},
      {R"({"allOf":[{"prefixItems":[true]}],"unevaluatedItems":{"type":"null"}})",
       {"[1]", "[1,null]"},
       {"[1,2]"}},
      {R"({"contains":{"type":"string"},"unevaluatedItems":false})",
       {R"(["a","b"])"},
       {R"(["a",1])"}},
      {R"({"prefixItems":[{"type":"string"}],"contains":{"type":"number"}})",
       {R"(["a",1])"},
       {"[]"}},
  });
}

TEST(SchemaKeywords, objects) {
  expect({
      {R"({"properties":{"a":{"type":"string"},"b":false}})",
       {"{}", R"({"a":"x","c":1})", "[]"},
       {R"({"a":1})", R"({"b":1})"}},
      {R"({"required":["a","a",""]})", {R"({"a":null,"":1})", "5"}, {"{}", R"({"a":1})"}},
      {R"({"properties":{"a":true},"additionalProperties":false})",
       {"{}", R"({"a":1})"},
       {R"({"b":1})", R"({"a":1,"B":2})"}},
      {R"({"required":["a"],"additionalProperties":false})", {}, {R"({"a":1})", "{}"}},
      {R"({"additionalProperties":{"type":"integer"}})", {R"({"x":1})"}, {R"({"x":"1"})"}},
      {R"({"patternProperties":{"^x-":{"type":"string"},"y":{"minLength":2}}})",
       {R"({"x-a":"v","z":1})", R"({"x-y":"vv"})"},
       {R"({"x-a":1})", R"({"x-y":"v"})"}},
      {R"({"patternProperties":{"^x-":true},"additionalProperties":false})",
       {R"({"x-a":1})"},
       {R"({"ax-":1})"}},
      {R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"}},
      {R"({"minProperties":1,"maxProperties":2})",
       {R"({"a":1})"},
       {"{}", R"({"a":1,"b":1,"c":1})"}},
      {R"({"dependentRequired":{"a":["b"]}})",
       {"{}", R"({"b":1})", R"({"a":1,"b":1})"},
       {R"({"a":1})"}},
      {R"({"dependentSchemas":{"a":{"required":["b"]}}})",
       {"{}", R"({"a":1,"b":1})"},
       {R"({"a":1})"}},
      {R"({"dependencies":{"a":["b"],"c":{"maxProperties":1}}})",
       {"{}", R"({"c":1})"},
       {R"({"a":1})", R"({"c":1,"d":1})"}},
      {R"({"unevaluatedProperties":false})", {"{}"}, {R"({"a":1})"}},
      {R"({"anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"properties":{"b":true}}],
           "unevaluatedProperties":false})",
       {R"({"a":1,"b":2})", R"({"b":1})"},
       {R"({"a":2})", R"({"c":1})"}},
      {R"({"if":{"properties":{"a":true},"required":["a"]},"then":{"properties":{"b":true}},
           "else":{"properties":{"c":true}},"unevaluatedProperties":false})",
       {R"({"a":1,"b":2})", R"({"c":1})"},
       {R"({"a":1,"c":2})", R"({"b":1})"}},
      {R"({"not":{"not":{"properties":{"a":true}}},"unevaluatedProperties":false})",
       {"{}"},
       {R"({"a":1})"}},
      {R"({"$ref":"#/$defs/x","unevaluatedProperties":false,
           "$defs":{"x":{"properties":{"a":true},"unevaluatedProperties":false}}})",
       {R"({"a":1})"},
       {R"({"b":1})"}},
  });
}

// Of every size, equal at the beginning, in the middle or at the end.
std::vector<std::string> awkward_names() {
  std::vector<std::string> names = {"", "ä", "z", "\u007f", "name\u00ff", "Name", "name"};
  for (std::size_t size = 1; size <= 40; ++size) {
    for (const char odd : {'a', 'm', 'z'}) {
      for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
        std::string name(size, 'm');
        name[at] = odd;
        names.push_back(std::move(name));
      }
    }
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

TEST(SchemaKeywords, every_name_is_found_and_no_other) {
  const std::vector<std::string> names = awkward_names();
  json::Writer half;
  half.object().key("additionalProperties").boolean(false).key("properties").object();
  for (std::size_t i = 0; i < names.size(); i += 2) half.key(names[i]).boolean(true);
  half.end().end();
  const auto schema = testing::compiled(half.text());
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  for (std::size_t i = 0; i < names.size(); ++i) {
    json::Writer value;
    value.object().key(names[i]).null().end();
    EXPECT_EQ(schema->valid(testing::read(value.text()).root()), i % 2 == 0) << names[i];
  }
}

TEST(SchemaKeywords, alternatives) {
  expect({
      {R"({"allOf":[{"minimum":1},{"maximum":2}]})", {"1", "2"}, {"0", "3"}},
      {R"({"anyOf":[{"type":"string"},{"minimum":2}]})", {R"("a")", "2", "null"}, {"1"}},
      {R"({"oneOf":[{"type":"integer"},{"minimum":2}]})", {"1", "2.5"}, {"3", "1.5"}},
      {R"({"not":{"type":"string"}})", {"1"}, {R"("a")"}},
      {R"({"not":{}})", {}, {"1"}},
      {R"({"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":1}})",
       {R"("ab")", "1", "null"},
       {R"("a")", "0"}},
      {R"({"then":false,"else":false})", {"1"}, {}},
      {R"({"if":false,"else":{"type":"null"}})", {"null"}, {"1"}},
  });
}

TEST(SchemaKeywords, older_drafts_say_what_they_know) {
  constexpr std::string_view d7 = R"({"$schema":"http://json-schema.org/draft-07/schema#",)";
  const auto old = [&](std::string_view rest) { return std::string(d7) + std::string(rest); };
  const std::string tuple = old(R"("items":[{"type":"string"}],"additionalItems":false})");
  const std::string open = old(R"("items":[{"type":"string"}]})");
  const std::string young = old(R"("dependentRequired":{"a":["b"]},"prefixItems":[false]})");
  const std::string named =
      old(R"("$ref":"#foo","definitions":{"x":{"$id":"#foo","type":"string"}}})");
  expect({
      {tuple, {R"(["a"])", "[]"}, {"[1]", R"(["a","b"])"}},
      {open, {R"(["a",1])"}, {"[1]"}},
      {R"({"items":[{"type":"string"}],"additionalItems":false})", {R"(["a"])"}, {R"(["a",1])"}},
      {young, {R"({"a":1})", "[1]"}, {}},
      {named, {R"("a")"}, {"1"}},
      {R"({"$schema":"http://json-schema.org/draft-04/schema#","minimum":1,
           "exclusiveMinimum":true,"const":5})",
       {"2"},
       {"1"}},
      {R"({"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveAnchor":true,
           "properties":{"a":{"$recursiveRef":"#"}},"additionalProperties":false})",
       {R"({"a":{"a":{}}})"},
       {R"({"a":{"b":1}})"}},
  });
}

}  // namespace
}  // namespace pawl::json_schema
