#include "io/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/http/socket_testing.h"

namespace pawl::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr Duration kShortWait = Duration::milliseconds(30);

// Answers with what it was sent; `/wait` waits, `/stream` streams.
struct Echo {
  explicit Echo(ServerLimits limits = {})
      : server(loop, limits, [this](Request request, Responder responder) {
          serve(std::move(request), std::move(responder));
        }) {
    const auto taken = server.listen("127.0.0.1", 0);
    EXPECT_TRUE(taken) << to_string(taken.error());
    port = taken.value_or(0);
  }

  void serve(Request request, Responder responder) {
    remote = *request.remote;
    if (request.target == "/wait") {
      responder.on_gone([this] { ++gone; });
      waiting.push_back(std::move(responder));
    } else if (request.target == "/stream") {
      streams.push_back(std::move(responder).stream(event_stream()));
      streams.back().on_gone([this] { ++gone; });
    } else {
      Response response;
      response.body = std::move(request.body);
      std::move(responder).answer(std::move(response));
    }
  }

  net::Loop loop;
  Remote remote;
  int gone = 0;
  std::uint16_t port = 0;
  std::vector<Responder> waiting;
  std::vector<Stream> streams;
  Server server;
};

std::string post(const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}
std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

TEST(Server, AnswersOverOneConnection) {
  Echo echo;
  RawClient client(echo.loop, echo.port);
  client.send(post("one"));
  EXPECT_TRUE(client.sees("\r\n\r\none"));
  EXPECT_THAT(client.got(), HasSubstr("date: "));
  EXPECT_EQ(echo.remote.address, "127.0.0.1");
  EXPECT_NE(echo.remote.port, 0);
  client.send(post("two") + post("three"));
  EXPECT_TRUE(client.sees("three"));
  EXPECT_EQ(echo.server.connections(), 1U);
  client.close();
  EXPECT_TRUE(echo.loop.run_until([&] { return echo.server.connections() == 0; }));
}

TEST(Server, ReadsARequestByteByByte) {
  Echo echo;
  RawClient client(echo.loop, echo.port);
  for (const char c : post("slowly")) client.send({&c, 1});
  EXPECT_TRUE(client.sees("slowly"));
}

