// What the door bears: bytes of requests under way, requests in a second, what is held back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "doors/mcp/listener/http_door.h"
#include "doors/mcp/listener/http_door_testing.h"
#include "doors/mcp/protocol/message.h"

namespace pawl::mcp {
namespace {

using http::RawClient;
using testing::HasSubstr;

constexpr std::size_t kib = 1024;
const std::string kBob = "Who: bob\r\n";

// What the door says of a message is what any reader finds in it, and points into its text.
void expect_what_is_written(std::string_view text, const Message& said) {
  json::Parser parser;
  json::Document document;
  const auto read = read_message(text, Side::client, parser, document);
  ASSERT_TRUE(read) << text;
  EXPECT_EQ(said.kind, read->kind);
  EXPECT_EQ(said.method, read->method);
  EXPECT_EQ(said.id, read->id);
  EXPECT_EQ(said.id.data(), read->id.data());
  EXPECT_EQ(said.params_text, read->params_text);
  EXPECT_EQ(said.params_text.data(), read->params_text.data());
  EXPECT_EQ(said.params.exists(), read->params.exists());
  if (said.params.exists()) EXPECT_EQ(json::write(said.params), json::write(read->params));
}

// Holds what it was read from as long as the test wants.
struct Bearing final : Attended {
  using Attended::Attended;
  void hear(std::string_view text) override {
    Attended::hear(text);
    const ReadMessage* read = client->already_read(text);
    if (read != nullptr) expect_what_is_written(text, read->message);
    if (read != nullptr && holds) held.push_back(read->document);
  }
  std::vector<std::shared_ptr<json::Document>> held;
  bool holds = false;
};

struct Scales : Gatehouse<Bearing> {
  explicit Scales(const HttpDoorLimits& limits)
      : Gatehouse(limits, [](HttpDoorPorts& ports) { ports.traced = true; }) {}
};

// A message whose load is exactly this.
std::string weighing(std::size_t bytes, const std::string& head) {
  const std::string begin = R"({"jsonrpc":"2.0",)" + head + R"(,"params":{"x":")";
  return begin + std::string(bytes - load_bytes_min - begin.size() - 3, 'x') + R"("}})";
}
std::string asking(std::size_t bytes, int id) {
  return weighing(bytes, fmt::format(R"("id":{},"method":"tools/list")", id));
}
std::string telling(std::size_t bytes) {
  return weighing(bytes, R"("method":"notifications/x")");
}

TEST(HttpDoorLoad, ACallerHasSoManyBytesUnderWay) {
  Scales scales({.requests_bytes_of_caller = 16 * kib});
  const std::string session = scales.opened();
  Bearing& behind = *scales.behind.at(0);
  RawClient first = scales.post(asking(15 * kib, 11), session);
  scales.hears(behind, 2);
  RawClient second = scales.post(asking(2 * kib, 12), session);
  EXPECT_TRUE(second.sees("of this caller are open"));
  EXPECT_THAT(second.got(), HasSubstr("HTTP/1.1 429"));
  EXPECT_THAT(second.got(), HasSubstr(R"("id":12,"error")"));
  EXPECT_THAT(scales.refused.back(), HasSubstr("`ada`: too many bytes"));
  // What may end a request still passes, where it is short.
  EXPECT_TRUE(scales.post(telling(2 * kib), session).sees("HTTP/1.1 202"));
  scales.hears(behind, 3);
  // Others have their own.
  const std::string of_bob = scales.opened(kBob) + kBob;
  const RawClient theirs = scales.post(asking(15 * kib, 11), of_bob);
  scales.hears(*scales.behind.at(1), 2);
  // An answer makes room.
  behind.client->send(result_line("11", "{}"), "11");
  EXPECT_TRUE(first.sees(R"("id":11,"result")"));
  const RawClient third = scales.post(asking(15 * kib, 13), session);
  scales.hears(behind, 4);
  // The end of a session does.
  behind.finish("enough");
  const std::string next = scales.opened();
  const RawClient fourth = scales.post(asking(15 * kib, 14), next);
  scales.hears(*scales.behind.at(2), 2);
}

