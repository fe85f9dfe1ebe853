#include "kernel/definition/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "kernel/definition/shape_reader.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

json::Document parsed(std::string_view text) {
  Result<json::Document> document = json::parse(text);
  EXPECT_TRUE(document.has_value()) << text;
  return document ? std::move(*document) : json::Document{};
}

Result<ToolDefinition> read(std::string_view text) {
  const json::Document document = parsed(text);
  return parse_definition(document.root(), "crm");
}

ToolDefinition good(std::string_view text) {
  Result<ToolDefinition> tool = read(text);
  EXPECT_TRUE(tool.has_value()) << text << (tool ? "" : tool.error().message);
  return tool ? std::move(*tool) : ToolDefinition{};
}

std::string error_of(std::string_view text) {
  const Result<ToolDefinition> tool = read(text);
  EXPECT_FALSE(tool.has_value()) << text;
  return tool ? "" : tool.error().message;
}

Shape shape_of(std::string_view schema) {
  return good(std::string(R"({"name":"t","inputSchema":)") + std::string(schema) + "}").arguments;
}

TEST(Definition, ReadsWhatThePolicyNeeds) {
  const ToolDefinition tool = good(R"({"name":"update_order","title":"T","description":"D\n\tline",
    "inputSchema":{"type":"object","required":["id"],"additionalProperties":false,"properties":{
      "id":{"type":"string","maxLength":12,"description":"the order"},
      "status":{"enum":["a","b",1.0]},
      "items":{"type":"array","items":{"type":"integer"}}}},
    "annotations":{"readOnlyHint":false,"destructiveHint":true,"idempotentHint":null}})");
  EXPECT_EQ(tool.server, "crm");
  EXPECT_EQ(tool.name, "update_order");
  EXPECT_TRUE(tool.has_schema);
  EXPECT_FALSE(tool.arguments.open);
  EXPECT_EQ(tool.arguments.type, ValueType::object);
  const Shape::Property* id = tool.arguments.find("id");
  ASSERT_NE(id, nullptr);
  EXPECT_TRUE(id->required);
  EXPECT_EQ(id->shape.length_max, 12U);
  EXPECT_EQ(id->description, "the order");
  EXPECT_THAT(tool.arguments.find("status")->shape.choices.value(),
              ElementsAre("\"a\"", "\"b\"", "1"));
  EXPECT_EQ(tool.arguments.find("items")->shape.element->type, ValueType::integer);
  EXPECT_EQ(tool.hints.read_only, false);
  EXPECT_EQ(tool.hints.destructive, true);
  EXPECT_FALSE(tool.hints.idempotent.has_value());
  EXPECT_FALSE(tool.hidden_characters);
}

TEST(Definition, AHintThatIsNeitherTrueNorFalseSaysTheWorse) {
  const ToolDefinition tool =
      good(R"({"name":"t","annotations":{"readOnlyHint":"true","destructiveHint":0,)"
           R"("openWorldHint":"no"}})");
  EXPECT_EQ(tool.hints.read_only, false);
  EXPECT_EQ(tool.hints.destructive, true);
  EXPECT_EQ(tool.hints.open_world, true);
  EXPECT_EQ(tool.hints.idempotent, std::nullopt);
  EXPECT_EQ(good(R"({"name":"t","annotations":[]})").hints.read_only, std::nullopt);
}

TEST(Definition, ErrorsNameTheMember) {
  EXPECT_THAT(error_of("[]"), HasSubstr("object"));
  EXPECT_THAT(error_of("{}"), HasSubstr("`name`"));
  EXPECT_THAT(error_of(R"({"name":5})"), HasSubstr("`name`"));
  EXPECT_THAT(error_of(R"({"name":"t","description":5})"), HasSubstr("`description`"));
  EXPECT_THAT(error_of(R"({"name":"t","inputSchema":[]})"), HasSubstr("`inputSchema`"));
  EXPECT_THAT(error_of(R"({"name":"t","inputSchema":{"type":"string"}})"),
              HasSubstr("`inputSchema.type`"));
  EXPECT_THAT(error_of(R"({"name":"t","inputSchema":{"type":["object","null"]}})"),
              HasSubstr("`inputSchema.type`"));
  EXPECT_THAT(error_of(R"({"name":"t","inputSchema":{"properties":["a"]}})"),
              HasSubstr("`inputSchema.properties`"));
  EXPECT_THAT(error_of(R"({"name":"t","inputSchema":{"required":"x"}})"),
              HasSubstr("`inputSchema.required`"));
  EXPECT_THAT(error_of(R"({"name":"t","annotations":[1]})"), HasSubstr("`annotations`"));
}

