// The client against the server, on one loop; and against a socket that says anything.
#include "io/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/http/server.h"
#include "io/http/socket_testing.h"

namespace pawl::http {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Duration kShort = Duration::milliseconds(100);

Reach loopback() {
  return {.hosts = {}, .private_hosts = {"127.0.0.1", "localhost"}, .any_public_host = false};
}

struct Pair {
  explicit Pair(ClientOptions options = {.reach = loopback()})
      : server(loop, {},
               [this](Request request, Responder responder) {
                 serve(std::move(request), std::move(responder));
               }),
        client(std::in_place, loop, std::move(options)) {
    port = server.listen("127.0.0.1", 0).value_or(0);
  }

  void serve(Request request, Responder responder) {
    Response response;
    if (request.target == "/wait") {
      responder.on_gone([this] { ++gone; });
      waiting.push_back(std::move(responder));
      return;
    }
    if (request.target == "/stream") {
      streams.push_back(std::move(responder).stream(event_stream()));
      streams.back().on_gone([this] { ++gone; });
      return;
    }
    if (request.target == "/away") {
      response.status = 302;
      response.headers.add("location", "http://169.254.169.254/latest");
      response.headers.add("set-cookie", "a=b");
    }
    response.headers.add("x-method", request.method);
    response.headers.add("x-empty", "");
    response.body = request.body;
    requests.push_back(std::move(request));
    std::move(responder).answer(std::move(response));
  }

  std::string url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(port) + target;
  }

  static Task<void> note(Client& client, Ask ask, std::optional<Result<Answer>>& into) {
    into = co_await client.fetch(std::move(ask));
  }
  Result<Answer> fetch(Ask ask) {
    std::optional<Result<Answer>> answer;
    spawn(note(*client, std::move(ask), answer));
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }));
    return *answer;
  }

  net::Loop loop;
  int gone = 0;
  std::uint16_t port = 0;
  std::vector<Request> requests;
  std::vector<Responder> waiting;
  std::vector<Stream> streams;
  Server server;
  std::optional<Client> client;
};

TEST(Client, AsksAndIsAnswered) {
  Pair pair;
  Ask ask;
  ask.method = "POST";
  ask.url = pair.url("/mcp/../x?y=%20z");
  ask.headers.add("Authorization", "Bearer t");
  ask.headers.add("X-Empty", "");
  ask.body = "question";
  const Result<Answer> answer = pair.fetch(std::move(ask));
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "question");
  EXPECT_EQ(answer->headers.find("x-method"), "POST");
  EXPECT_EQ(answer->headers.find("x-empty"), "");
  const Request& seen = pair.requests.at(0);
  EXPECT_EQ(seen.target, "/mcp/../x?y=%20z");
  EXPECT_EQ(seen.headers.find("authorization"), "Bearer t");
  EXPECT_EQ(seen.headers.find("x-empty"), "");
  EXPECT_EQ(seen.headers.find("accept"), std::nullopt);
  EXPECT_EQ(seen.headers.find("content-type"), std::nullopt);
  EXPECT_EQ(seen.headers.find("user-agent"), "pawl");
}

TEST(Client, KnowsMethodsWithAndWithoutABody) {
  Pair pair;
  for (const std::string method : {"GET", "HEAD", "DELETE", "POST", "PUT", "OPTIONS"}) {
    const Result<Answer> answer = pair.fetch({.method = method, .url = pair.url("/")});
    ASSERT_TRUE(answer) << method << to_string(answer.error());
    EXPECT_EQ(answer->headers.find("x-method"), method);
  }
  EXPECT_EQ(pair.server.connections(), 1U);
}