TEST(HttpDoorLoad, AllTogetherHaveSoManyBytesUnderWay) {
  Scales scales({.requests_bytes = 16 * kib});
  const std::string session = scales.opened();
  const std::string of_bob = scales.opened(kBob) + kBob;
  Bearing& behind = *scales.behind.at(0);
  const RawClient first = scales.post(asking(15 * kib, 11), session);
  scales.hears(behind, 2);
  for (const std::size_t bytes : {2 * kib, 8 * kib}) {  // the second before it is known whose it is
    RawClient other = scales.post(asking(bytes, 12), of_bob);
    EXPECT_TRUE(other.sees("too many bytes of requests are open"));
    EXPECT_THAT(other.got(), HasSubstr("HTTP/1.1 503"));
    EXPECT_THAT(other.got(), HasSubstr(R"("id":12,"error")"));
  }
  behind.client->send(result_line("11", "{}"), "11");
  const RawClient third = scales.post(asking(8 * kib, 13), of_bob);
  scales.hears(*scales.behind.at(1), 2);
}

// A stateless client that goes gets no answer: what its call still holds counts until it is let go.
TEST(HttpDoorLoad, WhatACallStillHoldsCountsAfterItsClientHasGone) {
  Scales scales({.requests_bytes_of_caller = 16 * kib});
  const std::string fields = modern_fields("tools/list");
  const auto list = [](std::size_t bytes) {
    const std::string begin = R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{)"
                              R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                              R"("io.modelcontextprotocol/clientCapabilities":{}},"x":")";
    return begin + std::string(bytes - load_bytes_min - begin.size() - 3, 'x') + R"("}})";
  };
  RawClient opens = scales.post(list(2 * kib), fields);
  ASSERT_TRUE(scales.loop.run_until([&] { return scales.behind.size() == 1; }));
  Bearing& behind = *scales.behind.at(0);
  scales.hears(behind, 1);
  behind.client->send(result_line("1", "{}"), "1");
  EXPECT_TRUE(opens.sees(R"("result")"));
  behind.holds = true;
  RawClient leaves = scales.post(list(12 * kib), fields);
  scales.hears(behind, 2);
  ASSERT_EQ(behind.held.size(), 1U);
  leaves.close();
  scales.hears(behind, 3);
  EXPECT_THAT(behind.heard.back(), HasSubstr("notifications/cancelled"));
  EXPECT_TRUE(scales.post(list(12 * kib), fields).sees("HTTP/1.1 429"));
  behind.held.clear();
  const RawClient again = scales.post(list(12 * kib), fields);
  scales.hears(behind, 4);
}

TEST(HttpDoorLoad, WhatIsHeldBackHasABoundInBytes) {
  Scales scales({.held_back_bytes = 8 * kib});
  const std::string session = scales.opened();
  Bearing& behind = *scales.behind.at(0);
  behind.client->pause();
  EXPECT_TRUE(scales.post(telling(5 * kib), session).sees("HTTP/1.1 202"));
  EXPECT_TRUE(scales.post(telling(6 * kib), session).sees("the tool server is crowded"));
  RawClient asks = scales.post(asking(6 * kib, 12), session);
  EXPECT_TRUE(asks.sees("the tool server is crowded"));
  EXPECT_THAT(asks.got(), HasSubstr("HTTP/1.1 503"));
  behind.client->resume();
  scales.hears(behind, 2);
  behind.client->pause();
  // One alone passes, however long it is.
  EXPECT_TRUE(scales.post(telling(12 * kib), session).sees("HTTP/1.1 202"));
  EXPECT_TRUE(scales.post(telling(2 * kib), session).sees("the tool server is crowded"));
  behind.client->resume();
  scales.hears(behind, 3);
}

TEST(HttpDoorLoad, WhoListensDoesSoAsLongAsIsProvedWhoItIs) {
  Scales scales({});
  const std::string session = scales.opened();
  Bearing& behind = *scales.behind.at(0);
  const auto listens = [&](const std::string& more) {
    RawClient client = scales.listen(session + more);
    EXPECT_TRUE(client.sees("text/event-stream"));
    return client;
  };
  RawClient stays = listens("");
  RawClient over = listens("Over: now\r\n");
  RawClient call = scales.post(asking(2 * kib, 11), session + "Over: now\r\n");
  scales.hears(behind, 2);
  scales.door.look_after();
  EXPECT_TRUE(over.sees("\r\n0\r\n\r\n"));
  behind.client->send(notification_line("notifications/tools/list_changed", "{}"), "");
  EXPECT_TRUE(stays.sees("list_changed"));
  // A call was judged when it was made.
  behind.client->send(result_line("11", "{}"), "11");
  EXPECT_TRUE(call.sees(R"("id":11,"result")"));
  scales.door.look_after();
  behind.client->send(notification_line("notifications/prompts/list_changed", "{}"), "");
  EXPECT_TRUE(stays.sees("prompts/list_changed"));
  EXPECT_THAT(stays.got(), testing::Not(HasSubstr("\r\n0\r\n\r\n")));
  *scales.stands = false;  // the caller is no longer in the file
  scales.door.look_after();
  EXPECT_TRUE(stays.sees("\r\n0\r\n\r\n"));
}

