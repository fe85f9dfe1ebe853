// A transport over HTTP and the server at its other end, for tests of the transport.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doors/mcp/transport/http_upstream_transport.h"
#include "io/http/server.h"

namespace pawl::mcp {

inline constexpr std::string_view kInitialize =
    R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})";
inline constexpr std::string_view kReady =
    R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
inline constexpr std::string_view kOpened =
    R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}})";

inline std::string call(int id, std::string_view tool = "read", std::string_view arguments = "{}") {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
         R"(,"method":"tools/call","params":{"name":")" + std::string(tool) + R"(","arguments":)" +
         std::string(arguments) + "}}";
}
inline std::string stateless(int id, std::string_view method, std::string_view more) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + std::string(method) +
         R"(","params":{)" + std::string(more) +
         R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";
}
inline std::string answer_to(int id) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":{}})";
}
inline std::string event(std::string_view text, std::string_view id = {}) {
  std::string out;
  if (!id.empty()) out = "id: " + std::string(id) + "\n";
  return out + "data: " + std::string(text) + "\n\n";
}

// A transport, and the server at its other end.
struct Way {
  struct Asked {
    http::Request request;
    std::optional<http::Responder> responder;
  };

  Way()
      : server(loop, {}, [this](http::Request request, http::Responder responder) {
          asked.push_back({std::move(request), std::move(responder)});
        }) {
    port = server.listen("127.0.0.1", 0).value_or(0);
  }

  void open(RemoteServer more = {}) {
    more.url = "http://127.0.0.1:" + std::to_string(port) + "/mcp?tenant=1";
    more.client = client;
    transport = over_http(loop, std::move(more));
    transport->open(
        {.message = [this](std::string_view text) { heard.emplace_back(text); },
         .too_long = {},
         .crowded = {},
         .ended = [this] { ended = true; },
         .failed = {},
         .lost = [this](std::string_view id,
                        const std::string& why) { lost.push_back(std::string(id) + ": " + why); }});
  }

  bool send(std::string text) { return transport->send(std::move(text), {}); }
  // The request that comes next.
  Asked& next() {
    const std::size_t before = taken++;
    EXPECT_TRUE(loop.run_until([&] { return asked.size() > before; })) << "nothing came";
    return asked.at(before);
  }
  void answer(int status, std::string body, std::string type = "application/json",
              std::vector<std::pair<std::string, std::string>> headers = {}) {
    http::Response response{status, {}, std::move(body)};
    if (!type.empty()) response.headers.add("content-type", type);
    for (const auto& [name, value] : headers) response.headers.add(name, value);
    Asked& one = asked.at(taken - 1);
    std::move(*one.responder).answer(std::move(response));
    one.responder.reset();
  }
  http::Stream stream() {
    return std::move(*asked.at(taken - 1).responder).stream(http::event_stream());
  }
  void wait_heard(std::size_t count) {
    EXPECT_TRUE(loop.run_until([&] { return heard.size() >= count; }, Duration::seconds(20)));
  }
  void wait_lost() {
    EXPECT_TRUE(loop.run_until([&] { return !lost.empty(); }, Duration::seconds(20)));
  }
  void settle() {
    for (int i = 0; i < 50; ++i) loop.run_until([] { return true; });
    bool over = false;
    const net::Timer timer = loop.after(Duration::milliseconds(50), [&] { over = true; });
    loop.run_until([&] { return over; });
  }
  // Opens a session of the stateful era with the id `s1`.
  void begin(const std::string& id = "s1") {
    EXPECT_TRUE(send(std::string(kInitialize)));
    next();
    answer(200, std::string(kOpened), "application/json", {{"mcp-session-id", id}});
    wait_heard(1);
    EXPECT_TRUE(send(std::string(kReady)));
    EXPECT_EQ(next().request.headers.find("mcp-session-id"), id);
    answer(202, "", "");
    EXPECT_EQ(next().request.method, "GET");
    heard.clear();
  }

  net::Loop loop;
  std::vector<Asked> asked;
  std::size_t taken = 0;
  std::uint16_t port = 0;
  std::vector<std::string> heard, lost;
  bool ended = false;
  http::Server server;
  std::shared_ptr<http::Client> client = std::make_shared<http::Client>(
      loop, http::ClientOptions{
                .reach = {.hosts = {}, .private_hosts = {"127.0.0.1"}, .any_public_host = false}});
  std::unique_ptr<Transport> transport;
};

}  // namespace pawl::mcp
