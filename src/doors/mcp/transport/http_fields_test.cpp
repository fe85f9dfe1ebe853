#include "doors/mcp/transport/http_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace pawl::mcp {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

http::Headers headers_of(const std::vector<std::pair<std::string, std::string>>& fields) {
  http::Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

TEST(Fields, WhatAClientTakes) {
  struct Row {
    const char* accept;
    bool json, events;
  };
  for (const Row& row :
       {Row{"application/json, text/event-stream", true, true},
        Row{"text/event-stream", false, true}, Row{"application/json", true, false},
        Row{"*/*", true, true}, Row{"Application/JSON;q=0.5", true, false},
        Row{"application/json;q=0, text/event-stream", false, true}, Row{"text/html", false, false},
        Row{"", false, false}}) {
    const Taken taken = taken_of(headers_of({{"accept", row.accept}}));
    EXPECT_EQ(taken.json, row.json) << row.accept;
    EXPECT_EQ(taken.events, row.events) << row.accept;
  }
  EXPECT_TRUE(taken_of({}).events);
  const Taken two = taken_of(headers_of({{"accept", "application/json"}, {"accept", "text/*"}}));
  EXPECT_TRUE(two.json && two.events);
}

TEST(Fields, OnlyJsonIsRead) {
  const auto json = [](const char* type) { return is_json(headers_of({{"content-type", type}})); };
  EXPECT_TRUE(json("application/json"));
  EXPECT_TRUE(json("application/json; charset=UTF-8"));
  EXPECT_TRUE(json("application/json;charset=\"utf-8\""));
  EXPECT_FALSE(json("application/json; charset=utf-16"));
  EXPECT_FALSE(json("text/plain"));
  EXPECT_FALSE(json("application/jsonx"));
  EXPECT_FALSE(is_json({}));
  EXPECT_FALSE(is_json(
      headers_of({{"content-type", "application/json"}, {"content-type", "application/json"}})));
}

TEST(Fields, ValuesMayBeBase64) {
  EXPECT_THAT(decoded("read"), Optional(std::string("read")));
  EXPECT_THAT(decoded("=?base64?SGVsbG8=?="), Optional(std::string("Hello")));
  EXPECT_THAT(decoded("=?base64?"
                      "?="),
              Optional(std::string()));
  EXPECT_EQ(decoded("=?base64?SGVsbG8?="), std::nullopt);
  EXPECT_EQ(decoded("=?base64?SGVs bG8=?="), std::nullopt);
  EXPECT_EQ(decoded("=?base64?/w==?="), std::nullopt);  // no UTF-8
  EXPECT_THAT(decoded("=?base64?"), Optional(std::string("=?base64?")));
}

// The sentence about a request whose fields and body are these.
std::string about(const std::string& body,
                  std::vector<std::pair<std::string, std::string>> fields) {
  json::Parser parser;
  json::Document document;
  const auto message = read_message(body, Side::client, parser, document);
  EXPECT_TRUE(message) << body;
  return message ? disagreement(headers_of(fields), *message) : "no message";
}

const std::string kVersion = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"})";

TEST(Fields, TheBodyAndItsFieldsSayTheSame) {
  const std::string call =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read",)" + kVersion + "}}";
  const std::pair<std::string, std::string> version{"mcp-protocol-version", "2026-07-28"};
  const std::pair<std::string, std::string> method{"mcp-method", "tools/call"};
  EXPECT_THAT(about(call, {version, method, {"mcp-name", "read"}}), IsEmpty());
  EXPECT_THAT(about(call, {version, method, {"mcp-name", "=?base64?cmVhZA==?="}}), IsEmpty());
  EXPECT_THAT(about(call, {version, method, {"mcp-name", "=?base64?cmVhZA?="}}),
              HasSubstr("not base64"));
  EXPECT_THAT(about(call, {version, method, {"mcp-name", "Read"}}), HasSubstr("different names"));
  EXPECT_THAT(about(call, {version, method}), HasSubstr("`Mcp-Name` is missing"));
  EXPECT_THAT(about(call, {version, {"mcp-name", "read"}}), HasSubstr("`Mcp-Method` is missing"));
  EXPECT_THAT(about(call, {version, {"mcp-method", "tools/list"}, {"mcp-name", "read"}}),
              HasSubstr("different methods"));
  EXPECT_THAT(about(call, {version, {"mcp-method", "TOOLS/CALL"}, {"mcp-name", "read"}}),
              HasSubstr("different methods"));
  EXPECT_THAT(about(call, {{"mcp-protocol-version", "2025-11-25"}, method, {"mcp-name", "read"}}),
              HasSubstr("different revisions"));
  EXPECT_THAT(about(call, {method, {"mcp-name", "read"}}),
              HasSubstr("`MCP-Protocol-Version` is missing"));
  EXPECT_THAT(about(call, {version, method, method, {"mcp-name", "read"}}), HasSubstr("twice"));
}

TEST(Fields, AResourceIsNamedByItsAddress) {
  const std::string read =
      R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x://1",)" + kVersion +
      "}}";
  const std::vector<std::pair<std::string, std::string>> fields = {
      {"mcp-protocol-version", "2026-07-28"}, {"mcp-method", "resources/read"}};
  auto named = fields;
  named.emplace_back("mcp-name", "x://1");
  EXPECT_THAT(about(read, named), IsEmpty());
  EXPECT_THAT(about(read, fields), HasSubstr("`Mcp-Name` is missing"));
}

TEST(Fields, ATraceOfTheFieldsIsTheMessagesOwnWhereItHasNone) {
  const std::string mine = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto traced = [](const std::string& params, const std::string& field) {
    const std::string body =
        R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)" + params + "}";
    json::Parser parser;
    json::Document document;
    const auto message = read_message(body, Side::client, parser, document);
    EXPECT_TRUE(message) << body;
    return message ? traced_params(headers_of({{"traceparent", field}}), *message) : "";
  };
  EXPECT_EQ(
      traced(R"({"name":"a","_meta":{"progressToken":1},"arguments":{}})", mine),
      R"({"name":"a","arguments":{},"_meta":{"progressToken":1,"traceparent":")" + mine + R"("}})");
  EXPECT_EQ(traced(R"({"name":"a"})", mine),
            R"({"name":"a","_meta":{"traceparent":")" + mine + R"("}})");
  EXPECT_THAT(traced(R"({"name":"a","_meta":{"traceparent":"x"}})", mine), IsEmpty());
  EXPECT_THAT(traced(R"({"name":"a","_meta":7})", mine), IsEmpty());
  EXPECT_THAT(traced(R"({"name":"a","_Meta":{}})", mine), IsEmpty());
  EXPECT_THAT(traced(R"({"name":"a","_meta":{"Traceparent":"x"}})", mine), IsEmpty());
  EXPECT_THAT(traced(R"({"name":"a"})", mine + "\",\"b"), IsEmpty());
}

TEST(Fields, RepeatedArgumentsAreDecoded) {
  http::Headers headers;
  headers.add("mcp-param-region", " eu ");
  headers.add("mcp-param-word", "=?base64?w7Y=?=");
  headers.add("mcp-param-broken", "=?base64?SGVsbG8?=");
  headers.add("mcp-name", "read");
  const Repeated repeated = repeated_arguments(headers);
  ASSERT_EQ(repeated.size(), 3U);
  EXPECT_EQ(repeated[0], (Repeated::value_type{"mcp-param-region", "eu"}));
  EXPECT_EQ(repeated[1], (Repeated::value_type{"mcp-param-word", "\u00f6"}));
  EXPECT_EQ(repeated[2], (Repeated::value_type{"mcp-param-broken", std::nullopt}));
}

}  // namespace
}  // namespace pawl::mcp