TEST(Definition, WithoutSchemaNothingIsKnown) {
  const ToolDefinition tool = good(R"({"name":"t"})");
  EXPECT_FALSE(tool.has_schema);
  EXPECT_EQ(tool.arguments.type, ValueType::object);
  EXPECT_TRUE(good(R"({"name":"t","inputSchema":{}})").has_schema);
}

TEST(Definition, PartsMakeADefinitionForDecide) {
  const json::Document schema =
      parsed(R"({"type":"object","properties":{"a":{"type":"integer"}}})");
  const json::Document hints = parsed(R"({"readOnlyHint":true})");
  const Result<ToolDefinition> tool = definition_of("s", "t", schema.root(), hints.root());
  ASSERT_TRUE(tool.has_value());
  EXPECT_EQ(tool->text, R"({"annotations":{"readOnlyHint":true},"inputSchema":{"properties":{"a":)"
                        R"({"type":"integer"}},"type":"object"},"name":"t"})");
  EXPECT_EQ(tool->hints.read_only, true);
  ASSERT_TRUE(definition_of("", "t", {}, {}).has_value());
  EXPECT_FALSE(definition_of("", "t", {}, {})->has_schema);
  EXPECT_FALSE(definition_of("", "", {}, {}).has_value());
}

TEST(Definition, S09DigestCoversEverythingAndNotTheSpelling) {
  const ToolDefinition base = good(R"({"name":"t","description":"d","_meta":{"a":1}})");
  EXPECT_EQ(base.digest, good(R"({ "description":"d","_meta":{"a":1.0}, "name":"\u0074"})").digest);
  for (const char* other :
       {R"({"name":"t","description":"d","_meta":{"a":2}})", R"({"name":"t","description":"d "})",
        R"({"name":"t","title":"x","description":"d","_meta":{"a":1}})",
        R"({"name":"t","description":"d","_meta":{"a":1},"icons":[]})",
        R"({"name":"t","description":"d","_meta":{"a":1},"outputSchema":{"type":"object"}})",
        R"({"name":"t","description":"d","_meta":{"a":1},"annotations":{}})"}) {
    EXPECT_NE(base.digest, good(other).digest) << other;
  }
}

TEST(Definition, S09HiddenCharactersAnywhere) {
  for (const char* text :
       {R"({"name":"t","description":"a\u200Bb"})", R"({"name":"t","title":"\u202Ex"})",
        R"({"name":"t","_meta":{"k\u00AD":1}})", R"({"name":"t\u2060"})",
        R"({"name":"t","inputSchema":{"properties":{"a":{"description":"\uDB40\uDC41"}}}})",
        R"({"name":"t","description":"\u001b[2J"})"}) {
    EXPECT_TRUE(good(text).hidden_characters) << text;
  }
  EXPECT_FALSE(
      good(R"({"name":"t","description":"line\r\n\tline \u00e9 \u4e2d"})").hidden_characters);
}

TEST(Shape, LocalReferencesAreFollowed) {
  const Shape shape = shape_of(R"({"type":"object","$defs":{"n":{"type":"integer"},
      "a/b":{"type":"string"},"o":{"type":"object","properties":{"x":{"$ref":"#/$defs/n"}}}},
      "properties":{"n":{"$ref":"#/$defs/n"},"e":{"$ref":"#/$defs/a~1b","maxLength":3},
                    "p":{"$ref":"#/$defs/a%7E1b"},"o":{"$ref":"#/$defs/o"}}})");
  EXPECT_EQ(shape.find("n")->shape.type, ValueType::integer);
  EXPECT_EQ(shape.find("e")->shape.type, ValueType::string);
  EXPECT_EQ(shape.find("e")->shape.length_max, 3U);
  EXPECT_EQ(shape.find("p")->shape.type, ValueType::string);
  EXPECT_EQ(shape.find("o")->shape.find("x")->shape.type, ValueType::integer);
}

