// The door behind a server of HTTP, for its tests: callers say who they are, and a session behind
// it does what the test says.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "doors/mcp/listener/http_door.h"
#include "doors/mcp/protocol/message.h"
#include "io/http/server.h"
#include "io/http/socket_testing.h"

namespace pawl::mcp {

inline constexpr std::string_view opening_request =
    R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})";
// Of the stateless revision; `Mcp-Method` names the method again.
inline std::string modern_fields(std::string_view method) {
  return fmt::format("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {}\r\n", method);
}

// A session as the door knows it: hears everything, and tells the door when it has ended.
struct Attended : Endpoint {
  Attended(std::unique_ptr<Transport> transport, HttpDoorPorts::Ended over)
      : client(std::move(transport)), ended(std::move(over)) {}

  // Once, when it is made.
  void begin() {
    client->open({.message = [this](std::string_view text) { hear(text); },
                  .too_long = {},
                  .crowded = [this](bool now) { crowded = now; },
                  .ended = [this] { finish("the client closed"); },
                  .failed = {}});
  }
  virtual void hear(std::string_view text) { heard.emplace_back(text); }
  void finish(const std::string& reason) override {
    why = reason;
    client->finish_sending();
    client->stop_hearing();
    if (!leaves) return;
    if (auto over = std::exchange(ended, {})) over({why, false, true});
  }
  void cancel_all() override {}
  const std::string& run() const override { return name; }
  void use_policy(std::shared_ptr<const Policy>) override {}

  std::unique_ptr<Transport> client;
  HttpDoorPorts::Ended ended;
  std::vector<std::string> heard;
  std::string why, name = "r-1";
  bool crowded = false;
  bool leaves = true;  // at its end; else it stays the door's
};

// What is behind is always a `Kind`. `adapt` has the last word on the ports.
template <typename Kind>
struct Gatehouse {
  using Adapt = std::function<void(HttpDoorPorts&)>;

  explicit Gatehouse(const HttpDoorLimits& limits = {}, const Adapt& adapt = {})
      : door(loop, ports(limits, adapt)), server(loop, {}, [this](auto request, auto responder) {
          door.serve("role", std::move(request), std::move(responder));
        }) {
    port = server.listen("127.0.0.1", 0).value_or(0);
  }

  HttpDoorPorts ports(const HttpDoorLimits& limits, const Adapt& adapt) {
    HttpDoorPorts out;
    out.limits = limits;
    out.identify = [this](const http::Request& request,
                          std::string) -> Task<std::expected<RemoteCaller, http::Response>> {
      const auto& said = request.headers;
      if (said.find("who") == "stranger") {
        co_return std::unexpected(http::respond({401, "who are you?"}));
      }
      RemoteCaller caller;
      caller.key = std::string(said.find("who").value_or("ada"));
      caller.account = std::string(said.find("account").value_or(""));
      if (said.find("over")) caller.proof_lasts = Duration{};
      caller.stands = stands;
      co_return caller;
    };
    out.open = [this](const RemoteCaller&, const std::string&, std::unique_ptr<Transport> client,
                      HttpDoorPorts::Ended ended) -> Result<std::unique_ptr<Endpoint>> {
      auto made = std::make_unique<Kind>(std::move(client), std::move(ended));
      behind.push_back(made.get());
      made->begin();
      return made;
    };
    out.refused = [this](const std::string&, const RemoteCaller&, const std::string& sentence) {
      refused.push_back(sentence);
    };
    out.random = random_bytes;
    out.over = [this](const std::string& run) { return run == closed; };
    if (adapt) adapt(out);
    return out;
  }

  http::RawClient sent(std::string_view bytes) {
    http::RawClient client(loop, port);
    client.send(bytes);
    return client;
  }
  // `more` are fields of the head, each with the end of its line.
  http::RawClient post(std::string_view body, std::string_view more = "") {
    return sent(
        fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                    "Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n{}\r\n{}",
                    body.size(), more, body));
  }
  http::RawClient listen(std::string_view more) {
    return sent(
        fmt::format("GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n{}\r\n", more));
  }
  // The field that names a new session, behind which its first request was answered.
  std::string opened(const std::string& more = "") {
    const std::size_t before = behind.size();
    http::RawClient client = post(opening_request, more);
    EXPECT_TRUE(loop.run_until([&] { return behind.size() > before; }));
    behind.back()->client->send(result_line("1", "{}"), "1");
    EXPECT_TRUE(client.sees(R"("result":{}})"));
    constexpr std::string_view field = "mcp-session-id: ";
    const std::size_t at = client.got().find(field);
    return at == std::string::npos ? "" : client.got().substr(at, field.size() + 32) + "\r\n";
  }
  void hears(const Kind& one, std::size_t messages) {
    EXPECT_TRUE(loop.run_until([&] { return one.heard.size() >= messages; }));
  }

  net::Loop loop;
  std::vector<Kind*> behind;
  std::vector<std::string> refused;
  std::string closed;  // a run that is over
  std::shared_ptr<bool> stands = std::make_shared<bool>(true);
  HttpDoor door;
  http::Server server;
  std::uint16_t port = 0;
};

}  // namespace pawl::mcp
