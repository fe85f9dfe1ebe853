#include "doors/mcp/listener/http_door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "doors/mcp/listener/http_door_testing.h"
#include "doors/mcp/protocol/message.h"

namespace pawl::mcp {
namespace {

using http::RawClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Notes what the door has read of each message.
struct Spoken final : Attended {
  using Attended::Attended;
  void hear(std::string_view text) override {
    Attended::hear(text);
    const ReadMessage* read = client->already_read(text);
    ids_read.emplace_back(read == nullptr ? "" : read->message.id);
  }
  std::vector<std::string> ids_read;  // empty: it has to be read again
};
using House = Gatehouse<Spoken>;

std::string listing(const std::string& id) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"tools/list"})";
}
const std::string kModernFields = modern_fields("tools/list");
std::string modern_list(const std::string& id) {
  return R"({"jsonrpc":"2.0","id":)" + id +
         R"(,"method":"tools/list","params":{"_meta":{)"
         R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
         R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
}

// What a client that wants a session is answered.
bool answered(House& house, const std::string& text, const std::string& more = "") {
  return house.post(opening_request, more).sees(text);
}

TEST(HttpDoor, AnAnswerThatIsTheFirstWordIsJson) {
  House house;
  const std::string session = house.opened();
  RawClient client = house.post(listing("\"x\""), session);
  Spoken& behind = *house.behind.at(0);
  house.hears(behind, 2);
  behind.client->send(result_line("\"x\"", R"({"tools":[]})"), "\"x\"");
  EXPECT_TRUE(client.sees(R"("id":"x","result":{"tools":[]}})"));
  EXPECT_THAT(client.got(), HasSubstr("content-type: application/json\r\n"));
}

TEST(HttpDoor, ProgressComesBeforeItsAnswerAsEvents) {
  House house;
  const std::string session = house.opened();
  RawClient client = house.post(R"({"jsonrpc":"2.0","id":5,"method":"tools/call"})", session);
  Spoken& behind = *house.behind.at(0);
  house.hears(behind, 2);
  behind.client->send(notification_line("notifications/progress", "{}"), "5");
  behind.client->send(result_line("5", "{}"), "5");
  EXPECT_TRUE(client.sees("\r\n0\r\n\r\n"));
  EXPECT_THAT(client.got(), HasSubstr("content-type: text/event-stream\r\n"));
  EXPECT_THAT(client.got(), HasSubstr("id: 1-0\nretry: 1000\ndata: \n\n"));
  EXPECT_THAT(client.got(), HasSubstr("id: 1-1\ndata: {\"jsonrpc\":\"2.0\",\"method\""));
  EXPECT_THAT(client.got(), HasSubstr("id: 1-2\ndata: {\"jsonrpc\":\"2.0\",\"id\":5,\"result\""));
}

TEST(HttpDoor, ASessionBelongsToItsCallerAlone) {
  House house;
  const std::string session = house.opened("who: ada\r\n");
  const std::string list = listing("2");
  RawClient other = house.post(list, session + "who: eve\r\n");
  EXPECT_TRUE(other.sees("there is no such session"));
  EXPECT_THAT(house.refused, ElementsAre(HasSubstr("the session of another")));
  EXPECT_THAT(other.got(), StartsWith("HTTP/1.1 404"));
  RawClient gone = house.sent("DELETE / HTTP/1.1\r\nHost: a\r\nwho: eve\r\n" + session + "\r\n");
  EXPECT_TRUE(gone.sees("there is no such session"));
  RawClient stranger = house.post(list, session + "who: stranger\r\n");
  EXPECT_TRUE(stranger.sees("who are you?"));
  EXPECT_EQ(house.behind.at(0)->heard.size(), 1U);
}

TEST(HttpDoor, WhatWasMissedIsReadAgain) {
  House house;
  const std::string session = house.opened();
  Spoken& behind = *house.behind.at(0);
  {
    RawClient client = house.post(R"({"jsonrpc":"2.0","id":5,"method":"tools/call"})", session);
    house.hears(behind, 2);
    behind.client->send(notification_line("notifications/progress", "{}"), "5");
    EXPECT_TRUE(client.sees("id: 1-1\n"));
    client.reset();
  }
  house.loop.run_until([] { return false; }, Duration::milliseconds(20));
  behind.client->send(result_line("5", R"({"late":true})"), "5");
  EXPECT_EQ(behind.heard.size(), 2U) << "a broken connection cancels nothing";
  RawClient again = house.sent(
      "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nLast-Event-ID: 1-1\r\n" + session +
      "\r\n");
  EXPECT_TRUE(again.sees("\r\n0\r\n\r\n"));
  EXPECT_THAT(again.got(), HasSubstr(R"("result":{"late":true}})"));
  EXPECT_THAT(again.got(), Not(HasSubstr("progress")));
}