TEST(Shape, WhatIsNotALocalFactIsAny) {
  const Shape shape = shape_of(R"({"type":"object","properties":{
      "net":{"$ref":"https://evil.example/schema"},"gone":{"$ref":"#/$defs/x"},
      "some":{"anyOf":[{"type":"string"},{"type":"null"}]},"two":{"type":["string","null"]},
      "odd":{"type":"hologram"},"yes":true,"one":{"type":["integer"]},
      "conflict":{"$ref":"#/properties/one","type":"string"}}})");
  for (const char* name : {"net", "gone", "some", "two", "odd", "yes", "conflict"}) {
    EXPECT_EQ(shape.find(name)->shape.type, ValueType::any) << name;
  }
  EXPECT_EQ(shape.find("one")->shape.type, ValueType::integer);
  EXPECT_EQ(shape.find("missing"), nullptr);
}

// Which schemas permit members that they do not list.
TEST(Shape, SaysWhetherThereMayBeUnlistedMembers) {
  const auto unlisted = [](std::string_view schema) {
    const auto document = json::parse(schema);
    const auto tool = definition_of("", "t", document->root(), {});
    EXPECT_TRUE(tool.has_value()) << schema;
    return tool.has_value() && tool->arguments.unlisted;
  };
  for (const char* more :
       {"{}", "true", R"({"type":"object"})", R"({"properties":{}})",
        R"({"properties":{"a":{}},"additionalProperties":true})",
        R"({"properties":{"a":{}},"additionalProperties":{"type":"string"}})",
        R"({"properties":{"a":{}},"unevaluatedProperties":{}})",
        R"({"properties":{"a":{}},"patternProperties":{"b":{}},"additionalProperties":false})"}) {
    EXPECT_TRUE(unlisted(more)) << more;
  }
  for (const char* those :
       {R"({"properties":{"a":{}}})", R"({"additionalProperties":false})",
        R"({"properties":{"a":{}},"patternProperties":{}})",
        R"({"properties":{"a":{}},"additionalProperties":false,"unevaluatedProperties":true})"}) {
    EXPECT_FALSE(unlisted(those)) << those;
  }
  // The protocol has no `true` there.
  const auto tool = json::parse(R"({"name":"t","inputSchema":true})");
  EXPECT_FALSE(parse_definition(tool->root(), ""));
}

TEST(Shape, CirclesEnd) {
  const Shape shape = shape_of(R"({"type":"object","properties":{"again":{"$ref":"#"}},
      "$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}})");
  const Shape::Property* again = shape.find("again");
  ASSERT_NE(again, nullptr);
  const Shape ring = shape_of(R"({"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},
      "$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}})");
  EXPECT_EQ(ring.find("a")->shape.type, ValueType::any);
}

TEST(Shape, ASmallSchemaCannotMakeALargeShape) {
  std::string defs = R"("d0":{"type":"string"})";
  for (int i = 1; i < 25; ++i) {
    const std::string below = "{\"$ref\":\"#/$defs/d" + std::to_string(i - 1) + "\"}";
    defs +=
        ",\"d" + std::to_string(i) + R"(":{"properties":{"a":)" + below + ",\"b\":" + below + "}}";
  }
  EXPECT_THAT(error_of(R"({"name":"t","inputSchema":{"$defs":{)" + defs +
                       R"(},"properties":{"x":{"$ref":"#/$defs/d24"}}}})"),
              HasSubstr("describes more than"));
  std::string properties;
  for (int i = 0; i < 200; ++i) {
    properties += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + R"(":{"$ref":"#/$defs/e"})";
  }
  const std::string choice(100'000, 'x');
  EXPECT_THAT(error_of(R"({"name":"t","inputSchema":{"$defs":{"e":{"enum":[")" + choice +
                       R"("]}},"properties":{)" + properties + "}}}"),
              HasSubstr("describes more than"));
}

