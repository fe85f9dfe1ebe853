// Sessions that are quiet make room where their caller lacks it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "doors/mcp/http/door.h"
#include "doors/mcp/message.h"
#include "io/http/server.h"
#include "io/http/socket_testing.h"

namespace pawl::mcp {
namespace {

using http::RawClient;
using testing::ElementsAre;
using testing::IsEmpty;

// A session that answers what it is asked, other than what is to wait.
struct Obliging final : Endpoint {
  Obliging(std::unique_ptr<Wire> wire, HttpDoorPorts::Ended over)
      : client(std::move(wire)), ended(std::move(over)) {
    client->open({.message =
                      [this](std::string_view text) {
                        if (text.find("\"id\":1,") != text.npos) {
                          client->send(result_line("1", "{}"), "1");
                        }
                      },
                  .too_long = {},
                  .crowded = {},
                  .ended = {},
                  .failed = {}});
  }
  void finish(const std::string& reason) override {
    why = reason;
    client->finish_sending();
    client->stop_hearing();
  }
  void cancel_all() override {}
  const std::string& run() const override { return name; }
  void use_policy(std::shared_ptr<const Policy>) override {}

  std::unique_ptr<Wire> client;
  HttpDoorPorts::Ended ended;
  std::string name = "r-1", why;
};

struct Crowd {
  explicit Crowd(Duration quiet)
      : door(loop, ports(quiet)), server(loop, {}, [this](auto request, auto responder) {
          door.serve("role", std::move(request), std::move(responder));
        }) {
    port = server.listen("127.0.0.1", 0).value_or(0);
  }

  HttpDoorPorts ports(Duration quiet) {
    HttpDoorPorts out;
    out.limits.session_quiet = quiet;
    out.identify = [](const http::Request& request,
                      std::string) -> Task<std::expected<RemoteCaller, http::Response>> {
      RemoteCaller caller;
      caller.key = std::string(request.headers.find("who").value_or("ada"));
      co_return caller;
    };
    out.open = [this](const RemoteCaller&, const std::string&, std::unique_ptr<Wire> client,
                      HttpDoorPorts::Ended ended) -> Result<std::unique_ptr<Endpoint>> {
      auto made = std::make_unique<Obliging>(std::move(client), std::move(ended));
      behind.push_back(made.get());
      return made;
    };
    out.refused = [](const std::string&, const RemoteCaller&, const std::string&) {};
    out.random = random_bytes;
    out.over = [](const std::string&) { return false; };
    out.crowded = [this](const std::string& account) { return crowded[account]; };
    out.processes_of = [](const std::string&) { return 2U; };
    out.calls = [this](const std::string&) { return calls; };
    return out;
  }

  RawClient post(const std::string& body, const std::string& more) {
    RawClient client(loop, port);
    client.send(
        fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                    "Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n{}\r\n{}",
                    body.size(), more, body));
    return client;
  }
  // The field that names a new session.
  std::string opened(const std::string& who = "") {
    RawClient client = post(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})", who);
    EXPECT_TRUE(client.sees(R"("result":{}})"));
    const std::size_t at = client.got().find("mcp-session-id: ");
    return at == std::string::npos ? "" : client.got().substr(at, 48) + "\r\n" + who;
  }
  // Those that were told to end.
  std::vector<std::size_t> ended() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < behind.size(); ++i) {
      if (!behind[i]->why.empty()) out.push_back(i);
    }
    return out;
  }

  net::Loop loop;
  std::vector<Obliging*> behind;
  std::map<std::string, std::size_t> crowded;
  bool calls = false;
  HttpDoor door;
  http::Server server;
  std::uint16_t port = 0;
};

TEST(HttpDoorQuiet, TheLongestQuietOfTheCallerEndFirst) {
  Crowd crowd(Duration{});
  const std::string first = crowd.opened();
  (void)crowd.opened();
  (void)crowd.opened("Who: bob\r\n");
  (void)crowd.opened();
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}})";
  EXPECT_TRUE(crowd.post(list, first).sees(R"("result")"));
  EXPECT_EQ(crowd.door.end_quiet("ada", 1), 2U);
  EXPECT_THAT(crowd.ended(), ElementsAre(1));
  // What ends already counts, and makes room only once.
  EXPECT_EQ(crowd.door.end_quiet("ada", 2), 2U);
  EXPECT_THAT(crowd.ended(), ElementsAre(1));
  EXPECT_EQ(crowd.door.end_quiet("ada", 3), 4U);
  EXPECT_THAT(crowd.ended(), ElementsAre(1, 3));
  EXPECT_EQ(crowd.door.end_quiet("ada", 100), 6U);
  EXPECT_THAT(crowd.ended(), ElementsAre(0, 1, 3)) << "never another's";
  EXPECT_EQ(crowd.door.end_quiet("eve", 1), 0U);
  EXPECT_TRUE(crowd.post(list, first).sees("HTTP/1.1 404"));
}

TEST(HttpDoorQuiet, WhatIsInUseStays) {
  Crowd crowd(Duration{});
  const std::string waits = crowd.opened();
  const RawClient call =
      crowd.post(R"({"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}})", waits);
  const std::string heard = crowd.opened();
  RawClient listens(crowd.loop, crowd.port);
  listens.send("GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n" + heard + "\r\n");
  EXPECT_TRUE(listens.sees("text/event-stream"));
  // A task goes on without a request that waits for it, and so may what was cancelled.
  const std::string tasked = crowd.opened();
  EXPECT_TRUE(crowd
                  .post(R"({"jsonrpc":"2.0","id":1,"method":"tools/call",)"
                        R"("params":{"name":"a","task":{}}})",
                        tasked)
                  .sees(R"("result")"));
  const std::string cancelled = crowd.opened();
  EXPECT_TRUE(crowd
                  .post(R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                        R"("params":{"requestId":7}})",
                        cancelled)
                  .sees("HTTP/1.1 202"));
  crowd.calls = true;
  EXPECT_EQ(crowd.door.end_quiet("ada", 100), 0U);
  crowd.calls = false;
  EXPECT_EQ(crowd.door.end_quiet("ada", 100), 4U);
  EXPECT_THAT(crowd.ended(), ElementsAre(2, 3));
}

TEST(HttpDoorQuiet, NotBeforeItWasQuietForAWhile) {
  Crowd crowd(session_quiet_min);
  (void)crowd.opened();
  EXPECT_EQ(crowd.door.end_quiet("ada", 1), 0U);
  crowd.crowded["ada"] = 100;
  crowd.door.look_after();
  EXPECT_THAT(crowd.ended(), IsEmpty());
}

TEST(HttpDoorQuiet, ACallerNearItsShareIsLookedAfterBeforeItIsRefused) {
  Crowd crowd(Duration{});
  for (int i = 0; i < 3; ++i) (void)crowd.opened();
  (void)crowd.opened("Who: bob\r\n");
  crowd.door.look_after();
  EXPECT_THAT(crowd.ended(), IsEmpty());
  crowd.crowded["ada"] = 1;
  crowd.door.look_after();
  EXPECT_THAT(crowd.ended(), IsEmpty()) << "that would be more than is too many";
  crowd.crowded["ada"] = 3;
  crowd.door.look_after();
  EXPECT_THAT(crowd.ended(), ElementsAre(0));
  crowd.crowded["ada"] = 4;
  crowd.door.look_after();
  EXPECT_THAT(crowd.ended(), ElementsAre(0, 1));
}

}  // namespace
}  // namespace pawl::mcp