TEST(HttpDoor, ModernClientsWithOneIdAreKeptApart) {
  House house;
  RawClient one = house.post(modern_list("1"), kModernFields);
  RawClient two = house.post(modern_list("1"), kModernFields);
  EXPECT_TRUE(house.loop.run_until([&] { return house.behind.size() == 1; }));
  Spoken& behind = *house.behind.at(0);
  house.hears(behind, 2);
  behind.client->send(result_line("2", R"({"n":2})"), "2");
  behind.client->send(result_line("1", R"({"n":1})"), "1");
  EXPECT_TRUE(one.sees(R"({"jsonrpc":"2.0","id":1,"result":{"n":1}})") &&
              two.sees(R"({"jsonrpc":"2.0","id":1,"result":{"n":2}})"));
}

// What is decided on is what was read, with the id that the door gave it.
TEST(HttpDoor, ARequestIsReadByTheDoor) {
  House house;
  const std::string session = house.opened();
  const RawClient stateful =
      house.post("{\"jsonrpc\":\"2.0\",\n\"id\":\"x\",\r\n\"method\":\"tools/list\"}", session);
  Spoken& first = *house.behind.at(0);
  house.hears(first, 2);
  EXPECT_THAT(first.heard.at(1), Not(HasSubstr("\n")));
  EXPECT_EQ(first.ids_read.at(1), R"("x")");
  const RawClient told =
      house.post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", session);
  house.hears(first, 3);
  EXPECT_EQ(first.ids_read.at(2), "");
  const RawClient stateless = house.post(modern_list("\"y\""), kModernFields);
  ASSERT_TRUE(house.loop.run_until([&] { return house.behind.size() == 2; }));
  house.hears(*house.behind.at(1), 1);
  EXPECT_EQ(house.behind.at(1)->ids_read.at(0), "1");
  EXPECT_EQ(first.client->already_read(first.heard.at(1)), nullptr);
}

TEST(HttpDoor, AModernClientThatGoesCancelsItsRequest) {
  House house;
  RawClient stays = house.post(modern_list("1"), kModernFields);
  RawClient leaves = house.post(modern_list("1"), kModernFields);
  EXPECT_TRUE(house.loop.run_until([&] { return house.behind.size() == 1; }));
  Spoken& behind = *house.behind.at(0);
  house.hears(behind, 2);
  leaves.close();
  house.hears(behind, 3);
  EXPECT_THAT(behind.heard.at(2), HasSubstr("notifications/cancelled"));
  EXPECT_THAT(behind.heard.at(2), HasSubstr(R"("requestId":2)"));
  behind.client->send(result_line("1", "{}"), "1");
  EXPECT_TRUE(stays.sees(R"("id":1,"result":{}})"));
}

TEST(HttpDoor, TheEndOfASessionAnswersWhatIsOpen) {
  House house;
  const std::string session = house.opened();
  RawClient client = house.post(listing("9"), session);
  Spoken& behind = *house.behind.at(0);
  house.hears(behind, 2);
  behind.finish("the server ended");
  EXPECT_TRUE(client.sees("the session ended"));
  EXPECT_THAT(client.got(), HasSubstr(R"("id":9)"));
  RawClient late = house.post(listing("9"), session);
  EXPECT_TRUE(late.sees("there is no such session"));
  EXPECT_EQ(house.door.sessions(), 0U);
}

TEST(HttpDoor, ASessionEndsWithItsRun) {
  House house;
  const std::string session = house.opened();
  house.door.look_after();
  EXPECT_EQ(house.door.sessions(), 1U);
  house.closed = "r-1";
  house.door.look_after();
  EXPECT_EQ(house.behind.at(0)->why, "the run was closed");
  EXPECT_EQ(house.door.sessions(), 0U);
  RawClient late = house.post(listing("9"), session);
  EXPECT_TRUE(late.sees("there is no such session"));
}

