// Arguments that a request says a second time in its fields.
#include "doors/mcp/protocol/outgoing.h"

#include <gmock/gmock.h>

namespace pawl::mcp {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A region, and a number below `where`.
const json::Document& mirrored_schema() {
  static const json::Document schema = *json::parse(R"({"type":"object","properties":{
    "region":{"type":"string","x-mcp-header":"Region"},
    "where":{"type":"object","properties":{"zone":{"type":"integer","x-mcp-header":"Zone"}}},
    "other":{"type":"string"}}})");
  return schema;
}

std::string said_of(std::string_view arguments, const Repeated& fields) {
  const auto document = json::parse(arguments);
  return disagreement(fields, mirrored_by(mirrored_schema().root()), document->root());
}

TEST(Repeated, SaysWhatTheBodySays) {
  EXPECT_THAT(said_of(R"({"region":"eu"})", {{"mcp-param-region", "eu"}}), IsEmpty());
  EXPECT_THAT(said_of(R"({"where":{"zone":7}})", {{"mcp-param-zone", "7"}}), IsEmpty());
  EXPECT_THAT(said_of(R"({"region":null,"other":"x"})", {}), IsEmpty());
  EXPECT_THAT(said_of("{}", {{"mcp-param-unknown", "x"}}), IsEmpty());
}

TEST(Repeated, ANumberMayBeSpelledInTwoWays) {
  EXPECT_THAT(said_of(R"({"where":{"zone":7}})", {{"mcp-param-zone", "7.0"}}), IsEmpty());
  EXPECT_THAT(said_of(R"({"where":{"zone":7}})", {{"mcp-param-zone", "\"7\""}}),
              HasSubstr("different things"));
}

TEST(Repeated, WhatDiffersIsRefused) {
  EXPECT_THAT(said_of(R"({"region":"eu"})", {{"mcp-param-region", "us"}}),
              HasSubstr("different things"));
  EXPECT_THAT(said_of(R"({"region":"eu"})", {{"mcp-param-region", "EU"}}),
              HasSubstr("different things"));
  EXPECT_THAT(said_of(R"({"region":"eu"})", {}), HasSubstr("is missing"));
  EXPECT_THAT(said_of("{}", {{"mcp-param-region", "eu"}}), HasSubstr("different things"));
  EXPECT_THAT(said_of(R"({"region":null})", {{"mcp-param-region", ""}}),
              HasSubstr("different things"));
  EXPECT_THAT(said_of(R"({"region":"eu"})", {{"mcp-param-region", std::nullopt}}),
              HasSubstr("not base64"));
  EXPECT_THAT(
      said_of(R"({"region":"eu"})", {{"mcp-param-region", "eu"}, {"mcp-param-region", "eu"}}),
      HasSubstr("twice"));
}

}  // namespace
}  // namespace pawl::mcp