TEST(Server, AnswersAHundredThatCameAtOnce) {
  Echo echo;
  RawClient client(echo.loop, echo.port);
  std::string all;
  for (int i = 0; i < 100; ++i) all += post("body " + std::to_string(i) + ".");
  client.send(all);
  ASSERT_TRUE(client.sees("body 99."));
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    at = client.got().find("body " + std::to_string(i) + ".", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST(Server, EchoesALargeBody) {
  Echo echo;
  RawClient client(echo.loop, echo.port);
  std::string body(10UL << 20, 'x');
  body += "end";
  client.send(post(body));
  ASSERT_TRUE(client.has(body.size() + 60));
  ASSERT_TRUE(client.sees("end"));
  EXPECT_TRUE(client.got().ends_with(body));
}

TEST(Server, RefusesALargeBodyAndTheClientReadsWhy) {
  Echo echo({.body_bytes_max = 1000});
  RawClient client(echo.loop, echo.port);
  client.send(post(std::string(500'000, 'x')));
  EXPECT_TRUE(client.sees_end() || client.sees("413"));
  EXPECT_THAT(client.got(), StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
}

TEST(Server, WaitsForNoClientForEver) {
  Echo echo({.header_time = kShortWait, .body_time = kShortWait, .idle_time = kShortWait});
  RawClient silent(echo.loop, echo.port);
  EXPECT_TRUE(silent.sees_end());
  EXPECT_EQ(silent.got(), "");
  RawClient head(echo.loop, echo.port);
  head.send("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(head.sees_end());
  EXPECT_THAT(head.got(), StartsWith("HTTP/1.1 408 "));
  RawClient body(echo.loop, echo.port);
  body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_TRUE(body.sees_end());
  EXPECT_THAT(body.got(), StartsWith("HTTP/1.1 408 "));
}

TEST(Server, ACallThatTakesLongIsNotLate) {
  Echo echo({.header_time = kShortWait, .body_time = kShortWait, .idle_time = kShortWait});
  RawClient client(echo.loop, echo.port);
  client.send(get("/wait"));
  bool later = false;
  const net::Timer timer = echo.loop.after(Duration::milliseconds(150), [&] { later = true; });
  ASSERT_TRUE(echo.loop.run_until([&] { return later; }));
  ASSERT_EQ(echo.waiting.size(), 1U);
  std::move(echo.waiting[0]).answer({200, {}, "late"});
  EXPECT_TRUE(client.sees("late"));
}

TEST(Server, CutsAClientThatDoesNotRead) {
  Echo echo({.response_queued_bytes_max = 64UL << 20, .write_time = kShortWait});
  RawClient client(echo.loop, echo.port);
  client.send(get("/stream"));
  ASSERT_TRUE(client.sees("chunked"));
  const std::string much(16UL << 20, 'x');
  EXPECT_TRUE(echo.streams[0].write(much));
  EXPECT_TRUE(echo.loop.run_until([&] { return echo.gone == 1; }));
  EXPECT_EQ(echo.server.connections(), 0U);
  EXPECT_FALSE(echo.streams[0].write("more"));
}

TEST(Server, NoticesThatAClientLeaves) {
  Echo echo;
  RawClient calling(echo.loop, echo.port);
  calling.send(get("/wait"));
  ASSERT_TRUE(echo.loop.run_until([&] { return echo.waiting.size() == 1; }));
  calling.close();
  EXPECT_TRUE(echo.loop.run_until([&] { return echo.gone == 1; }));
  RawClient listening(echo.loop, echo.port);
  listening.send(get("/stream"));
  ASSERT_TRUE(listening.sees("chunked"));
  listening.reset();
  EXPECT_TRUE(echo.loop.run_until([&] { return echo.gone == 2; }));
}

TEST(Server, AnswersWhoOnlyClosedItsHalf) {
  Echo echo;
  RawClient client(echo.loop, echo.port);
  client.send(post("half"));
  client.end_sending();
  EXPECT_TRUE(client.sees_end());
  EXPECT_THAT(client.got(), EndsWith("half"));
}

TEST(Server, CountsConnections) {
  Echo echo({.connections_per_peer_max = 2});
  RawClient one(echo.loop, echo.port);
  RawClient two(echo.loop, echo.port);
  RawClient three(echo.loop, echo.port);
  EXPECT_TRUE(three.sees_end());
  EXPECT_EQ(echo.server.connections(), 2U);
  one.close();
  EXPECT_TRUE(echo.loop.run_until([&] { return echo.server.connections() == 1; }));
  RawClient four(echo.loop, echo.port);
  four.send(post("welcome"));
  EXPECT_TRUE(four.sees("welcome"));
}

TEST(Server, ListensOnAUnixSocket) {
  Echo echo;
  char folder[] = "/tmp/pawl_http_XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/socket";
  ASSERT_TRUE(echo.server.listen_unix(path));
  auto socket = net::connect_unix(path, Duration::seconds(5));
  ASSERT_TRUE(socket);
  RawClient client(echo.loop, *std::move(socket));
  client.send(post("local"));
  EXPECT_TRUE(client.sees("local"));
  EXPECT_EQ(echo.remote.user, ::geteuid());
  EXPECT_EQ(echo.remote.address, "");
  echo.server = Server(echo.loop, {}, {});
  ::rmdir(folder);
}

TEST(Server, RefusesAnAddressThatIsNone) {
  net::Loop loop;
  Server server(loop, {}, [](const Request&, const Responder&) {});
  EXPECT_EQ(server.listen("gate.example", 0).error().fault, ErrorKind::invalid);
  const auto port = server.listen("::1", 0);
  if (port) EXPECT_EQ(server.listen("::1", *port).error().fault, ErrorKind::environment);
}

Task<void> note(Server& server, Duration at_most, std::optional<bool>& into) {
  into = co_await server.drain(at_most);
}

TEST(Server, StopsWhenWhatIsUnderWayIsAnswered) {
  Echo echo;
  RawClient idle(echo.loop, echo.port);
  RawClient client(echo.loop, echo.port);
  client.send(get("/wait"));
  ASSERT_TRUE(echo.loop.run_until([&] { return echo.waiting.size() == 1; }));
  std::optional<bool> drained;
  spawn(note(echo.server, Duration::seconds(60), drained));
  EXPECT_TRUE(idle.sees_end());
  idle.close();
  EXPECT_EQ(drained, std::nullopt);
  std::move(echo.waiting[0]).answer({200, {}, "done"});
  EXPECT_TRUE(client.sees_end());
  EXPECT_THAT(client.got(), HasSubstr("connection: close"));
  EXPECT_THAT(client.got(), EndsWith("done"));
  client.close();
  EXPECT_TRUE(echo.loop.run_until([&] { return drained.has_value(); }));
  EXPECT_EQ(drained, true);
}

TEST(Server, CutsWhatDoesNotEnd) {
  Echo echo;
  RawClient client(echo.loop, echo.port);
  client.send(get("/stream"));
  ASSERT_TRUE(client.sees("chunked"));
  std::optional<bool> drained;
  spawn(note(echo.server, kShortWait, drained));
  EXPECT_TRUE(echo.loop.run_until([&] { return drained.has_value(); }));
  EXPECT_EQ(drained, false);
  EXPECT_EQ(echo.gone, 1);
  EXPECT_TRUE(client.sees_end());
}

TEST(Server, MayEndInsideOfItsHandler) {
  net::Loop loop;
  std::optional<Server> server;
  bool called = false;
  server.emplace(loop, ServerLimits{}, [&](const Request&, Responder responder) {
    called = true;
    server.reset();
    std::move(responder).answer({200, {}, "nowhere"});
  });
  const auto port = server->listen("127.0.0.1", 0);
  ASSERT_TRUE(port);
  RawClient client(loop, *port);
  client.send(get("/"));
  EXPECT_TRUE(client.sees_end());
  EXPECT_TRUE(called);
  EXPECT_EQ(client.got(), "");
}

}  // namespace
}  // namespace pawl::http