TEST(HttpDoor, ACallerHasSoManySessions) {
  House house({.sessions_of_caller = 2});
  const std::string first = house.opened();
  EXPECT_NE(house.opened(), first);
  EXPECT_TRUE(answered(house, "429"));
  EXPECT_TRUE(answered(house, "too many sessions", "Who: ada, elsewhere\r\nAccount: ada\r\n"));
  EXPECT_THAT(house.refused, ElementsAre("`ada`: too many sessions", "`ada`: too many sessions"));
  EXPECT_EQ(house.behind.size(), 2U);
  // Others have theirs, and the end of one makes room.
  EXPECT_NE(house.opened("Who: bob\r\n"), "");
  house.behind.at(0)->finish("enough");
  EXPECT_NE(house.opened(), "");
  EXPECT_TRUE(answered(house, "too many sessions"));
}

TEST(HttpDoor, AllCallersTogetherHaveSoManySessions) {
  House house({.sessions = 2});
  (void)house.opened();
  (void)house.opened("Who: bob\r\n");
  EXPECT_TRUE(answered(house, "too many sessions", "Who: eve\r\n"));
  // A stateless caller's connection is one of them.
  RawClient stateless = house.post(modern_list("1"), kModernFields);
  EXPECT_TRUE(stateless.sees("too many sessions"));
  EXPECT_EQ(house.behind.size(), 2U);
}

TEST(HttpDoor, NewSessionsCountEvenWhereTheOldOnesAreGone) {
  House house({.new_sessions_per_minute = 2});
  for (int i = 0; i < 2; ++i) {
    (void)house.opened();
    house.behind.back()->finish("the client goes");
  }
  EXPECT_EQ(house.door.sessions(), 0U);
  EXPECT_TRUE(answered(house, "too many sessions"));
  house.door.look_after();  // forgets no caller that began something in this minute
  EXPECT_TRUE(answered(house, "too many sessions"));
  EXPECT_NE(house.opened("Who: bob\r\n"), "");
}

TEST(HttpDoor, ASessionHasSoManyOpenRequests) {
  House house({.requests_of_session = 2});
  const std::string session = house.opened();
  Spoken& behind = *house.behind.at(0);
  const auto ask = [&](const std::string& id) { return house.post(listing(id), session); };
  RawClient one = ask("11");
  RawClient two = ask("12");
  house.hears(behind, 3);
  RawClient three = ask("13");
  EXPECT_TRUE(three.sees("429"));
  EXPECT_TRUE(three.sees("too many requests are open"));
  EXPECT_EQ(behind.heard.size(), 3U) << "it went no further";
  behind.client->send(result_line("11", "{}"), "11");
  EXPECT_TRUE(one.sees(R"("id":11)"));
  RawClient four = ask("14");
  house.hears(behind, 4);
}

TEST(HttpDoor, WhoAsksNothingForLongLosesTheSession) {
  House house(
      {.session_idle = Duration::milliseconds(300), .connection_idle = Duration::seconds(3600)});
  const std::string session = house.opened();
  const auto passes = [&] {
    bool over = false;
    const net::Timer timer = house.loop.after(Duration::milliseconds(400), [&] { over = true; });
    EXPECT_TRUE(house.loop.run_until([&] { return over; }));
  };
  RawClient waits = house.post(listing("2"), session);
  Spoken& behind = *house.behind.at(0);
  house.hears(behind, 2);
  passes();
  house.door.look_after();
  EXPECT_EQ(behind.why, "") << "an answer is missing";
  behind.client->send(result_line("2", "{}"), "2");
  EXPECT_TRUE(waits.sees(R"("id":2)"));
  house.door.look_after();
  EXPECT_EQ(behind.why, "") << "it was a moment ago";
  passes();
  house.door.look_after();
  EXPECT_EQ(behind.why, "nothing was asked for a long time");
  RawClient late = house.post(listing("9"), session);
  EXPECT_TRUE(late.sees("there is no such session"));
}

TEST(HttpDoor, WhatTheServerSaysBySelfWaitsForWhoListens) {
  House house;
  const std::string session = house.opened();
  Spoken& behind = *house.behind.at(0);
  behind.client->send(notification_line("notifications/tools/list_changed", {}), "");
  const std::string listen =
      "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n" + session + "\r\n";
  RawClient first = house.sent(listen);
  EXPECT_TRUE(first.sees("id: 0-1\n"));
  RawClient second = house.sent(listen);
  EXPECT_TRUE(second.sees("id: 0-1\nretry"));
  behind.client->send(notification_line("notifications/prompts/list_changed", {}), "");
  EXPECT_TRUE(second.sees("prompts/list_changed"));
  EXPECT_THAT(first.got(), Not(HasSubstr("prompts")));
}

}  // namespace
}  // namespace pawl::mcp
