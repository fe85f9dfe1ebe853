// The transport over HTTP in the stateless era, the secrets that it carries, and its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "doors/mcp/protocol/outgoing.h"
#include "doors/mcp/transport/http_upstream_testing.h"

namespace pawl::mcp {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Remote, TheNewerEraRepeatsInHeadersWhatTheBodySays) {
  Way way;
  way.open();
  ASSERT_TRUE(way.send(stateless(1, "tools/call", R"("name":"lösch","arguments":{},)")));
  const http::Headers headers = way.next().request.headers;
  EXPECT_EQ(headers.find("mcp-protocol-version"), "2026-07-28");
  EXPECT_EQ(headers.find("mcp-method"), "tools/call");
  EXPECT_EQ(headers.find("mcp-name"), "=?base64?bMO2c2No?=");
  ASSERT_TRUE(way.send(stateless(2, "resources/read", R"("uri":"test://x",)")));
  EXPECT_EQ(way.next().request.headers.find("mcp-name"), "test://x");
}

TEST(Remote, TakingBackARequestOfTheNewerEraClosesIt) {
  Way way;
  way.open();
  ASSERT_TRUE(way.send(stateless(1, "tools/call", R"("name":"a","arguments":{},)")));
  bool gone = false;
  way.next().responder->on_gone([&] { gone = true; });
  ASSERT_TRUE(
      way.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"));
  EXPECT_TRUE(way.loop.run_until([&] { return gone; }));
  way.wait_lost();
  EXPECT_EQ(way.asked.size(), 1U);
  // In the stateful era that is a message, and the request goes on.
  ASSERT_TRUE(way.send(call(2)));
  way.next();
  ASSERT_TRUE(
      way.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}})"));
  EXPECT_THAT(way.next().request.body, HasSubstr("cancelled"));
}

TEST(Remote, ArgumentsThatASchemaWantsInHeadersAreThere) {
  Way way;
  way.open();
  ASSERT_TRUE(way.send(stateless(1, "tools/list", "")));
  way.next();
  way.answer(200, R"({"jsonrpc":"2.0","id":1,"result":{"tools":[
    {"name":"a","inputSchema":{"type":"object","properties":{
      "region":{"type":"string","x-mcp-header":"Region"},
      "deep":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"}}},
      "sure":{"type":"boolean","x-mcp-header":"Sure"}}}},
    {"name":"b","inputSchema":{"type":"object","properties":{
      "l":{"type":"array","items":{"type":"string","x-mcp-header":"L"}}}}}]}})");
  way.wait_heard(1);
  ASSERT_TRUE(way.send(
      stateless(2, "tools/call",
                R"("name":"a","arguments":{"region":"eu\r\nX: y","deep":{"n":7},"sure":null},)")));
  const http::Headers headers = way.next().request.headers;
  EXPECT_EQ(headers.find("mcp-param-region"), "=?base64?ZXUNClg6IHk=?=");
  EXPECT_EQ(headers.find("mcp-param-n"), "7");
  EXPECT_EQ(headers.find("mcp-param-sure"), std::nullopt);
  ASSERT_TRUE(way.send(stateless(3, "tools/call", R"("name":"b","arguments":{},)")));
  way.wait_heard(2);
  EXPECT_THAT(way.heard.at(1), AllOf(HasSubstr(R"("id":3)"), HasSubstr("not an argument")));
  EXPECT_EQ(way.asked.size(), 2U);
}