TEST(HttpDoorLoad, ASubscriptionEndsWithWhatProvedWhoseItIs) {
  Scales scales({});
  RawClient client =
      scales.post(R"({"jsonrpc":"2.0","id":"s","method":"subscriptions/listen","params":{"_meta":{)"
                  R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                  R"("io.modelcontextprotocol/clientCapabilities":{}}}})",
                  modern_fields("subscriptions/listen") + "Over: now\r\n");
  ASSERT_TRUE(scales.loop.run_until([&] { return scales.behind.size() == 1; }));
  Bearing& behind = *scales.behind.at(0);
  scales.hears(behind, 1);
  scales.door.look_after();
  EXPECT_TRUE(client.sees("the proof of who listens has expired"));
  EXPECT_THAT(client.got(), HasSubstr(R"("id":"s","error")"));
  scales.hears(behind, 2);
  EXPECT_THAT(behind.heard.back(), HasSubstr("notifications/cancelled"));
}

// A stateless request gets an id of the door's, wherever and however long its own stood.
TEST(HttpDoorLoad, ARequestWithAnotherIdSaysWhatItSaid) {
  Scales scales({});
  const std::string begin = R"({"jsonrpc":"2.0","method":"tools/call")";
  const std::string params =
      R"("params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientCapabilities":{}},"name":"t","arguments":{}})";
  const std::string fields = modern_fields("tools/call") + "Mcp-Name: t\r\n";
  const std::string trace =
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
  std::size_t asked = 0;
  const auto passes = [&](const std::string& id, const std::string& body, const std::string& more) {
    RawClient client = scales.post(body, fields + more);
    const std::string ours = std::to_string(++asked);
    ASSERT_TRUE(scales.loop.run_until([&] { return !scales.behind.empty(); }));
    Bearing& behind = *scales.behind.at(0);
    scales.hears(behind, asked);
    EXPECT_EQ(behind.heard.back().contains("traceparent"), !more.empty());
    behind.client->send(result_line(ours, "{}"), ours);
    EXPECT_TRUE(client.sees(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})"));
  };
  for (const std::string id : {"7", R"("one that is much longer than ours")", R"("")"}) {
    for (const std::string& more : {std::string(), trace}) {
      passes(id, begin + ",\"id\":" + id + "," + params + "}", more);
      passes(id, begin + "," + params + ",\n\"id\" : " + id + " }", more);
    }
  }
}

// It has no end, and there may be a thousand: what ordinary calls are read into stays for those.
TEST(HttpDoorLoad, AnOpenSubscriptionKeepsNoDocument) {
  Scales scales({});
  const std::string fields = modern_fields("subscriptions/listen");
  const std::string listens =
      R"({"jsonrpc":"2.0","id":"s","method":"subscriptions/listen","params":{"_meta":{)"
      R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
  const RawClient first = scales.post(listens, fields);
  ASSERT_TRUE(scales.loop.run_until([&] { return scales.behind.size() == 1; }));
  Bearing& behind = *scales.behind.at(0);
  scales.hears(behind, 1);
  behind.holds = true;
  const RawClient second = scales.post(listens, fields);
  scales.hears(behind, 2);
  const json::Document* const read_into = behind.held.at(0).get();
  behind.held.clear();
  const RawClient third = scales.post(listens, fields);
  scales.hears(behind, 3);
  EXPECT_EQ(behind.held.at(0).get(), read_into);
}

TEST(HttpDoorLoad, ACallerAsksSoOftenInASecond) {
  Scales scales({.requests_per_second = 0});
  RawClient first = scales.post(opening_request);
  EXPECT_TRUE(first.sees("too many requests in a second"));
  EXPECT_THAT(first.got(), HasSubstr("HTTP/1.1 429"));
  EXPECT_TRUE(scales.behind.empty());
  scales.door.limit({});
  EXPECT_NE(scales.opened(), "");
}

}  // namespace
}  // namespace pawl::mcp