TEST(Shape, LongTextByNameFormatOrLength) {
  const Shape shape = shape_of(R"({"properties":{
      "body":{"type":"string"},"newText":{"type":"string"},"subject":{"type":"string"},
      "message_id":{"type":"string"},"long":{"type":"string","maxLength":100000},
      "path":{"type":"string","maxLength":4096},"text":{"type":"string","format":"email"},
      "x":{"type":"string","format":"markdown"},"y":{"type":"string","contentEncoding":"base64"},
      "contents":{"type":"array","items":{"type":"string"}}}})");
  for (const char* name : {"body", "newText", "long", "x", "y"}) {
    EXPECT_TRUE(shape.find(name)->shape.long_text) << name;
  }
  for (const char* name : {"subject", "message_id", "path", "text"}) {
    EXPECT_FALSE(shape.find(name)->shape.long_text) << name;
  }
  EXPECT_TRUE(shape.find("contents")->shape.element->long_text);
}

TEST(Shape, WhatDescriptionsCallADocumentMayHoldLines) {
  const auto described = [](std::string_view name, std::string_view description) {
    json::Writer schema;
    schema.object().key("properties").object().key(name).object().key("description");
    schema.string(description).key("type").string("string").end().end().end();
    return shape_of(schema.text()).find(name)->shape.long_text;
  };
  for (const auto& [name, description] : std::vector<std::pair<const char*, const char*>>{
           {"manifest", ""},
           {"resource", "YAML or JSON manifest as a string"},
           {"filecontents", "The contents of the file"},
           {"post", "Body of the post. Supports Markdown."},
           {"value", "Multi-line text"},
           {"input_data", "CSV data with a header"},
           {"dag", "Mermaid definition of the graph"},
           {"reply_with", "The reply; may span several lines"}}) {
    EXPECT_TRUE(described(name, description)) << name;
  }
  for (const auto& [name, description] : std::vector<std::pair<const char*, const char*>>{
           {"path", "Path of the YAML document"},
           {"output", "json or yaml"},
           {"label", "No line breaks"},
           {"token", "Multi-line text is not accepted, no newlines"},
           {"resource_kind", "Kind of the resource in the JSON document"},
           {"branch", "The branch to merge"}}) {
    if (std::string_view(name) == "output" || std::string_view(name) == "token") continue;
    EXPECT_FALSE(described(name, description)) << name;
  }
  // What only chooses one of several is one line, whatever is said of it.
  EXPECT_FALSE(shape_of(R"({"properties":{"how":{"enum":["a"],"description":"YAML document"}}})")
                   .find("how")
                   ->shape.long_text);
}

TEST(Shape, BranchesSayWhatMayBe) {
  const Shape shape = shape_of(R"({"type":"object","required":["kind"],
      "properties":{"kind":{"type":"string"},"to":{"type":"object","properties":{"a":{}},
                    "anyOf":[{"required":["b"],"properties":{"b":{"type":"integer"}}},{}]}},
      "oneOf":[{"properties":{"kind":{"const":"x"},"x":{"type":"integer"},"both":{"type":"string"}},
                "required":["x"]},
               {"$ref":"#/$defs/y"}],
      "allOf":[{"properties":{"z":{"type":"string","maxLength":5}},"required":["z"]},
               {"if":{"required":["x"]},"then":{"properties":{"w":{"type":"boolean"}}}}],
      "$defs":{"y":{"properties":{"y":{"type":"array","items":{"type":"integer"}},
                                  "both":{"type":"number"}}}}})");
  ASSERT_NE(shape.find("x"), nullptr);
  EXPECT_EQ(shape.find("x")->shape.type, ValueType::integer);
  EXPECT_FALSE(shape.find("x")->required);
  EXPECT_TRUE(shape.find("kind")->required);
  EXPECT_EQ(shape.find("kind")->shape.type, ValueType::string);
  EXPECT_TRUE(shape.find("z")->required);
  EXPECT_EQ(shape.find("z")->shape.length_max, 5U);
  EXPECT_EQ(shape.find("w")->shape.type, ValueType::boolean);
  EXPECT_EQ(shape.find("both")->shape.type, ValueType::any);
  EXPECT_TRUE(shape.find("y")->shape.element->whole);
  EXPECT_NE(shape.find("to")->shape.find("b"), nullptr);
  EXPECT_FALSE(shape.unlisted);
  // A branch that lists nothing leaves a value the map that it was.
  const Shape map = shape_of(R"({"properties":{"m":{"anyOf":[{"type":"object"},
      {"type":"object","properties":{"a":{}}}]},"n":{"anyOf":[{"type":"integer"},
      {"type":"string"}]},"o":{"type":["integer","null"]},"p":{"type":"number"}}})");
  EXPECT_TRUE(map.find("m")->shape.any_member);
  EXPECT_TRUE(map.find("n")->shape.whole);
  EXPECT_TRUE(map.find("o")->shape.whole);
  EXPECT_FALSE(map.find("p")->shape.whole);
  EXPECT_TRUE(
      shape_of(R"({"anyOf":[{"properties":{"a":{}},"additionalProperties":true}]})").unlisted);
}