// What libcurl keeps of a request that is over serves the next one, and says nothing of the first.
TEST(Client, NothingOfARequestIsLeftInTheNextOne) {
  Pair pair;
  Ask first;
  first.method = "POST";
  first.url = pair.url("/first");
  first.headers.add("authorization", "Bearer planted");
  first.body = "a body that was long";
  first.deadline = Duration::milliseconds(900);
  ASSERT_TRUE(pair.fetch(std::move(first)));
  for (const char* target : {"/second?a=b", "/third"}) {
    Ask next;
    next.method = "POST";
    next.url = pair.url(target);
    next.deadline = {};
    ASSERT_TRUE(pair.fetch(std::move(next)));
    const Request& seen = pair.requests.back();
    EXPECT_EQ(seen.target, target);
    EXPECT_EQ(seen.body, "");
    EXPECT_EQ(seen.headers.find("authorization"), std::nullopt);
    EXPECT_EQ(seen.headers.find("content-length"), "0");
  }
  ASSERT_TRUE(pair.fetch({.url = pair.url("/get")}));
  EXPECT_EQ(pair.requests.back().method, "GET");
  EXPECT_EQ(pair.requests.back().headers.find("content-length"), std::nullopt);
}

TEST(Client, WhereItMayReachIsAskedOfEachRequest) {
  Pair pair;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(pair.fetch({.method = "POST", .url = pair.url("/")}));
    const auto refused = pair.fetch({.method = "POST", .url = "http://169.254.169.254/latest"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, ErrorKind::refused);
  }
}

TEST(Client, CarriesALargeBodyBothWays) {
  Pair pair;
  const std::string body(10UL << 20, 'x');
  const Result<Answer> answer =
      pair.fetch({.method = "POST", .url = pair.url("/"), .headers = {}, .body = body});
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->body, body);
}

TEST(Client, FollowsNoRedirectAndKeepsNoCookie) {
  Pair pair;
  const Result<Answer> answer = pair.fetch({.url = pair.url("/away")});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(answer->headers.find("location"), "http://169.254.169.254/latest");
  ASSERT_TRUE(pair.fetch({.url = pair.url("/")}));
  EXPECT_EQ(pair.requests.at(1).headers.find("cookie"), std::nullopt);
}

TEST(Client, TakesNoProxyFromTheEnvironment) {
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    ::setenv(name, "http://127.0.0.1:1", 1);
  }
  Pair pair;
  EXPECT_TRUE(pair.fetch({.url = pair.url("/")}));
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
}

TEST(Client, ReachesOnlyWhatItMay) {
  Pair open({.reach = {.hosts = {}, .private_hosts = {}, .any_public_host = true}});
  // A name in no list, and one that is public by its name only: the address decides.
  for (const std::string host : {"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433",
                                 "[::ffff:127.0.0.1]", "0x7f.1"}) {
    const auto answer =
        open.fetch({.url = "http://" + host + ":" + std::to_string(open.port) + "/secret"});
    ASSERT_FALSE(answer) << host;
    // A machine without IPv6 does not even get as far.
    if (!host.starts_with('[')) EXPECT_EQ(answer.error().fault, ErrorKind::refused) << host;
    EXPECT_THAT(answer.error().message, Not(HasSubstr("secret")));
  }
  Pair closed({.reach = {}});
  EXPECT_EQ(closed.fetch({.url = closed.url("/")}).error().fault, ErrorKind::refused);
  EXPECT_TRUE(open.requests.empty());
}

TEST(Client, SendsNothingThatIsNotWhatItSeems) {
  Pair pair;
  for (const std::string& url :
       {std::string("ftp://127.0.0.1/"), std::string("file:///etc/passwd"),
        std::string("127.0.0.1"), std::string(""), std::string("http://user:pass@127.0.0.1/"),
        std::string("http://127.0.0.1/a b"), std::string("http://127.0.0.1/\r\nX: y"),
        std::string("http://127.0.0.1/\0", 18)}) {
    EXPECT_EQ(pair.fetch({.url = url}).error().fault, ErrorKind::invalid) << url;
  }
  Ask split{.url = pair.url("/")};
  split.headers.add("x", "a\r\nY: b");
  EXPECT_EQ(pair.fetch(split).error().fault, ErrorKind::invalid);
  Ask framed{.url = pair.url("/")};
  framed.headers.add("Transfer-Encoding", "chunked");
  EXPECT_EQ(pair.fetch(framed).error().fault, ErrorKind::invalid);
  EXPECT_EQ(pair.fetch({.method = "GET / HTTP/1.1\r\nX: y", .url = pair.url("/")}).error().fault,
            ErrorKind::invalid);
}