TEST(Remote, ASecretGoesWithEachRequestAndIsTakenOutOfAnswers) {
  Way way;
  std::vector<std::string> minted;
  way.open({.url = {},
            .client = {},
            .mint = [&minted](Pass pass) -> Task<Result<Minted>> {
              minted.push_back(pass.tool + "/" + pass.credential);
              if (pass.credential == "none")
                co_return fail(ErrorKind::refused, "it is not for `x`");
              Minted out;
              out.header = "authorization";
              out.value = secrets::Credential::copy_of("Bearer secret-value-1");
              out.used = {"crm", "3", "svc@crm"};
              co_return out;
            },
            .scrub =
                [](std::string& text) {
                  const std::size_t at = text.find("secret-value-1");
                  if (at != text.npos) text.replace(at, 14, "[redacted crm]");
                }});
  auto pass = std::make_shared<Pass>(Pass{"crm/read", "crm", {}});
  way.transport->entitle(pass);
  ASSERT_TRUE(way.send(call(1)));
  EXPECT_EQ(way.next().request.headers.find("authorization"), "Bearer secret-value-1");
  way.answer(200, R"({"jsonrpc":"2.0","id":1,"result":{"x":"secret-value-1"}})");
  way.wait_heard(1);
  EXPECT_THAT(way.heard.at(0), HasSubstr("[redacted crm]"));
  EXPECT_EQ(pass->used.version, "3");
  EXPECT_EQ(pass->used.principal, "svc@crm");
  // A pass is for one message.
  ASSERT_TRUE(way.send(call(2)));
  way.next();
  EXPECT_THAT(minted, ElementsAre("crm/read/crm", "/"));
  way.transport->entitle(std::make_shared<Pass>(Pass{"crm/read", "none", {}}));
  ASSERT_TRUE(way.send(call(3)));
  way.wait_heard(2);
  EXPECT_THAT(way.heard.at(1), AllOf(HasSubstr(R"("id":3)"), HasSubstr("it is not for `x`")));
  EXPECT_EQ(way.asked.size(), 2U);
}

TEST(Remote, SaysNothingWhilePausedAndEverythingAfterwards) {
  Way way;
  way.open();
  ASSERT_TRUE(way.send(call(1)));
  way.next();
  way.transport->pause();
  way.answer(200, answer_to(1));
  way.settle();
  EXPECT_THAT(way.heard, IsEmpty());
  way.transport->resume();
  way.wait_heard(1);
  EXPECT_THAT(way.heard, ElementsAre(answer_to(1)));
}

TEST(Remote, EndsWhenNothingIsUnderWayAnyMore) {
  Way way;
  way.open();
  ASSERT_TRUE(way.send(call(1)));
  way.next();
  way.transport->finish_sending();
  EXPECT_FALSE(way.send(call(2)));
  way.settle();
  EXPECT_FALSE(way.ended);
  way.answer(200, answer_to(1));
  EXPECT_TRUE(way.loop.run_until([&] { return way.ended; }));
  EXPECT_THAT(way.heard, ElementsAre(answer_to(1)));
}

TEST(Remote, MayEndInsideOfItsOwnEvent) {
  Way way;
  way.open();
  way.transport = over_http(way.loop, {.url = "http://127.0.0.1:" + std::to_string(way.port) + "/",
                                       .client = way.client});
  bool told = false;
  way.transport->open({.message =
                           [&](std::string_view) {
                             told = true;
                             way.transport.reset();
                           },
                       .too_long = {},
                       .crowded = {},
                       .ended = {},
                       .failed = {}});
  ASSERT_TRUE(way.send(call(1)));
  way.next();
  http::Stream stream = way.stream();
  stream.write(event(answer_to(9)) + event(answer_to(1)));
  EXPECT_TRUE(way.loop.run_until([&] { return told; }));
  way.settle();
}

TEST(Outgoing, ATextIsAHeaderAsItIsOrInBase64) {
  EXPECT_EQ(header_text("read_file"), "read_file");
  EXPECT_EQ(header_text(""), "");
  EXPECT_EQ(header_text("a b"), "a b");
  EXPECT_EQ(header_text(" a"), "=?base64?IGE=?=");
  EXPECT_EQ(header_text("a\tb"), "=?base64?YQli?=");
  EXPECT_EQ(header_text("=?base64?YQ==?="), "=?base64?PT9iYXNlNjQ/WVE9PT89?=");
}

}  // namespace
}  // namespace pawl::mcp
