#include "doors/mcp/http/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "doors/mcp/message.h"
#include "io/http/server.h"
#include "io/http/socket_testing.h"

namespace pawl::mcp {
namespace {

using http::RawClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// What stands behind a client: hears everything, and says what a test wants.
struct Spoken final : Endpoint {
  explicit Spoken(std::unique_ptr<Wire> wire, HttpDoorPorts::Ended over)
      : client(std::move(wire)), ended(std::move(over)) {
    client->open({.message =
                      [this](std::string_view text) {
                        heard.emplace_back(text);
                        const ReadMessage* read = client->already_read(text);
                        ids_read.emplace_back(read == nullptr ? "" : read->message.id);
                      },
                  .too_long = {},
                  .crowded = [this](bool now) { crowded = now; },
                  .ended = [this] { finish("the client closed"); },
                  .failed = {}});
  }
  void finish(const std::string& reason) override {
    why = reason;
    client->finish_sending();
    client->stop_hearing();
    if (auto over = std::exchange(ended, {})) over({why, false, true});
  }
  void cancel_all() override {}
  const std::string& run() const override { return name; }
  void use_policy(std::shared_ptr<const Policy>) override {}

  std::unique_ptr<Wire> client;
  HttpDoorPorts::Ended ended;
  std::vector<std::string> heard;
  std::vector<std::string> ids_read;  // by the door, of each; empty: it has to be read again
  std::string why, name = "r-1";
  bool crowded = false;
};

// The door behind a server, with callers that say who they are.
struct Gatehouse {
  explicit Gatehouse(const HttpDoorLimits& limits = {})
      : door(loop, ports(limits)), server(loop, {}, [this](auto request, auto responder) {
          door.serve("role", std::move(request), std::move(responder));
        }) {
    port = server.listen("127.0.0.1", 0).value_or(0);
  }

  HttpDoorPorts ports(const HttpDoorLimits& limits) {
    HttpDoorPorts out;
    out.limits = limits;
    out.identify = [](const http::Request& request,
                      std::string) -> Task<std::expected<RemoteCaller, http::Response>> {
      const auto who = request.headers.find("who");
      if (who == "nobody") co_return std::unexpected(http::respond({401, "who are you?"}));
      RemoteCaller caller;
      caller.key = std::string(who.value_or("ada"));
      caller.account = std::string(request.headers.find("account").value_or(""));
      co_return caller;
    };
    out.open = [this](const RemoteCaller&, const std::string&, std::unique_ptr<Wire> client,
                      HttpDoorPorts::Ended ended) -> Result<std::unique_ptr<Endpoint>> {
      auto made = std::make_unique<Spoken>(std::move(client), std::move(ended));
      behind.push_back(made.get());
      return made;
    };
    out.refused = [this](const std::string&, const RemoteCaller&, const std::string& sentence) {
      refused.push_back(sentence);
    };
    out.random = random_bytes;
    out.over = [this](const std::string& run) { return run == closed; };
    return out;
  }

  static std::string post(const std::string& body, const std::string& more = "") {
    return fmt::format(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        "Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n{}\r\n{}",
        body.size(), more, body);
  }
  RawClient sent(const std::string& bytes) {
    RawClient client(loop, port);
    client.send(bytes);
    return client;
  }
  // The session's id of `Mcp-Session-Id`.
  std::string opened(const std::string& more = "") {
    const std::size_t before = behind.size();
    RawClient client =
        sent(post(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})", more));
    EXPECT_TRUE(loop.run_until([&] { return behind.size() > before; }));
    behind.back()->client->send(result_line("1", "{}"), "1");
    EXPECT_TRUE(client.sees(R"("result":{}})"));
    const std::size_t at = client.got().find("mcp-session-id: ");
    return at == std::string::npos ? "" : client.got().substr(at + 16, 32);
  }
  // What is answered to whoever wants a session.
  bool answered(const std::string& text, const std::string& more = "") {
    return sent(post(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})", more))
        .sees(text);
  }
  void hears(Spoken& one, std::size_t messages) {
    EXPECT_TRUE(loop.run_until([&] { return one.heard.size() >= messages; }));
  }