TEST(Client, StreamsPausesAndCancels) {
  Pair pair;
  std::string got;
  std::optional<int> status;
  std::optional<Fetch> fetch = pair.client->start(
      {.url = pair.url("/stream"), .deadline = {}},
      {.head = [&](const AnswerHead& head) { status = head.status; },
       .body = [&](std::string_view bytes) { got += bytes; },
       .end = [&](const std::optional<Error>&) { FAIL() << "a cancelled fetch has no end"; }});
  ASSERT_TRUE(pair.loop.run_until([&] { return pair.streams.size() == 1; }));
  pair.streams[0].write("one");
  ASSERT_TRUE(pair.loop.run_until([&] { return got == "one"; }));
  EXPECT_EQ(status, 200);
  fetch->pause();
  pair.streams[0].write("two");
  bool later = false;
  const net::Timer timer = pair.loop.after(kShort, [&] { later = true; });
  pair.loop.run_until([&] { return later; });
  EXPECT_EQ(got, "one");
  fetch->resume();
  ASSERT_TRUE(pair.loop.run_until([&] { return got == "onetwo"; }));
  fetch.reset();
  EXPECT_TRUE(pair.loop.run_until([&] { return pair.gone == 1; }));
  EXPECT_EQ(pair.client->under_way(), 0U);
}

TEST(Client, MayCancelOrEndInsideOfItsCallbacks) {
  Pair pair;
  std::optional<Fetch> fetch;
  fetch.emplace(
      pair.client->start({.method = "POST", .url = pair.url("/"), .headers = {}, .body = "x"},
                         {.head = {},
                          .body = [&](std::string_view) { fetch.reset(); },
                          .end = [](const std::optional<Error>&) { FAIL(); }}));
  EXPECT_TRUE(pair.loop.run_until([&] { return !fetch && pair.client->under_way() == 0; }));
  std::optional<Error> told;
  bool ended = false;
  const Fetch other =
      pair.client->start({.method = "POST", .url = pair.url("/"), .headers = {}, .body = "x"},
                         {.head = {},
                          .body = [&](std::string_view) { pair.client.reset(); },
                          .end =
                              [&](std::optional<Error> error) {
                                ended = true;
                                told = std::move(error);
                              }});
  EXPECT_TRUE(pair.loop.run_until([&] { return ended; }));
  EXPECT_TRUE(told);
}

TEST(Client, KeepsItsDeadlineAndItsBounds) {
  Pair pair;
  const auto late = pair.fetch({.url = pair.url("/wait"), .deadline = kShort});
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("127.0.0.1"));
  EXPECT_TRUE(pair.loop.run_until([&] { return pair.gone == 1; }));
  const auto much = pair.fetch({.method = "POST",
                                .url = pair.url("/"),
                                .headers = {},
                                .body = std::string(1000, 'x'),
                                .body_bytes_max = 999});
  ASSERT_FALSE(much);
  EXPECT_THAT(much.error().message, HasSubstr("999"));
}

// Listens on a free port; the port.
std::uint16_t listen_on_loopback(const net::Fd& socket) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* pointer = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(socket.get(), pointer, size), 0);
  EXPECT_EQ(::listen(socket.get(), 8), 0);
  ::getsockname(socket.get(), pointer, &size);
  return ntohs(address.sin_port);
}

