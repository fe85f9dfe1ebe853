#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "kernel/redact/scope.h"

namespace pawl {
namespace {

std::string schema_of(const Scope& scope, std::string_view text) {
  const Result<json::Document> document = json::parse(text);
  EXPECT_TRUE(document.has_value()) << text;
  const std::string out = project_output_schema(scope, document->root());
  const Result<json::Document> again = json::parse(out);
  EXPECT_TRUE(again.has_value()) << out;
  EXPECT_EQ(again->root().text("type"), "object") << out;
  EXPECT_EQ(json::write(again->root()), out) << "not canonical";
  return out;
}

const Scope scope({"id", "contact.email"});

TEST(OutputSchema, KeepsOnlyWhatTheProjectionKeeps) {
  EXPECT_EQ(schema_of(scope, R"({"type":"object","additionalProperties":false,
      "properties":{"id":{"type":"integer"},"ssn":{"type":"string"}},"required":["id","ssn"]})"),
            R"({"properties":{"id":{"type":"integer"}},"required":["id"],"type":"object"})");
}

TEST(OutputSchema, WrappersLoseTheirDemands) {
  EXPECT_EQ(
      schema_of(scope, R"({"type":"object","minProperties":3,"required":["contact","list"],
      "properties":{
        "contact":{"type":"object","required":["email","phone"],
                   "properties":{"email":{"type":"string"},"phone":{"type":"string"}}},
        "list":{"type":"array","minItems":2,"items":{"type":"object","required":["id","x"],
                "properties":{"id":{"type":"integer"},"x":{}}}}}})"),
      R"({"properties":{"contact":{"properties":{"email":{"type":"string"}},"required":["email"],)"
      R"("type":"object"},"list":{"items":{"properties":{"id":{"type":"integer"},"x":{}},)"
      R"("required":["id"],"type":"object"},"type":"array"}},"type":"object"})");
}

TEST(OutputSchema, LevelsThatSayMoreAreOpened) {
  EXPECT_EQ(schema_of(scope, R"({"type":"object","oneOf":[{"required":["a"]}]})"),
            R"({"type":"object"})");
  EXPECT_EQ(schema_of(scope, R"({"type":"object","properties":{"w":{"anyOf":[{"type":"null"}]}}})"),
            R"({"properties":{"w":{}},"type":"object"})");
  EXPECT_EQ(schema_of(scope, "true"), R"({"type":"object"})");
  EXPECT_EQ(schema_of(scope, R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"object"}}})"),
            R"({"type":"object"})");
}

TEST(OutputSchema, DefinitionsStayWhereTheyAreReferredTo) {
  EXPECT_EQ(schema_of(scope, R"({"type":"object","$defs":{"n":{"type":"integer"}},
      "properties":{"id":{"$ref":"#/$defs/n"},"w":{"$ref":"#/$defs/n"}}})"),
            R"({"$defs":{"n":{"type":"integer"}},"properties":{"id":{"$ref":"#/$defs/n"}},)"
            R"("type":"object"})");
  // A reference into what the projection removes would not compile in a client.
  EXPECT_EQ(schema_of(scope, R"({"type":"object","properties":{"x":{"type":"string"},
      "id":{"$ref":"#/properties/x"}}})"),
            R"({"properties":{"id":{}},"type":"object"})");
}

TEST(OutputSchema, CirclesAndDepthEnd) {
  schema_of(scope, R"({"type":"object","$defs":{"n":{"type":"object",
      "properties":{"next":{"$ref":"#/$defs/n"},"other":{"$ref":"#/$defs/n"}}}},
      "properties":{"w":{"$ref":"#/$defs/n"}}})");
  schema_of(scope, R"({"type":"object","$defs":{"n":{"$ref":"#/$defs/n"}},
      "properties":{"w":{"$ref":"#/$defs/n"}}})");
}

}  // namespace
}  // namespace pawl