  net::Loop loop;
  std::vector<Spoken*> behind;
  std::string closed;  // a run that is over
  std::vector<std::string> refused;
  HttpDoor door;
  http::Server server;
  std::uint16_t port = 0;
};

std::string in(const std::string& session) {
  return "Mcp-Session-Id: " + session + "\r\n";
}
const std::string kModernFields = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n";
std::string modern_list(const std::string& id) {
  return R"({"jsonrpc":"2.0","id":)" + id +
         R"(,"method":"tools/list","params":{"_meta":{)"
         R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
         R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
}

TEST(HttpDoor, AnAnswerThatIsTheFirstWordIsJson) {
  Gatehouse house;
  const std::string session = house.opened();
  RawClient client = house.sent(
      Gatehouse::post(R"({"jsonrpc":"2.0","id":"x","method":"tools/list"})", in(session)));
  Spoken& behind = *house.behind.at(0);
  house.hears(behind, 2);
  behind.client->send(result_line("\"x\"", R"({"tools":[]})"), "\"x\"");
  EXPECT_TRUE(client.sees(R"("id":"x","result":{"tools":[]}})"));
  EXPECT_THAT(client.got(), HasSubstr("content-type: application/json\r\n"));
}

TEST(HttpDoor, ProgressComesBeforeItsAnswerAsEvents) {
  Gatehouse house;
  const std::string session = house.opened();
  RawClient client =
      house.sent(Gatehouse::post(R"({"jsonrpc":"2.0","id":5,"method":"tools/call"})", in(session)));
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

TEST(HttpDoor, ASessionIsNobodyElses) {
  Gatehouse house;
  const std::string session = house.opened("who: ada\r\n");
  const std::string list = R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})";
  RawClient other = house.sent(Gatehouse::post(list, in(session) + "who: eve\r\n"));
  EXPECT_TRUE(other.sees("there is no such session"));
  EXPECT_THAT(house.refused, ElementsAre(HasSubstr("the session of another")));
  EXPECT_THAT(other.got(), StartsWith("HTTP/1.1 404"));
  RawClient gone =
      house.sent("DELETE / HTTP/1.1\r\nHost: a\r\nwho: eve\r\n" + in(session) + "\r\n");
  EXPECT_TRUE(gone.sees("there is no such session"));
  RawClient nobody = house.sent(Gatehouse::post(list, in(session) + "who: nobody\r\n"));
  EXPECT_TRUE(nobody.sees("who are you?"));
  EXPECT_EQ(house.behind.at(0)->heard.size(), 1U);
}

TEST(HttpDoor, WhatWasMissedIsReadAgain) {
  Gatehouse house;
  const std::string session = house.opened();
  Spoken& behind = *house.behind.at(0);
  {
    RawClient client = house.sent(
        Gatehouse::post(R"({"jsonrpc":"2.0","id":5,"method":"tools/call"})", in(session)));
    house.hears(behind, 2);
    behind.client->send(notification_line("notifications/progress", "{}"), "5");
    EXPECT_TRUE(client.sees("id: 1-1\n"));
    client.reset();
  }
  house.loop.run_until([] { return false; }, Duration::milliseconds(20));
  behind.client->send(result_line("5", R"({"late":true})"), "5");
  EXPECT_EQ(behind.heard.size(), 2U) << "a broken connection cancels nothing";
  RawClient again = house.sent(
      "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nLast-Event-ID: 1-1\r\n" +
      in(session) + "\r\n");
  EXPECT_TRUE(again.sees("\r\n0\r\n\r\n"));
  EXPECT_THAT(again.got(), HasSubstr(R"("result":{"late":true}})"));
  EXPECT_THAT(again.got(), Not(HasSubstr("progress")));
}

TEST(HttpDoor, ModernClientsWithOneIdAreKeptApart) {
  Gatehouse house;
  RawClient one = house.sent(Gatehouse::post(modern_list("1"), kModernFields));
  RawClient two = house.sent(Gatehouse::post(modern_list("1"), kModernFields));
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
  Gatehouse house;
  const std::string session = house.opened();
  const RawClient older = house.sent(Gatehouse::post(
      "{\"jsonrpc\":\"2.0\",\n\"id\":\"x\",\r\n\"method\":\"tools/list\"}", in(session)));
  Spoken& first = *house.behind.at(0);
  house.hears(first, 2);
  EXPECT_THAT(first.heard.at(1), Not(HasSubstr("\n")));
  EXPECT_EQ(first.ids_read.at(1), R"("x")");
  const RawClient told = house.sent(
      Gatehouse::post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", in(session)));
  house.hears(first, 3);
  EXPECT_EQ(first.ids_read.at(2), "");
  const RawClient modern = house.sent(Gatehouse::post(modern_list("\"y\""), kModernFields));
  ASSERT_TRUE(house.loop.run_until([&] { return house.behind.size() == 2; }));
  house.hears(*house.behind.at(1), 1);
  EXPECT_EQ(house.behind.at(1)->ids_read.at(0), "1");
  EXPECT_EQ(first.client->already_read(first.heard.at(1)), nullptr);
}

TEST(HttpDoor, AModernClientThatGoesCancelsItsRequest) {
  Gatehouse house;
  RawClient stays = house.sent(Gatehouse::post(modern_list("1"), kModernFields));
  RawClient leaves = house.sent(Gatehouse::post(modern_list("1"), kModernFields));
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
  Gatehouse house;
  const std::string session = house.opened();
  RawClient client =
      house.sent(Gatehouse::post(R"({"jsonrpc":"2.0","id":9,"method":"tools/list"})", in(session)));
  Spoken& behind = *house.behind.at(0);
  house.hears(behind, 2);
  behind.finish("the server ended");
  EXPECT_TRUE(client.sees("the session ended"));
  EXPECT_THAT(client.got(), HasSubstr(R"("id":9)"));
  RawClient late =
      house.sent(Gatehouse::post(R"({"jsonrpc":"2.0","id":9,"method":"tools/list"})", in(session)));
  EXPECT_TRUE(late.sees("there is no such session"));
  EXPECT_EQ(house.door.sessions(), 0U);
}

TEST(HttpDoor, ASessionEndsWithItsRun) {
  Gatehouse house;
  const std::string session = house.opened();
  house.door.look_after();
  EXPECT_EQ(house.door.sessions(), 1U);
  house.closed = "r-1";
  house.door.look_after();
  EXPECT_EQ(house.behind.at(0)->why, "the run was closed");
  EXPECT_EQ(house.door.sessions(), 0U);
  RawClient late =
      house.sent(Gatehouse::post(R"({"jsonrpc":"2.0","id":9,"method":"tools/list"})", in(session)));
  EXPECT_TRUE(late.sees("there is no such session"));
}

TEST(HttpDoor, ACallerHasSoManySessions) {
  Gatehouse house({.sessions_of_caller = 2});
  const std::string first = house.opened();
  EXPECT_NE(house.opened(), first);
  EXPECT_TRUE(house.answered("429"));
  EXPECT_TRUE(house.answered("too many sessions", "Who: ada, elsewhere\r\nAccount: ada\r\n"));
  EXPECT_THAT(house.refused, ElementsAre("`ada`: too many sessions", "`ada`: too many sessions"));
  EXPECT_EQ(house.behind.size(), 2U);
  // Others have theirs, and the end of one makes room.
  EXPECT_NE(house.opened("Who: bob\r\n"), "");
  house.behind.at(0)->finish("enough");
  EXPECT_NE(house.opened(), "");
  EXPECT_TRUE(house.answered("too many sessions"));
}

TEST(HttpDoor, AllCallersTogetherHaveSoManySessions) {
  Gatehouse house({.sessions = 2});
  (void)house.opened();
  (void)house.opened("Who: bob\r\n");
  EXPECT_TRUE(house.answered("too many sessions", "Who: eve\r\n"));
  // A modern caller's connection is one of them.
  RawClient modern = house.sent(Gatehouse::post(modern_list("1"), kModernFields));
  EXPECT_TRUE(modern.sees("too many sessions"));
  EXPECT_EQ(house.behind.size(), 2U);
}

TEST(HttpDoor, NewSessionsCountEvenWhereTheOldOnesAreGone) {
  Gatehouse house({.new_sessions_per_minute = 2});
  for (int i = 0; i < 2; ++i) {
    (void)house.opened();
    house.behind.back()->finish("the client goes");
  }
  EXPECT_EQ(house.door.sessions(), 0U);
  EXPECT_TRUE(house.answered("too many sessions"));
  house.door.look_after();  // forgets nobody who began something in this minute
  EXPECT_TRUE(house.answered("too many sessions"));
  EXPECT_NE(house.opened("Who: bob\r\n"), "");
}

TEST(HttpDoor, ASessionHasSoManyOpenRequests) {
  Gatehouse house({.requests_of_session = 2});
  const std::string session = house.opened();
  Spoken& behind = *house.behind.at(0);
  const auto ask = [&](const std::string& id) {
    return house.sent(Gatehouse::post(
        R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"tools/list"})", in(session)));
  };
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
  Gatehouse house(
      {.session_idle = Duration::milliseconds(300), .connection_idle = Duration::seconds(3600)});
  const std::string session = house.opened();
  const auto passes = [&] {
    bool over = false;
    const net::Timer timer = house.loop.after(Duration::milliseconds(400), [&] { over = true; });
    EXPECT_TRUE(house.loop.run_until([&] { return over; }));
  };
  RawClient waits =
      house.sent(Gatehouse::post(R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})", in(session)));
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
  RawClient late =
      house.sent(Gatehouse::post(R"({"jsonrpc":"2.0","id":9,"method":"tools/list"})", in(session)));
  EXPECT_TRUE(late.sees("there is no such session"));
}

TEST(HttpDoor, WhatTheServerSaysBySelfWaitsForWhoListens) {
  Gatehouse house;
  const std::string session = house.opened();
  Spoken& behind = *house.behind.at(0);
  behind.client->send(notification_line("notifications/tools/list_changed", {}), "");
  const std::string listen =
      "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n" + in(session) + "\r\n";
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