// Answers the first request of its first connection and closes it at the second; a client that
// connects again is answered too.
struct Quitter {
  explicit Quitter(net::Loop& l)
      : loop(l), socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    url = "http://127.0.0.1:" + std::to_string(listen_on_loopback(socket));
    accepting = loop.watch(socket.get(), net::Interest::read, [this](net::Ready) { accept(); });
  }
  void accept() {
    connection = net::Fd(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    reading = loop.watch(connection.get(), net::Interest::read, [this](net::Ready) { answer(); });
  }
  void answer() {
    char part[4096];
    if (::recv(connection.get(), part, sizeof part, MSG_DONTWAIT) <= 0 || ++asked == 2) {
      reading = net::Watch();
      return connection.reset();
    }
    constexpr std::string_view fine = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    ::send(connection.get(), fine.data(), fine.size(), MSG_NOSIGNAL);
  }
  net::Loop& loop;
  net::Fd socket, connection;
  std::string url;
  int asked = 0;
  Result<net::Watch> accepting = net::Watch(), reading = net::Watch();
};

TEST(Client, SendsNothingASecondTimeOverAnotherConnection) {
  Pair pair;
  Quitter quitter(pair.loop);
  const auto first = pair.fetch({.method = "POST", .url = quitter.url, .headers = {}, .body = "x"});
  ASSERT_TRUE(first) << to_string(first.error());
  std::optional<std::optional<Error>> end;
  const Fetch second = pair.client->start(
      {.method = "POST", .url = quitter.url, .headers = {}, .body = "y"},
      {.head = {}, .body = {}, .end = [&](std::optional<Error> error) { end = error; }});
  ASSERT_TRUE(pair.loop.run_until([&] { return end.has_value(); }));
  EXPECT_TRUE(*end);
  EXPECT_TRUE(second.sent());
  // It may connect again, and says nothing there.
  EXPECT_EQ(quitter.asked, 2);
}

TEST(Client, KnowsWhereNothingHasLeft) {
  Pair pair;
  std::uint16_t closed = 0;
  {
    Server gone(pair.loop, {}, [](Request, Responder) {});
    closed = gone.listen("127.0.0.1", 0).value_or(0);
  }
  for (const std::string& url : {"http://127.0.0.1:" + std::to_string(closed),
                                 std::string("http://elsewhere.example/"), pair.url("/")}) {
    std::optional<std::optional<Error>> end;
    const Fetch fetch = pair.client->start(
        {.url = url},
        {.head = {}, .body = {}, .end = [&](std::optional<Error> error) { end = error; }});
    ASSERT_TRUE(pair.loop.run_until([&] { return end.has_value(); }));
    EXPECT_EQ(fetch.sent(), !*end) << url;
  }
}

// A server that says whatever it is told.
struct Liar {
  explicit Liar(std::string words) : text(std::move(words)) {
    socket = net::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    port = listen_on_loopback(socket);
  }
  Result<Answer> ask(Pair& pair) {
    auto watch = pair.loop.watch(socket.get(), net::Interest::read, [this](net::Ready) {
      connection = net::Fd(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
      ::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
      ::shutdown(connection.get(), SHUT_WR);
    });
    return pair.fetch({.url = "http://127.0.0.1:" + std::to_string(port) + "/"});
  }
  std::string text;
  net::Fd socket;
  net::Fd connection;
  std::uint16_t port = 0;
};

TEST(Client, DoesNotTakeEveryAnswer) {
  Pair pair({.reach = loopback(), .header_bytes_max = 300});
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const std::string& text :
       {std::string("hello"), std::string(), ok + "Content-Length: 5\r\n\r\nabc",
        ok + "X: " + std::string(400, 'x') + "\r\n\r\n", ok + "no colon\r\n\r\n",
        ok + "bad name: x\r\n\r\n", std::string("HTTP/0.9 200 OK\r\n\r\n"),
        ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    Liar liar(text);
    EXPECT_FALSE(liar.ask(pair)) << text;
  }
  Liar honest("HTTP/1.1 100 Continue\r\n\r\n" + ok + "X:  y \r\nContent-Length: 2\r\n\r\nok");
  const auto answer = honest.ask(pair);
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->headers.find("x"), "y");
  EXPECT_EQ(answer->body, "ok");
}

}  // namespace
}  // namespace pawl::http