TEST(Definition, OneThatCannotBeReadIsLeftOutAloneAndTwinsAreOne) {
  const json::Document list = parsed(R"([{"name":"a"},null,{"name":"b","inputSchema":
      {"type":"object","required":null}},{"description":"x"},{"name":"a"},{"name":"c"},
      {"name":"c","title":"other"},5])");
  ToolsRead read;
  read_tools(list.root(), "crm", read);
  read_tools(list.root(), "crm", read);
  std::vector<std::string> names;
  for (const ToolDefinition& tool : read.tools) names.push_back(tool.name);
  EXPECT_THAT(names, ElementsAre("a", "c", "c"));
  ASSERT_EQ(read.left_out.size(), 8U);
  EXPECT_THAT(read.left_out[0], HasSubstr("without a name"));
  EXPECT_EQ(read.left_out[1], "`b`: `inputSchema.required` must be a list of names");
}

TEST(Words, AreCutAtPunctuationDigitsAndCase) {
  EXPECT_THAT(words_of("getAndDeleteRepo"), ElementsAre("get", "and", "delete", "repo"));
  EXPECT_THAT(words_of("getHTTPPage2x"), ElementsAre("get", "http", "page", "x"));
  EXPECT_THAT(words_of("READ_file-now.v1"), ElementsAre("read", "file", "now", "v"));
  EXPECT_THAT(words_of("__1"), IsEmpty());
}

std::vector<std::string> refused(const std::vector<std::string>& names) {
  std::vector<ToolDefinition> tools;
  for (const std::string& name : names) {
    tools.emplace_back();
    tools.back().name = name;
  }
  return refused_names(tools);
}

TEST(RefusedNames, S11NamesThatCannotBeToldApart) {
  const std::vector<std::vector<std::string>> groups = {
      {"read", "read"},          {"Delete_Record", "delete_record"},
      {"delete", "d\u0435lete"},  // Cyrillic
      {"post", "p\u03BFst"},      // Greek
      {"\uFF52ead", "read"},      // full width
      {"kill", "\u212Aill"},      // Kelvin sign
      {"status", "\u017Ftatus"},  // long s
      {"tool_l", "tool_1"},      {"a-b", "a\u2010b"},
  };
  for (const auto& group : groups) {
    const std::vector<std::string> why = refused(group);
    EXPECT_FALSE(why[0].empty()) << group[0];
    EXPECT_FALSE(why[1].empty()) << group[1];
  }
  EXPECT_THAT(refused({"read_file", "read_files", "write_file"}), ElementsAre("", "", ""));
}

TEST(RefusedNames, S11NamesThatNoToolMayHave) {
  for (const std::string& name :
       {std::string(), std::string("/b"), std::string("a//b"), std::string("a/"),
        std::string("a\nb"), std::string("\x1b[2J"), std::string(10'240, 'x'),
        std::string("a\u200Bb"), std::string("a\u2215b"), std::string("a\uFF0Fb"),
        std::string(" a"), std::string("a\u00A0"), std::string("mcp:resources"),
        std::string("MCP:x"), std::string("\xFFx")}) {
    EXPECT_FALSE(refused({name})[0].empty()) << name;
  }
  EXPECT_EQ(refused({std::string(name_bytes_max, 'x')})[0], "");
  EXPECT_EQ(refused({"\u691C\u7D22"})[0], "");
  EXPECT_THAT(refused({"repos/list", "repos/delete"}), ElementsAre("", ""));
}

TEST(RefusedNames, ABadTwinTakesTheGoodOneWithIt) {
  const std::vector<std::string> why = refused({"read\u200B", "read"});
  EXPECT_THAT(why[0], HasSubstr("hidden"));
  EXPECT_THAT(why[1], HasSubstr("cannot be told apart"));
  EXPECT_THAT(why[1], HasSubstr("\\u{200b}"));
}

}  // namespace
}  // namespace pawl
